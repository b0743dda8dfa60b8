"""A first look at a checkpoint without the engine: the rest of a line at random columns, by language, with 95 % intervals.

    evaluate.py [CHECKPOINT] [--holes N] [--language rust|python] [--split development|test]

Reports exact match with and without token healing beside copying from the most similar line of the same file. What the product
does is measured by `hob eval` (unpack.py writes the files for it). Must not: touch a training file, or be used on the test split to
choose anything.
"""

import argparse, math

import numpy as np
import torch

from corpus import HELD_OUT, load
from decode import Completer
from model import Ember, Shape
from sources import CACHE
from tokenizer import load_tokenizer
from train import measure
from holes import Rows


def holes(language, part, count, seed=11):
    """Random columns in random lines with something to say, spread over all files of a language and split."""
    rng = np.random.default_rng(seed)
    files = [f["text"].split("\n") for f in load((part,)) if f["language"] == language]
    files = [lines for lines in files if len(lines) > 30]
    while count:
        lines = files[int(rng.integers(len(files)))]
        n = int(rng.integers(5, len(lines) - 3))
        line = lines[n]
        indent = len(line) - len(line.lstrip())
        if len(line.strip()) < 8:
            continue
        count -= 1
        yield lines, n, int(rng.integers(indent, len(line) - 1))


def copy_baseline(lines, n, column):
    """The rest of the line elsewhere in the file that shares the longest text before the cursor; no model at all."""
    typed, best, length = lines[n][:column].lstrip(), "", 2
    for k, line in enumerate(lines):
        for size in range(len(typed), length, -1) if k != n else ():
            at = line.find(typed[-size:])
            if at >= 0:
                best, length = line[at + size :], size
                break
    return best


def interval(hits, n):
    """Wilson's 95 % interval, in per cent."""
    z, p = 1.96, hits / n
    middle, spread = p + z * z / (2 * n), z * math.sqrt(p * (1 - p) / n + z * z / (4 * n * n))
    return tuple(round(100 * max(x, 0) / (1 + z * z / n), 1) for x in (middle - spread, middle + spread))


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("checkpoint", nargs="?", default=CACHE / "run" / "final.pt")
    parser.add_argument("--holes", type=int, default=200, help="for each language")
    parser.add_argument("--language", action="append", choices=("rust", "python"))
    parser.add_argument("--split", choices=HELD_OUT, default="development")
    args = parser.parse_args()
    torch.set_num_threads(1)
    saved = torch.load(args.checkpoint, weights_only=True)
    model, context = Ember(Shape(**saved["shape"]), saved["weights"].float()), saved.get("context") or 512
    whole, answers = measure(model, Rows((args.split,), saved.get("layout", "anchored")), context)
    print(f"step {saved['step']}, {saved['tokens'] / 1e6:.1f} M tokens: {whole:.3f} nats a token, {answers:.3f} in answers ({args.split})")
    completer = Completer(model, load_tokenizer(), context)
    for language in args.language or ("rust", "python"):
        scores = {"healing": 0, "healing, empty": 0, "plain": 0, "copy": 0}
        for n, (lines, at, column) in enumerate(holes(language, args.split, args.holes), 1):
            before, after = "".join(line + "\n" for line in lines[:at]), "\n" + "\n".join(lines[at + 1 :])
            typed, truth = lines[at][:column], lines[at][column:].rstrip()
            made = completer.rest_of_line(before, typed, after).rstrip()
            scores["healing"] += made == truth
            scores["healing, empty"] += not made
            scores["plain"] += completer.rest_of_line(before, typed, after, healing=False).rstrip() == truth
            scores["copy"] += copy_baseline(lines, at, column).rstrip() == truth
            if n % 50 == 0:
                print(f"\r{language} {n}/{args.holes}", end="", flush=True)
        print("\r" + "; ".join(f"{language} {name}: {100 * hits / args.holes:.1f} % {interval(hits, args.holes)}"
                               for name, hits in scores.items()) + f"  n = {args.holes}")


if __name__ == "__main__":
    main()
