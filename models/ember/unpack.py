"""Writes the held-out packages as folders of files, so that `hob eval PATH` can be run on them.

    unpack.py        CACHE/eval/{development,test}/{rust,python}/PACKAGE/PATH

Only what the corpus kept: a generated file or a table is no more a fair question than it was a lesson. Must not: write a training
file, or leave a file there that is no longer held out.
"""

import shutil

from corpus import HELD_OUT, load
from sources import CACHE

EVAL = CACHE / "eval"


def unpack(cache=CACHE, to=EVAL):
    shutil.rmtree(to, ignore_errors=True)
    for part in HELD_OUT:
        for file in load((part,), cache):
            path = to / part / file["language"] / file["package"] / file["path"]
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(file["text"], encoding="utf-8")


if __name__ == "__main__":
    unpack()
    for folder in sorted(EVAL.glob("*/*")):
        sizes = [path.stat().st_size for path in folder.rglob("*") if path.is_file()]
        print(f"{folder}: {len(sizes)} files, {sum(sizes) / 1e6:.2f} MB")
