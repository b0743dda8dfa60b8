"""Trains Ember on CPU cores: a constant phase that may be stopped at any time, then a decay phase that ends the run.

    train.py --tokens 12 --minutes 60      go on with the constant phase (latest.pt) up to 12 million tokens, at most this long
    train.py --decay-steps 300             branch off latest.pt and bring the learning rate to zero (final.decay.pt, then final.pt)
    train.py --decay-steps 300 --by 09:40  the same, but fall fast enough to be at zero by that hour
    train.py --decay-steps 200 --branch control --layout plain [--from CHECKPOINT]
                                           another branch (control.decay.pt, control.pt): two from one base with equal steps are an A/B test

Each worker process owns one core and takes micro-batches from a shared counter, so that a core which somebody else is using
only slows its share. Weights, gradients and optimizer state are flat vectors in shared memory. Muon moves the matrices, AdamW
the rest. Every micro-batch is made from its number: a resumed run sees the rows it would have seen, and two branches see the same
files. Checkpoints are written every few minutes and renamed into place. The learning curve is measured on rows of all held-out
packages, development and test: it is logged and nothing is chosen by it. Must not: look at held-out files but for that.
"""

import argparse, os, signal, sys, threading, time
from dataclasses import asdict
from pathlib import Path

import torch
import torch.multiprocessing as processes

from corpus import HELD_OUT
from holes import LAYOUTS, RULES, Rows
from model import Ember, Shape, initialise, views
from progress import Progress
from sources import CACHE

MICRO, MICROS = 1024, 8                 # tokens in a micro-batch, micro-batches in a step
WARM_UP, MUON, ADAM, DECAY_WEIGHTS, MOMENTUM, BETAS = 100, 0.02, 3e-3, 0.01, 0.95, (0.9, 0.95)
SMALLEST_RATE = 0.001                   # of a decay phase's last step
ANSWER_WEIGHT = 2.0                     # an answer's token counts as much as this many others
RUN = CACHE / "run"


def orthogonal(g, steps=5):
    """The nearest matrix with singular values about one, by Newton and Schulz's iteration (the coefficients are Muon's)."""
    a, b, c = 3.4445, -4.7750, 2.0315
    x = g.T if g.shape[0] > g.shape[1] else g
    x = x / (x.norm() + 1e-7)
    for _ in range(steps):
        gram = x @ x.T
        x = a * x + torch.addmm(gram, gram, gram, beta=b, alpha=c) @ x
    return x.T if g.shape[0] > g.shape[1] else x


class State:
    """Everything that lives between steps: weights, one gradient for each worker, optimizer state. On a CPU, in shared memory."""

    def __init__(self, shape, workers, device="cpu"):
        n, m = shape.size(), shape.matrices_size()
        share = lambda size: torch.zeros(size).share_memory_() if device == "cpu" else torch.zeros(size, device=device)
        self.shape, self.weights, self.momentum, self.square = shape, share(n), share(n), share(n - m)
        self.gradients = [share(n) for _ in range(workers)]
        self.progress = {"step": 0, "tokens": 0, "seconds": 0.0, "context": 0, "layout": "anchored", "log": []}
        initialise(shape, self.weights)

    def save(self, path):
        temporary = path.with_suffix(".tmp")
        vectors = {name: getattr(self, name).cpu() for name in ("weights", "momentum", "square")}
        torch.save({"shape": asdict(self.shape), **vectors, **self.progress}, temporary)
        os.replace(temporary, path)

    def load(self, path):
        saved = torch.load(path, weights_only=True)
        if saved["shape"] != asdict(self.shape):
            sys.exit(f"{path} holds a network of another shape: {saved['shape']}")
        for name in ("weights", "momentum", "square"):
            getattr(self, name).copy_(saved[name])
        self.progress |= {name: saved[name] for name in (*self.progress, "decay_from", "fallen") if name in saved}
        return self


def weighting(mask):
    """How much each token counts, 1 in all."""
    weight = 1 + (ANSWER_WEIGHT - 1) * torch.from_numpy(mask[:, 1:]).float()
    return weight / weight.sum()


def update(state, rank, workers, rate, step):
    """One optimizer step on this worker's share of the tensors; gradients were summed into the first vector."""
    gradient = state.gradients[0]
    gradient_of, weights, momentum = (views(state.shape, v) for v in (gradient, state.weights, state.momentum))
    scale = min(1.0, 1.0 / (gradient.norm().item() + 1e-6))
    for n, (name, rows, columns) in enumerate(state.shape.matrices()):
        if n % workers != rank:
            continue
        g, m = gradient_of[name], momentum[name]
        m.lerp_(g, 1 - MOMENTUM)
        direction = orthogonal(g.lerp(m, MOMENTUM))
        weights[name].mul_(1 - MUON * rate * DECAY_WEIGHTS).add_(direction, alpha=-MUON * rate * max(1, rows / columns) ** 0.5)
    if rank == workers - 1:
        at = state.shape.matrices_size()
        g, first, second = gradient[at:] * scale, state.momentum[at:], state.square
        first.lerp_(g, 1 - BETAS[0])
        second.lerp_(g * g, 1 - BETAS[1])
        corrected = first / (1 - BETAS[0] ** step)
        state.weights[at:].addcdiv_(corrected, (second / (1 - BETAS[1] ** step)).sqrt() + 1e-8, value=-ADAM * rate)


@torch.no_grad()
def measure(model, rows, context, count=40):
    """Mean nats a token on fixed rows of held-out packages: all tokens, and answers only."""
    whole, answers = [], []
    for at in range(0, count, 2):
        ids, mask = rows.batch([[1_000_003, at], [1_000_003, at + 1]], context + 1)
        loss = model.losses(torch.from_numpy(ids).to(model.w["embedding"].device)).cpu()
        whole.append(loss.flatten())
        answers.append(loss[torch.from_numpy(mask[:, 1:])])
    return torch.cat(whole).mean().item(), torch.cat(answers).mean().item()


def work(rank, workers, state, rows, context, shared, schedule, on_step):
    """One worker: the loop over steps. Only the first one reports, measures and writes."""
    torch.set_num_threads(1)
    model = Ember(state.shape, state.weights, state.gradients[rank])
    many = MICRO // context
    counter, barrier, rate, step, losses = shared
    while True:
        if rank == 0:
            step.value, counter.value = step.value + 1, 0
            rate.value = schedule(step.value)
        barrier.wait()
        if rate.value < 0:
            return
        state.gradients[rank].zero_()
        losses[rank] = 0.0
        while True:
            with counter.get_lock():
                mine, counter.value = counter.value, counter.value + 1
            if mine >= MICROS:
                break
            ids, mask = rows.batch([[step.value, mine * many + k] for k in range(many)], context + 1)
            loss, plain = model.weighted_loss(torch.from_numpy(ids), weighting(mask) / MICROS)
            loss.backward()
            losses[rank] += plain.item() / MICROS
        barrier.wait()
        if rank == 0:
            for other in state.gradients[1:]:
                state.gradients[0].add_(other)
        barrier.wait()
        update(state, rank, workers, rate.value, step.value)
        barrier.wait()
        if rank == 0:
            on_step(model, step.value, sum(losses), rate.value)


def asked_to_stop():
    """A list that is no longer empty once somebody has asked this process to end: finish the step, write, leave."""
    asked = []
    for sign in (signal.SIGINT, signal.SIGTERM):
        signal.signal(sign, lambda *_: asked.append(True))
    return asked


def leave_with_parent():
    parent = os.getppid()
    while os.getppid() == parent:
        time.sleep(2)
    os._exit(1)


def hour(text):
    """The next moment at which the clock shows HH:MM."""
    now = time.localtime()
    h, m = map(int, text.split(":"))
    at = time.mktime((*now[:3], h, m, 0, 0, 0, -1))
    return at if at > time.time() else at + 86400


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--tokens", type=float, default=1e9, help="million tokens in all, for the constant phase")
    parser.add_argument("--minutes", type=float, default=1e9)
    parser.add_argument("--decay-steps", type=int, default=0)
    parser.add_argument("--by", help="HH:MM: be done by then")
    parser.add_argument("--branch", default="final", help="the name of what a decay phase writes")
    parser.add_argument("--from", dest="base", type=Path, default=RUN / "latest.pt", help="what a decay phase starts from")
    parser.add_argument("--layout", choices=LAYOUTS, default="anchored", help="of a decay phase's rows")
    parser.add_argument("--context", type=int, default=512)
    parser.add_argument("--workers", type=int, default=min(2, os.cpu_count()))
    parser.add_argument("--measure-every", type=int, default=100)
    args = parser.parse_args()
    RUN.mkdir(parents=True, exist_ok=True)
    (RUN / "pid").write_text(str(os.getpid()))
    torch.set_num_threads(1)
    started = time.time()
    deadline = min(started + args.minutes * 60, hour(args.by) if args.by else float("inf"))
    state, everything = State(Shape(), args.workers), args.tokens * 1e6
    decaying, latest, half_done = args.decay_steps > 0, RUN / "latest.pt", RUN / f"{args.branch}.decay.pt"
    mine = half_done if decaying else latest
    progress = state.progress
    if mine.exists():
        state.load(mine)
        if args.layout != progress["layout"]:
            sys.exit(f"{mine.name} was trained on {progress['layout']} rows: ask for that layout, remove it, or name another branch")
    elif decaying:
        state.load(args.base)
        if "decay_from" in progress:
            sys.exit(f"{args.base.name} has decayed already: a branch starts from the end of a constant phase")
        progress.update(decay_from=progress["step"], layout=args.layout)
    elif args.layout != progress["layout"]:
        sys.exit("the constant phase is trained on anchored rows")
    seconds = progress["seconds"]
    begin, fallen = progress.get("decay_from", 0), progress.get("fallen", 0.0)
    last_save, stopped = [time.time()], asked_to_stop()

    def schedule(step):
        """The share of the full learning rate; negative: stop."""
        done = time.time() >= deadline
        if stopped:
            return -1
        if not decaying:
            return -1 if done or progress["tokens"] >= everything else min(1.0, step / WARM_UP)
        share = (step - begin) / args.decay_steps
        if deadline < float("inf"):
            share = max(share, fallen + (1 - fallen) * (time.time() - started) / (deadline - started))
        progress["fallen"] = share
        return -1 if share > 1 else max(1 - share, SMALLEST_RATE)

    def on_step(model, step, loss, rate):
        progress.update(step=step, tokens=progress["tokens"] + MICRO * MICROS, seconds=seconds + time.time() - started,
                        context=max(args.context, progress["context"]))
        said.step(step, progress["tokens"], loss, rate)
        if step % args.measure_every == 0 or rate <= SMALLEST_RATE:
            whole, answers = measure(model, held_out, args.context)
            progress["log"].append([step, progress["tokens"], round(loss, 4), round(whole, 4), round(answers, 4)])
            said.measured(step=step, tokens=progress["tokens"], rate=rate, train=loss, held_out=whole, answers=answers,
                          seconds=progress["seconds"], context=args.context, rules=RULES, layout=args.layout,
                          branch=args.branch if decaying else None)
        if time.time() - last_save[0] > 150:
            state.save(mine)
            last_save[0] = time.time()

    rows, held_out, tokens_before = Rows(layout=args.layout), Rows(HELD_OUT, args.layout), progress["tokens"]
    left = (begin + args.decay_steps - progress["step"]) * MICRO * MICROS
    total = tokens_before + left if decaying else everything if everything < 1e12 else None
    said = Progress(RUN / "log.jsonl", tokens_before, total)
    many = processes.get_context("fork")
    shared = (many.Value("i", 0), many.Barrier(args.workers), many.Value("d", 0.0), many.Value("i", progress["step"]),
              many.Array("d", args.workers))

    def helper(rank):
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        threading.Thread(target=leave_with_parent, daemon=True).start()
        work(rank, args.workers, state, rows, args.context, shared, None, None)

    others = [many.Process(target=helper, args=(rank,)) for rank in range(1, args.workers)]
    for other in others:
        other.start()
    work(0, args.workers, state, rows, args.context, shared, schedule, on_step)
    for other in others:
        other.join()
    said.close()
    moved = progress["tokens"] > tokens_before
    if stopped:
        if moved or decaying:
            state.save(mine)
        sys.exit(f"stopped at step {progress['step']}; call again to go on")
    if moved or decaying:
        state.save(RUN / f"{args.branch}.pt" if decaying else latest)
        half_done.unlink(missing_ok=True)       # finished, or older than what the constant phase has now
    print("done", progress["step"])


if __name__ == "__main__":
    main()
