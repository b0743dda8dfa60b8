"""Which source archives Ember learns from: names, licences and hashes.

    sources.py lock LOCKFILE... [--wheels DIR]   write corpus.toml from Cargo.lock files and a folder of wheels
    sources.py fetch                             bring every archive that corpus.toml names, and check its hash

`lock` decides once and its result is committed; training only ever reads what corpus.toml pins. A source whose licence
is not on the permissive list is refused here, so no later step needs to ask. Must not: read source text (corpus.py),
or accept a licence that it could not parse.
"""

import argparse, hashlib, os, re, subprocess, sys, sysconfig, tarfile, tomllib, zipfile
from email.parser import Parser
from pathlib import Path

HERE = Path(__file__).resolve().parent
CACHE = Path(os.environ.get("EMBER_CACHE") or HERE.parents[1] / "target" / "ember")
MANIFEST = HERE / "corpus.toml"
CHOICES = tomllib.loads((HERE / "choices.toml").read_text())

PERMISSIVE = {"MIT", "MIT-0", "Apache-2.0", "BSD-2-Clause", "BSD-3-Clause", "ISC", "Zlib", "0BSD", "Unlicense", "CC0-1.0",
              "BSL-1.0", "PSF-2.0", "Apache-2.0 WITH LLVM-exception"}
CLASSIFIERS = {"MIT License": "MIT", "BSD License": "BSD-3-Clause", "Apache Software License": "Apache-2.0",
               "ISC License (ISCL)": "ISC", "Python Software Foundation License": "PSF-2.0"}


def permissive(expression):
    """True if the SPDX expression lets us choose permissive licences only. Unknown or unparsable: False."""
    words = re.findall(r"[()]|[^\s()]+", expression.replace("/", " OR "))
    words = [w for w in re.sub(r" WITH ", "\0WITH\0", " ".join(words)).split()]
    words = [w.replace("\0", " ") for w in words]
    at = 0

    def atom():
        nonlocal at
        word, at = words[at], at + 1
        if word == "(":
            value = either()
            at += 1
            return value
        return word in PERMISSIVE

    def both():
        nonlocal at
        value = atom()
        while at < len(words) and words[at] == "AND":
            at += 1
            value = atom() and value
        return value

    def either():
        nonlocal at
        value = both()
        while at < len(words) and words[at] == "OR":
            at += 1
            value = both() or value
        return value

    try:
        value = either()
    except IndexError:
        return False
    return value and at == len(words)


def sha256(path):
    return hashlib.sha256(Path(path).read_bytes()).hexdigest()


def crate_archive(name, version):
    home = Path(os.environ.get("CARGO_HOME") or Path.home() / ".cargo")
    return next(iter(home.glob(f"registry/cache/*/{name}-{version}.crate")), None)


def wheel_licence(path):
    with zipfile.ZipFile(path) as archive:
        name = next(n for n in archive.namelist() if re.fullmatch(r"[^/]+\.dist-info/METADATA", n))
        meta = Parser().parsestr(archive.read(name).decode("utf-8", "replace"))
    if meta["License-Expression"]:
        return meta["Name"], meta["Version"], meta["License-Expression"]
    found = [CLASSIFIERS.get(c.split(" :: ")[-1], "unknown") for c in meta.get_all("Classifier", [])
             if c.startswith("License :: OSI Approved :: ")]
    return meta["Name"], meta["Version"], " AND ".join(found) or (meta["License"] or "unknown").strip().split("\n")[0]


def stdlib_files():
    """The standard library of the running interpreter, without tests, tables and bundled third-party packages."""
    root = Path(sysconfig.get_paths()["stdlib"])
    for path in sorted(root.rglob("*.py")):
        parts = path.relative_to(root).parts
        if not any(part in CHOICES["stdlib"]["skip"] for part in parts):
            yield path, "/".join(parts)


def stdlib_sha256():
    whole = hashlib.sha256()
    for path, _ in stdlib_files():
        whole.update(path.read_bytes())
    return whole.hexdigest()


def lock(lockfiles, wheels):
    rows, refused, seen = [], [], set()
    for lockfile in lockfiles:
        for package in tomllib.loads(Path(lockfile).read_text())["package"]:
            name, version = package["name"], package["version"]
            if "checksum" not in package or (name, version) in seen:
                continue
            seen.add((name, version))
            archive = crate_archive(name, version)
            if any(re.fullmatch(p, name) for p in CHOICES["rust"]["skip"]) or archive is None:
                continue
            with tarfile.open(archive) as tar:
                toml = tomllib.loads(tar.extractfile(f"{name}-{version}/Cargo.toml").read().decode())
            licence = toml["package"].get("license", "unknown")
            held = name in CHOICES["rust"]["held_out"]
            (rows if permissive(licence) else refused).append(("rust", name, version, licence, sha256(archive), held))
    for wheel in sorted(Path(wheels).glob("*.whl")):
        name, version, licence = wheel_licence(wheel)
        if name.lower() not in CHOICES["python"]["packages"]:
            continue
        held = name.lower() in CHOICES["python"]["held_out"]
        (rows if permissive(licence) else refused).append(("python", name, version, licence, sha256(wheel), held))
    python = ".".join(map(str, sys.version_info[:3]))
    rows.append(("stdlib", "cpython", python, "PSF-2.0", stdlib_sha256(), False))
    lines = ["# Every source of Ember's corpus; written by `sources.py lock`. Whole packages with split = \"held-out\" are for",
             "# evaluation only. The standard library's hash is over its files in path order; its held-out packages are in choices.toml.",
             ""]
    for kind, name, version, licence, digest, held in sorted(rows):
        split = "held-out" if held else "train"
        lines.append(f'[[source]]\nkind = "{kind}"\nname = "{name}"\nversion = "{version}"\nlicence = "{licence}"\n'
                     f'sha256 = "{digest}"\nsplit = "{split}"\n')
    MANIFEST.write_text("\n".join(lines))
    print(f"{len(rows)} sources; refused by licence: " + ", ".join(f"{r[1]} ({r[3]})" for r in refused))


def sources():
    return tomllib.loads(MANIFEST.read_text())["source"]


def archive_of(source):
    """The local archive of a source, or None where it has not been fetched."""
    if source["kind"] == "rust":
        return crate_archive(source["name"], source["version"])
    stem = re.sub(r"[-.]+", "[-_.]", source["name"])
    names = [p for p in (CACHE / "wheels").glob("*.whl") if re.match(rf"{stem}-{re.escape(source['version'])}-", p.name, re.I)]
    return names[0] if names else None


# Wheels differ between Pythons and machines. The manifest's are these, wherever the recipe runs: only their .py files are read.
PINNED_FOR = ["--python-version", "3.11", "--implementation", "cp", "--abi", "cp311", "--abi", "abi3", "--abi", "none"]
for tag in ("manylinux1", "manylinux2014", "manylinux_2_5", "manylinux_2_12", "manylinux_2_17", "manylinux_2_28"):
    PINNED_FOR += ["--platform", f"{tag}_x86_64"]


def fetch():
    """cargo and pip bring the archives; what they bring is believed only if its hash is the manifest's."""
    crates = [s for s in sources() if s["kind"] == "rust"]
    if any(archive_of(s) is None for s in crates):
        scratch = CACHE / "fetch"
        (scratch / "src").mkdir(parents=True, exist_ok=True)
        (scratch / "src" / "lib.rs").write_text("")
        wanted = [f'd{i} = {{ package = "{s["name"]}", version = "={s["version"]}", default-features = false }}'
                  for i, s in enumerate(crates)]
        (scratch / "Cargo.toml").write_text('[package]\nname = "scratch"\nversion = "0.0.0"\nedition = "2021"\n[workspace]\n'
                                            "[dependencies]\n" + "\n".join(wanted) + "\n")
        subprocess.run(["cargo", "fetch", "--quiet"], cwd=scratch, check=True)
    (CACHE / "wheels").mkdir(parents=True, exist_ok=True)
    missing = [f"{s['name']}=={s['version']}" for s in sources() if s["kind"] == "python" and archive_of(s) is None]
    if missing:
        subprocess.run([sys.executable, "-m", "pip", "download", "-q", "--no-deps", "--only-binary", ":all:", *PINNED_FOR, "-d",
                        str(CACHE / "wheels"), *missing], check=True)
    wrong = [s for s in sources() if s["kind"] != "stdlib" and sha256(archive_of(s)) != s["sha256"]]
    bad = [s["name"] for s in wrong]
    if bad:
        for source in wrong:
            if source["kind"] == "python":      # so that the next call fetches it anew; a crate is cargo's
                archive_of(source).unlink()
        sys.exit(f"hash differs from corpus.toml: {', '.join(bad)}")
    if any(s["kind"] == "stdlib" and s["sha256"] != stdlib_sha256() for s in sources()):
        print("note: this Python's standard library is not the pinned one; the corpus will differ a little")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("action", choices=("lock", "fetch"))
    parser.add_argument("lockfiles", nargs="*")
    parser.add_argument("--wheels", default=CACHE / "wheels")
    args = parser.parse_args()
    lock(args.lockfiles, args.wheels) if args.action == "lock" else fetch()
