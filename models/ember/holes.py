"""Training rows: what the engine will ask, cut out of ordinary files.

A row is a fixed number of tokens that holds one or more samples. A sample is plain text (a fifth of them) or a hole in the
anchored layout: PRE prefix(to a line start) SUF suffix MID typed rest EOT, sometimes with a context block of the same
package ahead of it, rarely in suffix-first order. The control of the A/B test has the same holes in the plain layout, PRE prefix(to the
cursor) SUF suffix MID rest EOT, tokenized apart at the cursor. A row depends only on its seed, so a run can stop and resume
anywhere and every worker can make its own rows. Must not: read a split it was not asked for, or cut a hole that cannot be closed.
"""

import mmap, re

import numpy as np

from corpus import HELD_OUT, TRAIN, index
from sources import CACHE
from tokenizer import EOT, MID, PRE, SEP, SUF, load_tokenizer, pieces

RULES = 4       # counts the changes of what a seed gives, and log.jsonl carries it. The last: WITH_CONTEXT was 0.12 in the rules before
PLAIN, SUFFIX_FIRST, WITH_CONTEXT, JOINT = 0.20, 0.05, 0.20, 0.5
LAYOUTS = "anchored", "plain"
KINDS, SHARES = ("line", "lines", "block", "arguments", "span", "empty"), (0.45, 0.22, 0.10, 0.10, 0.07, 0.06)
LONG_FILE, LARGE_PACKAGE = 40_000, 2_500_000     # bytes beyond which a file or package is not used more often
CLOSERS = {"(": ")", "[": "]", "{": "}"}
WORD = re.compile(r"[A-Za-z_]{3,}")


def pick_column(rng, line):
    """A cursor in a line: anywhere, with the line's start and the end of its indentation more often than chance."""
    r = rng.random()
    if r < 0.08:
        return 0
    indent = len(line) - len(line.lstrip())
    return indent if r < 0.25 else int(rng.integers(indent, len(line) + 1))


def matching(line, opener):
    """The column of the bracket that closes the one at `opener` in the same line, or None."""
    depth = 0
    for at in range(opener, len(line)):
        depth += line[at] in CLOSERS
        depth -= line[at] in CLOSERS.values()
        if depth == 0:
            return at
    return None


def block_end(lines, at):
    """The last line of what line `at` opens: deeper lines, and a closing line at its own depth."""
    depth = len(lines[at]) - len(lines[at].lstrip())
    end = at
    for j in range(at + 1, min(len(lines), at + 16)):
        line = lines[j]
        if line.strip() and len(line) - len(line.lstrip()) <= depth:
            return j if line.strip()[0] in ")]}" else end
        if line.strip():
            end = j
    return end


def cut(rng, lines):
    """A hole: (line, column, last line, last column, kind). What lies between is the answer."""
    kind = rng.choice(KINDS, p=SHARES)
    i = int(rng.integers(len(lines)))
    for _ in range(4):                      # blank lines are asked rarely
        if lines[i].strip():
            break
        i = int(rng.integers(len(lines)))
    line = lines[i]
    column = pick_column(rng, line)
    if kind == "empty":
        closer = [k for k, c in enumerate(line) if c in ")]};,"]
        column = len(line) if rng.random() < 0.7 or not closer else int(rng.choice(closer))
        return i, column, i, column, kind
    if kind == "lines":
        j = min(len(lines) - 1, i + int(rng.integers(1, 6)))
        return i, column, j, len(lines[j]), kind
    if kind == "block":
        j = block_end(lines, i)
        return i, column, j, len(lines[j]), kind
    if kind == "arguments":
        opener = line.find("(", int(rng.integers(len(line) + 1)))
        end = matching(line, opener) if opener >= 0 else None
        if end is not None:
            column = opener + 1 if rng.random() < 0.6 else int(rng.integers(opener + 1, end + 1))
            return i, column, i, end, kind
    if kind == "span" and column < len(line):
        return i, column, i, int(rng.integers(column + 1, len(line) + 1)), kind
    return i, column, i, len(line), "line"


class Rows:
    def __init__(self, splits=TRAIN, layout="anchored", cache=CACHE):
        assert layout in LAYOUTS
        self.files, self.layout = index(splits, cache), layout
        with open(cache / "corpus.txt", "rb") as file:
            self.data = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
        self.tokenizer = load_tokenizer()
        self.newline = [piece.endswith(b"\n") for piece in pieces(self.tokenizer)]
        self.by_language, self.by_package = {}, {}
        for n, file in enumerate(self.files):
            self.by_language.setdefault(file["language"], []).append(n)
            self.by_package.setdefault((file["language"], file["package"]), []).append(n)
        bytes_of = [min(file["end"] - file["start"], LONG_FILE) for file in self.files]
        total = {package: sum(bytes_of[n] for n in numbers) for package, numbers in self.by_package.items()}
        self.weights = {}
        for language, numbers in self.by_language.items():
            sizes = np.array([bytes_of[n] * min(1.0, LARGE_PACKAGE / total[language, self.files[n]["package"]]) for n in numbers])
            self.weights[language] = np.cumsum(sizes) / sizes.sum()

    def text(self, n):
        return self.data[self.files[n]["start"] : self.files[n]["end"]].decode()

    def encode(self, text):
        return self.tokenizer.encode(text, add_special_tokens=False).ids if text else []

    def whole_lines(self, ids, room, from_start):
        """At most `room` tokens of a long text, cut where a line starts, as the engine cuts."""
        if len(ids) <= room:
            return ids
        ids = ids[:room] if from_start else ids[-room:] if room else []
        ends = [k + 1 for k, i in enumerate(ids) if self.newline[i]]
        if not ends or ends[0] > len(ids) // 2:
            return ids
        return ids[: ends[-1]] if from_start else ids[ends[0] :]

    def pick(self, rng):
        language = ("rust", "python")[int(rng.integers(2))]
        return self.by_language[language][int(np.searchsorted(self.weights[language], rng.random()))]

    def plain(self, rng, n, room):
        text = self.text(n)
        start = int(rng.integers(max(1, len(text) - room)))
        start = text.rfind("\n", 0, start) + 1 if rng.random() < 0.9 else start
        part = text[start : start + room * 6]
        ids = self.encode(part)
        if rng.random() < 0.3:
            ids = [SEP] + self.encode(self.files[n]["path"] + "\n") + ids
        return (ids + [EOT])[:room] if start + len(part) == len(text) else ids[:room]

    def context(self, rng, n, wanted, room):
        """A chunk of another file of the package: of three, the one that shares most words with what is wanted."""
        file = self.files[n]
        siblings = self.by_package[file["language"], file["package"]]
        best, words = None, set(WORD.findall(wanted))
        for _ in range(3):
            other = siblings[int(rng.integers(len(siblings)))]
            if other == n:
                continue
            text = self.text(other)
            start = text.rfind("\n", 0, int(rng.integers(len(text)))) + 1
            chunk = text[start : start + room * 3]
            score = len(words & set(WORD.findall(chunk)))
            if best is None or score > best[0]:
                best = score, [SEP, *self.whole_lines(self.encode(self.files[other]["path"] + "\n" + chunk), room - 1, True)]
        return best[1] if best else []

    def hole(self, rng, n, room):
        """Tokens of one hole that fit the room, and how many of the last ones are the answer; None if none fits."""
        lines = self.text(n).split("\n")
        i, column, j, last, _ = cut(rng, lines)
        typed = lines[i][:column]
        rest = lines[i][column:last] if i == j else "\n".join([lines[i][column:], *lines[i + 1 : j], lines[j][:last]])
        tail = self.encode(rest)
        middle, answer = self.encode(typed) + tail, len(tail) + 1
        if rng.random() < JOINT:            # what a healed prompt looks like once its first word is complete
            middle = self.encode(typed + rest)
        if len(middle) > room // 2:
            return None
        budget = room - len(middle) - 4     # the same for both layouts, so that both draw the same chances
        context = []
        if rng.random() < WITH_CONTEXT and budget > 150:
            context = self.context(rng, n, rest, int(budget * rng.uniform(0.15, 0.4)))
        budget -= len(context)
        before = "".join(line + "\n" for line in lines[:i])
        if self.layout == "plain":
            before, budget, middle = before + typed, budget + len(middle) - len(tail), tail
        after = "\n".join([lines[j][last:], *lines[j + 1 :]])
        after = self.whole_lines(self.encode(after[: budget * 5]), int(budget * rng.uniform(0.05, 0.4)), True)
        budget -= len(after)
        head = self.whole_lines(self.encode(before[-budget * 5 :]), budget, False)
        if rng.random() < SUFFIX_FIRST:
            ids = [SUF, *after, PRE, *head, MID, *middle, EOT]
        else:
            ids = [PRE, *head, SUF, *after, MID, *middle, EOT]
        return context + ids, answer

    def row(self, seed, length):
        """(tokens, answer?) of one row; the seed decides everything."""
        rng = np.random.default_rng(seed)
        ids, mask = [], []
        while len(ids) < length:
            room = length - len(ids)
            if room > 256 and rng.random() < 0.4:
                room = int(rng.integers(160, room))
            n = self.pick(rng)
            made = self.hole(rng, n, room) if room > 96 and rng.random() > PLAIN else None
            if made is None:
                more, answer = self.plain(rng, n, room), 0
            else:
                more, answer = made
            ids += more
            mask += [False] * (len(more) - answer) + [True] * answer
        return ids[:length], mask[:length]

    def batch(self, seeds, length):
        made = [self.row(seed, length) for seed in seeds]
        return np.array([m[0] for m in made]), np.array([m[1] for m in made])


if __name__ == "__main__":
    rows = Rows(HELD_OUT)
    for seed in range(3):
        print(rows.tokenizer.decode(rows.row([7, seed], 400)[0], skip_special_tokens=False), "\n" + "=" * 100)
