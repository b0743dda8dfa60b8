"""How often a line is right that the engine is so sure of: fits what choices.toml holds as [confidence].

    hob eval CACHE/eval/development --holes 2000 --rows rows.jsonl && calibrate.py rows.jsonl

The rows must come from development packages and from a model file without a calibration, or with the one given as --from SLOPE
OFFSET. Prints the two lines for choices.toml; export.py writes them into the model file. Must not: see a test package.
"""

import argparse, json, math


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


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("rows")
    parser.add_argument("--from", nargs=2, type=float, default=(1.0, 0.0), dest="before", metavar=("SLOPE", "OFFSET"))
    args = parser.parse_args()
    rows = [json.loads(line) for line in open(args.rows)]
    if any("/test/" in row["path"] for row in rows):
        raise SystemExit("these rows are from test packages")
    slope, offset = args.before
    points = [((odds(row["confidence"]) - offset) / slope, row["exact"]) for row in rows if row["answer"]]
    slope, offset = fit(points)
    print(f"[confidence]\nslope = {slope:.3f}\noffset = {offset:.3f}\n# {len(points)} answers")


if __name__ == "__main__":
    main()
