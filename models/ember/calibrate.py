"""How often a line is right that the engine is so sure of: fits what choices.toml holds as [confidence].

    hob eval CACHE/eval/development --holes 2000 --rows rows.jsonl && calibrate.py rows.jsonl

"Right" is the first line, as confidence is the first line's. The rows must come from development packages and from a model file without a
calibration, or with the one given as --from SLOPE OFFSET. Prints the lines for choices.toml, with the step of the weights that --of
names (run/final.pt); export.py writes them into the file of those weights and no others. Then what each threshold would show, by which
the default of completion.min_confidence was chosen. Must not: see a test package.
"""

import argparse, json, math

import torch

from corpus import split
from sources import CACHE

LANGUAGES = ("rust", "python")


def odds(p):
    p = min(max(p, 1e-9), 1 - 1e-9)
    return math.log(p / (1 - p))


def fit(points, steps=50):
    """Slope and offset of a logistic regression on (log-odds, right?), by Newton's method."""
    slope, offset = 1.0, 0.0
    for _ in range(steps):
        gradient, curvature = [1e-3 * (slope - 1), 1e-3 * offset], [[1e-3, 0.0], [0.0, 1e-3]]
        for x, right in points:
            p = 1 / (1 + math.exp(-max(-30, min(30, slope * x + offset))))
            for i, u in enumerate((x, 1)):
                gradient[i] += (p - right) * u
                for j, v in enumerate((x, 1)):
                    curvature[i][j] += p * (1 - p) * u * v
        (a, b), (_, d) = curvature
        determinant = a * d - b * b
        slope -= (d * gradient[0] - b * gradient[1]) / determinant
        offset -= (a * gradient[1] - b * gradient[0]) / determinant
    return slope, offset


def points(rows, slope=1.0, offset=0.0):
    """(log-odds as the model itself had them, the row) of each answer, where what was stated went through this calibration."""
    for row in rows:
        parts = row["path"].split("/", 2)
        if len(parts) < 3 or parts[0] not in LANGUAGES or split(*parts) != "development":
            raise SystemExit(f"{row['path']} is no LANGUAGE/PACKAGE/PATH of a development package")
    return [((odds(row["confidence"]) - offset) / slope, row) for row in rows if row["answer"]]


def thresholds(rows, answers, slope, offset):
    """What completion.min_confidence would show, in fives, by language: a line of text each."""
    chance = lambda x: 1 / (1 + math.exp(-(slope * x + offset)))
    for percent in range(0, 100, 5):
        told = []
        for language in LANGUAGES:
            holes = sum(row["language"] == language for row in rows)
            shown = [row for x, row in answers if row["language"] == language and 100 * chance(x) >= percent]
            of = lambda key, wanted: 100 * sum(row[key] == wanted for row in shown) / max(1, len(shown))
            told.append(f"{language}: {100 * len(shown) / max(1, holes):.1f} % shown, of those {of('exact', True):.1f} % exact and "
                        f"{of('parse_ok', False):.1f} % with a new syntax error")
        yield f"{percent:3} %  " + "; ".join(told)


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("rows")
    parser.add_argument("--of", default=CACHE / "run" / "final.pt", help="the checkpoint that was exported and asked")
    parser.add_argument("--from", nargs=2, type=float, default=(1.0, 0.0), dest="before", metavar=("SLOPE", "OFFSET"))
    args = parser.parse_args()
    rows = [json.loads(line) for line in open(args.rows)]
    answers = points(rows, *args.before)
    slope, offset = fit([(x, row["first_line"]) for x, row in answers])
    step = torch.load(args.of, weights_only=True, mmap=True)["step"]
    print(f"[confidence]\n# Of {len(answers)} answers on development packages.\nstep = {step}\nslope = {slope:.3f}\noffset = {offset:.3f}\n")
    print(*thresholds(rows, answers, slope, offset), sep="\n")


if __name__ == "__main__":
    main()
