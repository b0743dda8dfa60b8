#!/usr/bin/env python3
"""Makes a project of a given size out of the sources in cargo's registry: what `hob index` is measured on.

    tree.py --lines 1000000 --out target/index/million

Whole crates, in the order of their names, until their Rust and Python files have that many lines; their other files come along, as in any
project. The same registry gives the same tree, and a tree that is there already is left as it is. Python 3.11, nothing else.

Must not fetch anything, and must not change anything but `--out`.
"""

import argparse, os, shutil, sys
from pathlib import Path

CODE = {".rs", ".py", ".pyi"}


def registry():
    """The folders that hold unpacked crates, one for each registry."""
    home = Path(os.environ.get("CARGO_HOME", Path.home() / ".cargo"))
    return sorted((home / "registry" / "src").glob("*"))


def lines(crate):
    """How many lines of code a crate has."""
    return sum(file.read_bytes().count(b"\n") for file in crate.rglob("*") if file.suffix in CODE and file.is_file())


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--lines", type=int, default=1_000_000, help="lines of code")
    parser.add_argument("--out", type=Path, required=True, help="the folder to make")
    arguments = parser.parse_args()
    if arguments.out.exists():
        return print(f"{arguments.out} is there already", file=sys.stderr)

    unfinished = arguments.out.with_name(arguments.out.name + ".unfinished")
    shutil.rmtree(unfinished, ignore_errors=True)
    total = 0
    for crate in sorted((crate for folder in registry() for crate in folder.iterdir()), key=lambda crate: crate.name):
        count = lines(crate)
        # A crate of tens of thousands of lines is a table of system calls: no project is made of those.
        if count > 60_000:
            continue
        shutil.copytree(crate, unfinished / crate.name, symlinks=True, dirs_exist_ok=True)
        total += count
        if total >= arguments.lines:
            break
    else:
        sys.exit(f"the registry holds {total} lines only: build something larger first, or ask for fewer by --lines")
    unfinished.rename(arguments.out)
    print(f"{arguments.out}: {total} lines of code", file=sys.stderr)


if __name__ == "__main__":
    main()
