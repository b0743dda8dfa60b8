"""Trains a larger Ember on one GPU, nine minutes at a time, and writes it as Q8_0 in parts that can be carried home.

    gpu.py --packed FOLDER --out FOLDER [--shape large] [--steps 8000] [--minutes 9]

Call it again with the same words until it says `done`. It goes on from its own checkpoint, or, where that is gone, from the parts
of kept.pt in --out. Rows, optimizer and network are train.py's; new here are bf16, compilation, large batches made by
other processes, and one schedule over a known number of steps: warm-up, constant, and a decay over the last part. The learning curve
is measured on development packages: the packed corpus has no others. Must not: read a test file, or need a GPU for its own test
(`--device cpu --shape tiny --steps 2`).
"""

import argparse, os, sys, time
from pathlib import Path

import torch
from torch.utils.data import DataLoader, Dataset

import keep
from export import export
from holes import RULES, Rows
from model import Ember, Shape
from pack import join, split, unpack_corpus
from progress import Progress
from sources import CACHE
from train import SMALLEST_RATE, WARM_UP, State, asked_to_stop, measure, update, weighting

SHAPES = {"tiny": "2x128", "ember": "4x256", "large": "12x512"}
DECAY = 0.3                         # the last part of all steps, in which the rate falls to zero
SAVE_EVERY = 120                    # seconds


def shape_of(text):
    """A Shape with Ember's proportions: heads of 64, half as many for keys and values, a hidden layer of 2.5 widths."""
    layers, width = map(int, SHAPES.get(text, text).split("x"))
    return Shape(layers=layers, width=width, heads=width // 64, kv_heads=width // 128, hidden=width * 5 // 2)


class Batches(Dataset):
    """The rows of each step by its number."""

    def __init__(self, rows, many, context):
        self.rows, self.many, self.context = rows, many, context

    def __getitem__(self, step):
        ids, mask = self.rows.batch([[step, n] for n in range(self.many)], self.context + 1)
        return torch.from_numpy(ids), weighting(mask)


def rate_at(step, steps):
    return min(1.0, step / WARM_UP, max((steps - step) / (DECAY * steps), SMALLEST_RATE))


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--packed", type=Path, help="where pack.py's corpus lies; not needed where CACHE has one")
    parser.add_argument("--out", type=Path, required=True, help="for the parts of the checkpoint and of the model")
    parser.add_argument("--shape", default="large", help="tiny, ember, large or LAYERSxWIDTH (a multiple of 128)")
    parser.add_argument("--steps", type=int, default=8000)
    parser.add_argument("--minutes", type=float, default=9)
    parser.add_argument("--context", type=int, default=512)
    parser.add_argument("--rows", type=int, default=128, help="in a step")
    parser.add_argument("--device", choices=("cuda", "cpu"), default="cuda")
    parser.add_argument("--workers", type=int, default=max(1, (os.cpu_count() or 2) - 2), help="processes that make rows")
    parser.add_argument("--measure-every", type=int, default=500)
    args = parser.parse_args()
    deadline, stopped = time.time() + args.minutes * 60, asked_to_stop()
    if args.packed and not (CACHE / "corpus.json").exists():
        unpack_corpus(args.packed)
    shape = shape_of(args.shape)
    run = CACHE / f"gpu-{shape.layers}x{shape.width}"
    latest, kept = run / "latest.pt", args.out / "kept.pt"
    for folder in (run, args.out):
        folder.mkdir(parents=True, exist_ok=True)
    if not latest.exists():
        join(kept)
        keep.unpack(latest, kept)

    state = State(shape, 1, args.device)
    if latest.exists():
        state.load(latest)
    progress, seconds, started, saved = state.progress, state.progress["seconds"], time.time(), time.time()
    batches = DataLoader(Batches(Rows(), args.rows, args.context), batch_size=None, num_workers=args.workers,
                         sampler=range(progress["step"] + 1, args.steps + 1), pin_memory=args.device == "cuda",
                         multiprocessing_context="fork" if args.workers else None)
    development, model = Rows(("development",)), Ember(shape, state.weights, state.gradients[0])

    def loss_of(ids, weight):
        with torch.autocast(args.device, dtype=torch.bfloat16):
            losses = model.losses(ids)
        return (losses.float() * weight).sum(), losses.mean()

    if args.device == "cuda":
        torch.set_float32_matmul_precision("high")
        loss_of = torch.compile(loss_of)
    every_step = args.rows * args.context
    said = Progress(run / "log.jsonl", progress["tokens"], progress["tokens"] + (args.steps - progress["step"]) * every_step)
    for step, (ids, weight) in enumerate(batches, progress["step"] + 1):
        rate = rate_at(step, args.steps)
        state.gradients[0].zero_()
        loss, plain = loss_of(ids.to(args.device, non_blocking=True), weight.to(args.device, non_blocking=True))
        loss.backward()
        update(state, 0, 1, rate, step)
        progress.update(step=step, tokens=progress["tokens"] + every_step, seconds=seconds + time.time() - started, context=args.context)
        if step % 10 == 0 or step == args.steps:        # asking for the loss waits for the device
            said.step(step, progress["tokens"], plain.item(), rate)
        if step % args.measure_every == 0 or step == args.steps:
            whole, answers = measure(model, development, args.context)
            said.measured(step=step, tokens=progress["tokens"], rate=rate, train=plain.item(), held_out=whole, answers=answers,
                          seconds=progress["seconds"], context=args.context, rules=RULES, shape=args.shape)
        if time.time() - saved > SAVE_EVERY:
            state.save(latest)
            saved = time.time()
        if stopped or time.time() > deadline:
            break
    said.close()
    state.save(latest)
    keep.pack(latest, kept)
    split(kept)
    if progress["step"] < args.steps:
        sys.exit(f"stopped at step {progress['step']} of {args.steps}; call again to go on")
    export(latest, args.out / "ember.gguf")
    split(args.out / "ember.gguf")
    print("done", progress["step"])


if __name__ == "__main__":
    main()
