#!/usr/bin/env python3
"""A million lines indexed by Hob and by universal-ctags, in turns, in one run.

    index.py --hob target/release/hob                       a million lines, three rounds
    index.py --hob target/release/hob --lines 100000 --rounds 1 --json out.json

Each round reads the whole tree once with each of them, Hob into an empty cache; before the first round it is read once, so that it lies in the
page cache. ctags writes definitions (names, kinds, scopes, signatures) to a file, on one core, and nothing else: no words, no text, no imports.
universal-ctags is installed, with apt-get, where it is missing. Python 3.11, nothing else.

Must not measure two things at once, nor touch the user's own cache.
"""

import argparse, json, os, resource, shutil, statistics, subprocess, sys, tempfile, time
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]


def ctags():
    """The command; installed where it is missing, or somebody else's ctags is in its place."""
    def is_universal():
        found = shutil.which("ctags")
        return found and "Universal Ctags" in subprocess.run([found, "--version"], capture_output=True, text=True).stdout
    if not is_universal():
        subprocess.run(["apt-get", "install", "-q", "-y", "--no-install-recommends", "universal-ctags"], check=True, stdout=sys.stderr)
    return "ctags" if is_universal() else sys.exit("universal-ctags can't be installed here; install it by hand")


def measured(command, **options):
    """Runs a command: its output, wall seconds, processor seconds, and the most memory it had, in bytes."""
    before, begun = resource.getrusage(resource.RUSAGE_CHILDREN), time.monotonic()
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, **options) as process:
        output = process.stdout.read()
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    wall = time.monotonic() - begun
    if process.returncode:
        sys.exit(f"{command[0]} ended with {process.returncode}")
    return output, {"wall_s": wall, "cpu_s": usage.ru_utime + usage.ru_stime, "peak_bytes": usage.ru_maxrss * 1024}


def run_hob(hob, tree, scratch):
    cache = scratch / "cache"
    shutil.rmtree(cache, ignore_errors=True)
    environment = os.environ | {"XDG_CACHE_HOME": str(cache), "XDG_CONFIG_HOME": str(scratch / "config"), "XDG_STATE_HOME": str(scratch / "state")}
    output, cost = measured([hob, "index", tree, "--json"], env=environment)
    output_again, again = measured([hob, "index", tree, "--json"], env=environment)
    told = json.loads(output)
    return cost | {"lines": told["lines"], "files": told["files"], "symbols": told["symbols"], "cache_bytes": told["cache_bytes"],
                   "words_s": (told["looking_ms"] + told["reading_ms"]) / 1000, "skipped": told["skipped"],
                   "again_s": again["wall_s"], "again_read": json.loads(output_again)["read"]}


def run_ctags(command, tree, scratch):
    tags = scratch / "tags"
    _, cost = measured([command, "-R", "--languages=Rust,Python,C,C++,JavaScript,TypeScript,Go,Java,Ruby,Sh", "--fields=+nKsS", "-f", str(tags), str(tree)],
                       stderr=subprocess.DEVNULL)
    with tags.open(errors="replace") as lines:
        cost["symbols"] = sum(not line.startswith("!_") for line in lines)
    return cost


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--hob", default=ROOT / "target" / "release" / "hob", help="the binary")
    parser.add_argument("--lines", type=int, default=1_000_000, help="lines of code in the tree")
    parser.add_argument("--tree", type=Path, help="an existing folder instead of one made of cargo's registry")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--json", type=Path, help="also every round's figures")
    arguments = parser.parse_args()
    tree = arguments.tree or ROOT / "target" / "index" / ("million" if arguments.lines == 1_000_000 else str(arguments.lines))
    if not arguments.tree:
        subprocess.run([HERE / "tree.py", "--lines", str(arguments.lines), "--out", tree], check=True)
    command = ctags()
    for file in tree.rglob("*"):
        if file.is_file() and not file.is_symlink():
            file.read_bytes()

    rounds = {"hob index": [], "ctags": []}
    with tempfile.TemporaryDirectory() as scratch:
        for _ in range(arguments.rounds):
            rounds["hob index"].append(run_hob(arguments.hob, tree, Path(scratch)))
            rounds["ctags"].append(run_ctags(command, tree, Path(scratch)))
    if arguments.json:
        arguments.json.write_text(json.dumps(rounds, indent=1))

    lines = rounds["hob index"][0]["lines"]
    print(f"{tree.name}: {rounds['hob index'][0]['files']} files, {lines} lines of text; left out: {rounds['hob index'][0]['skipped']}\n")
    print("| what | wall s | processor s | lines/s | lines/s a core | peak MB | definitions |\n|---|--:|--:|--:|--:|--:|--:|")
    for name, all in rounds.items():
        wall, cpu, peak = (statistics.median(run[key] for run in all) for key in ("wall_s", "cpu_s", "peak_bytes"))
        print(f"| {name} | {wall:.2f} | {cpu:.2f} | {lines / wall:,.0f} | {lines / cpu:,.0f} | {peak / 1e6:.0f} | {all[0]['symbols']:,} |")
    hob = rounds["hob index"]
    words, again = statistics.median(run["words_s"] for run in hob), statistics.median(run["again_s"] for run in hob)
    print(f"\nhob: every word can be searched after {words:.2f} s ({lines / words:,.0f} lines/s); the cache has {hob[0]['cache_bytes'] / 1e6:.0f} MB; "
          f"a second run reads {hob[-1]['again_read']} files and takes {again:.2f} s.")


if __name__ == "__main__":
    main()
