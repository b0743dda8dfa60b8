"""A checkpoint small enough to keep in the repository, and back: the end of the constant phase, to go on from.

    keep.py pack     run/latest.pt -> checkpoint.pt beside this file (weights bf16, momentum int8 by row, squares bf16)
    keep.py unpack   checkpoint.pt -> run/latest.pt, where none is there yet

Must not: keep a decayed state (training cannot go on well from one; its weights are what the GGUF holds).
"""

import os, sys

import torch

from sources import CACHE, HERE

KEPT, LATEST = HERE / "checkpoint.pt", CACHE / "run" / "latest.pt"
BLOCK = 32                          # every row of every matrix is a whole number of blocks


def pack(latest=LATEST, kept=KEPT):
    saved = torch.load(latest, weights_only=True)
    if "decay_from" in saved:
        sys.exit("a decayed state is not kept")
    momentum = saved.pop("momentum").view(-1, BLOCK)
    scale = momentum.abs().amax(1, keepdim=True) / 127
    saved["momentum_int8"] = (momentum / scale.clamp(min=1e-30)).round().to(torch.int8)
    saved["momentum_scale"] = scale.to(torch.bfloat16)
    for name in ("weights", "square"):
        saved[name] = saved[name].to(torch.bfloat16)
    torch.save(saved, kept.with_suffix(".tmp"))
    os.replace(kept.with_suffix(".tmp"), kept)
    print(f"{kept.name}: {kept.stat().st_size / 1e6:.1f} MB, step {saved['step']}")


def unpack(latest=LATEST, kept=KEPT):
    if latest.exists() or not kept.exists():
        return
    saved = torch.load(kept, weights_only=True)
    saved["momentum"] = (saved.pop("momentum_int8").float() * saved.pop("momentum_scale").float()).flatten()
    for name in ("weights", "square"):
        saved[name] = saved[name].float()
    latest.parent.mkdir(parents=True, exist_ok=True)
    torch.save(saved, latest.with_suffix(".tmp"))
    os.replace(latest.with_suffix(".tmp"), latest)
    print(f"going on from the kept checkpoint, step {saved['step']}")


if __name__ == "__main__":
    {"pack": pack, "unpack": unpack}[sys.argv[1]]()
