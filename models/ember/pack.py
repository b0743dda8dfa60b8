"""The corpus in files small enough to carry to another machine, and any file in parts.

    pack.py corpus FOLDER     training and development files -> FOLDER/corpus-00.xz, corpus-01.xz, …
    pack.py unpack FOLDER     those into CACHE/corpus.txt and corpus.json, as rows are cut from them
    pack.py split FILE        FILE -> FILE.00, FILE.01, … (back with `cat FILE.?? > FILE`)

No part is larger than 16 MB, and the corpus no larger than 50 MB. It is text, not tokens: on 18 MB of it xz made 2.55 MB of the text
and 2.44 MB of its tokens, and text goes through holes.py as it is. Must not: let a file of the test split out, or write over a corpus.
"""

import json, lzma, sys
from pathlib import Path

from corpus import HELD_OUT, TRAIN, load, split as split_of
from sources import CACHE

PART, WHOLE = 16_000_000, 50_000_000
SPARE = 1_000_000                   # what a compressor may still hold back when its part looks full


def pack_corpus(folder, cache=CACHE, most=PART):
    """Each part is one xz stream of files; before each file's text comes a line of JSON that says whose it is and how long."""
    folder.mkdir(parents=True, exist_ok=True)
    parts, packer = [], None
    for file in load((*TRAIN, "development"), cache):
        if packer is None:
            packer = lzma.LZMACompressor(preset=6)
            parts.append([])
        data = file["text"].encode()
        head = json.dumps([file["language"], file["package"], file["path"], len(data)])
        parts[-1].append(packer.compress(head.encode() + b"\n" + data))
        if sum(map(len, parts[-1])) > most - SPARE:
            parts[-1].append(packer.flush())
            packer = None
    if packer:
        parts[-1].append(packer.flush())
    sizes = [sum(map(len, part)) for part in parts]
    if max(sizes) > most or sum(sizes) > WHOLE:
        sys.exit(f"too large: parts of {sizes} bytes")
    for old in packed_parts(folder):
        old.unlink()
    for n, part in enumerate(parts):
        (folder / f"corpus-{n:02}.xz").write_bytes(b"".join(part))
    print(f"{folder}: {', '.join(f'{size / 1e6:.1f}' for size in sizes)} MB")


def packed_parts(folder):
    return sorted(folder.glob("corpus-[0-9][0-9].xz"))


def unpack_corpus(folder, cache=CACHE):
    if (cache / "corpus.json").exists():
        sys.exit(f"{cache} has a corpus already")
    parts = packed_parts(folder)
    if not parts or [part.name for part in parts] != [f"corpus-{n:02}.xz" for n in range(len(parts))]:
        sys.exit(f"{folder} holds no whole corpus: corpus-00.xz, corpus-01.xz and so on, without a gap")
    cache.mkdir(parents=True, exist_ok=True)
    index, at = [], 0
    with open(cache / "corpus.txt", "wb") as out:
        for part in parts:
            with lzma.open(part) as packed:
                while head := packed.readline():
                    language, package, path, size = json.loads(head)
                    out.write(packed.read(size))
                    index.append({"language": language, "package": package, "path": path,
                                  "held_out": split_of(language, package, path) in HELD_OUT, "start": at, "end": at + size})
                    at += size
    (cache / "corpus.json").write_text(json.dumps(index))       # last: its presence says that both are whole
    print(f"{len(index)} files, {at / 1e6:.1f} MB")


def split(path, most=PART):
    """Parts of a file, beside it; parts of an earlier and longer file go."""
    for old in parts_of(path):
        old.unlink()
    with open(path, "rb") as file:
        for n, data in enumerate(iter(lambda: file.read(most), b"")):
            Path(f"{path}.{n:02}").write_bytes(data)


def parts_of(path):
    return sorted(path.parent.glob(f"{path.name}.[0-9][0-9]"))


def join(path):
    """The file from its parts, if there are any."""
    parts = parts_of(path)
    if parts:
        path.write_bytes(b"".join(part.read_bytes() for part in parts))


if __name__ == "__main__":
    {"corpus": pack_corpus, "unpack": unpack_corpus, "split": split}[sys.argv[1]](Path(sys.argv[2]))
