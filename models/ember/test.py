"""Tests of the recipe on a small corpus made here: `make ember-test`, seconds. What needs the real corpus is skipped where there is none.

Must not: train anything worth keeping, or write into the cache of a real run.
"""

import itertools, json, math, os, subprocess, sys, tempfile, unittest
from pathlib import Path

import gguf
import numpy as np
import torch

import calibrate, keep, pack
from card import led_here
from corpus import HELD_OUT, TRAIN, index, load, split
from export import export
from gpu import shape_of
from holes import Rows
from model import views
from sources import CACHE, CHOICES, HERE
from tokenizer import EOT, MID, PRE, SPECIAL, SUF, load_tokenizer, pieces
from train import State
from unpack import unpack

FILES = [("rust", "beta", "src/lib.rs"), ("rust", "beta", "src/read.rs"), ("rust", "csv", "src/lib.rs"), ("rust", "lru", "src/lib.rs"),
         ("python", "alpha", "alpha/core.py"), ("python", "alpha", "alpha/more.py"), ("python", "Flask", "flask/app.py"),
         ("python", "structlog", "structlog/base.py"), ("python", "stdlib", "os.py"), ("python", "stdlib", "json/decoder.py"),
         ("python", "stdlib", "email/header.py")]
RUST = """    /// The {word} of ü, number {n}.
    pub fn {word}_{n}(&self, key: &str, limit: usize) -> Option<usize> {{
        let found = self.table.get(key, limit + {n})?;
        if found > limit {{
            return None;
        }}
        Some(found)
    }}

"""
PYTHON = """    def {word}_{n}(self, key, limit=None):
        \"\"\"The {word} of ü, number {n}.\"\"\"
        found = self.table.get(key, default={n})
        if limit is not None and found > limit:
            return [found, limit, {n}]
        return found

"""


def word(language, package, path):
    """Stands in every function of the file and nowhere else."""
    return "z" + "".join(c for c in (package + path).lower() if c.isalpha())


def write_corpus(folder):
    at, data, rows = 0, b"", []
    for file in FILES:
        body = "".join((RUST if file[0] == "rust" else PYTHON).format(word=word(*file), n=n) for n in range(40)).encode()
        rows.append(dict(zip(("language", "package", "path"), file), held_out=split(*file) in HELD_OUT, start=at, end=at + len(body)))
        at, data = at + len(body), data + body
    (folder / "corpus.txt").write_bytes(data)
    (folder / "corpus.json").write_text(json.dumps(rows))


def parts(ids):
    """(prefix, middle, suffix) of a hole's tokens, whichever comes first."""
    assert ids[-1] == EOT and all(ids.count(token) == 1 for token in (PRE, SUF, MID))
    pre, suf, mid = map(ids.index, (PRE, SUF, MID))
    prefix, suffix = (ids[pre + 1 : suf], ids[suf + 1 : mid]) if pre < suf else (ids[pre + 1 : mid], ids[suf + 1 : pre])
    return prefix, ids[mid + 1 : -1], suffix


def holes(rows, seeds, room=400):
    """(file's number, tokens, tokens of the answer) of every hole that fits."""
    for seed in range(seeds):
        rng = np.random.default_rng(seed)
        n = rows.pick(rng)
        made = rows.hole(rng, n, room)
        if made:
            yield n, *made


class OfRows:
    """What holds for rows of any corpus."""

    def test_a_row_depends_only_on_its_seed(self):
        for layout in ("anchored", "plain"):
            one, other = (Rows(TRAIN, layout, self.cache) for _ in range(2))
            expected = [one.row([3, n], 300) for n in range(8)]
            self.assertEqual(expected, [other.row([3, n], 300) for n in reversed(range(8))][::-1])
            self.assertNotEqual(expected[0], expected[1])
            self.assertTrue(all(len(ids) == len(mask) == 300 for ids, mask in expected))

    def test_a_hole_and_what_is_around_it_are_the_files_text(self):
        for layout in ("anchored", "plain"):
            rows = Rows(TRAIN, layout, self.cache)
            text = pieces(rows.tokenizer)
            said = lambda ids: b"".join(text[i] for i in ids)
            for n, ids, answer in holes(rows, 200):
                prefix, middle, suffix = parts(ids)
                self.assertIn(said(prefix) + said(middle) + said(suffix), rows.text(n).encode())
                self.assertLessEqual(len(ids), 400)
                if layout == "anchored":
                    self.assertTrue(not prefix or said(prefix).endswith(b"\n"), said(prefix)[-40:])
                else:
                    self.assertEqual(answer, len(middle) + 1)

    def test_both_layouts_ask_the_same(self):
        anchored, plain = (Rows(TRAIN, layout, self.cache) for layout in ("anchored", "plain"))
        text = pieces(plain.tokenizer)
        said = lambda ids: b"".join(text[i] for i in ids)
        pairs = list(itertools.zip_longest(holes(anchored, 200), holes(plain, 200)))
        self.assertGreater(len(pairs), 100)
        self.assertTrue(all(a[0] == p[0] and said(parts(a[1])[1]).endswith(said(parts(p[1])[1])) for a, p in pairs))

    def test_some_answers_are_empty_and_most_are_not(self):
        for layout in ("anchored", "plain"):
            made = [answer == 1 for _, _, answer in holes(Rows(TRAIN, layout, self.cache), 400)]
            self.assertTrue(0.03 < sum(made) / len(made) < 0.3, sum(made) / len(made))


class Synthetic(OfRows, unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.TemporaryDirectory()
        cls.cache = Path(cls.folder.name)
        write_corpus(cls.cache)

    @classmethod
    def tearDownClass(cls):
        cls.folder.cleanup()

    def test_nothing_held_out_is_in_a_training_row(self):
        seen = set()
        for layout in ("anchored", "plain"):
            rows = Rows(TRAIN, layout, self.cache)
            for seed in range(150):
                text = rows.tokenizer.decode(rows.row([1, seed], 512)[0])
                seen |= {file for file in FILES if word(*file) in text}
        self.assertEqual(seen, {file for file in FILES if split(*file) == "train"})

    def test_held_out_packages_are_written_for_hob_eval(self):
        unpack(self.cache, self.cache / "eval")
        found = {tuple(p.relative_to(self.cache / "eval").parts[:3]) for p in (self.cache / "eval").rglob("*.*")}
        self.assertEqual(found, {("development", "rust", "csv"), ("test", "rust", "lru"), ("development", "python", "structlog"),
                                 ("development", "python", "stdlib"), ("test", "python", "Flask"), ("test", "python", "stdlib")})

    def test_a_packed_corpus_comes_back_without_the_test_files(self):
        with tempfile.TemporaryDirectory() as there:
            there = Path(there)
            pack.pack_corpus(there, self.cache, most=pack.SPARE)
            self.assertGreater(len(list(there.glob("corpus-*.xz"))), 1)
            pack.unpack_corpus(there, there / "cache")
            text = lambda files: [(f["language"], f["package"], f["path"], f["text"]) for f in files]
            self.assertEqual(text(load((*TRAIN, *HELD_OUT), there / "cache")), text(load((*TRAIN, "development"), self.cache)))

    def test_a_file_in_parts_comes_back(self):
        path = self.cache / "weights"
        for data in (bytes(range(256)) * 10, b"shorter"):
            path.write_bytes(data)
            pack.split(path, 1000)
            path.unlink()
            pack.join(path)
            self.assertEqual(path.read_bytes(), data)

    def test_gpu_training_runs_here_and_goes_on_from_what_was_carried_home(self):
        out, environment = self.cache / "out", {**os.environ, "EMBER_CACHE": str(self.cache)}
        words = "gpu.py --device cpu --shape tiny --steps 2 --rows 2 --context 64 --workers 0 --out".split()
        run = lambda *more: subprocess.run([sys.executable, *words, str(out), *more], cwd=HERE, env=environment,
                                           capture_output=True, text=True)
        self.assertIn("stopped at step 1 of 2", run("--minutes", "0").stderr)
        for file in (*(self.cache / "gpu-2x128").iterdir(), out / "kept.pt"):
            file.unlink()
        ended = run()
        self.assertTrue(ended.stdout.endswith("done 2\n"), ended.stderr)
        self.assertTrue((out / "ember.gguf.00").exists())


@unittest.skipUnless((CACHE / "corpus.json").exists(), "no corpus in the cache")
class Real(OfRows, unittest.TestCase):
    cache = CACHE

    def test_the_corpus_and_the_choices_agree_on_what_is_held_out(self):
        files = index((*TRAIN, *HELD_OUT))
        self.assertTrue(all(f["held_out"] == (split(f["language"], f["package"], f["path"]) in HELD_OUT) for f in files))
        packages = [{f["package"] for f in index(splits) if f["package"] != "stdlib"} for splits in (TRAIN, ("development",), ("test",))]
        self.assertTrue(all(packages))
        self.assertTrue(all(not a & b for a, b in itertools.combinations(packages, 2)))


class Alone(unittest.TestCase):
    """What needs no corpus."""

    def test_the_tokenizer_gives_back_every_text_and_its_special_ids_stand(self):
        tokenizer = load_tokenizer()
        self.assertEqual([tokenizer.token_to_id(name) for name in SPECIAL], list(range(len(SPECIAL))))
        table = pieces(tokenizer)
        for text in ("fn main() {\n    let ü = \"✓\";\n}\n", "\tx = {'a': [1, 23]}\r\n\n\n  # 你好\n", " ", ""):
            ids = tokenizer.encode(text, add_special_tokens=False).ids
            self.assertEqual(tokenizer.decode(ids), text)
            self.assertEqual(b"".join(table[i] for i in ids), text.encode())

    def test_development_is_a_part_of_what_is_held_out(self):
        for kind in ("rust", "python", "stdlib"):
            chosen = CHOICES[kind]
            self.assertLess(set(chosen["development"]), set(chosen["held_out"]))

    def test_a_kept_checkpoint_comes_back_within_the_precision_of_bf16(self):
        with tempfile.TemporaryDirectory() as folder:
            latest, kept, back = (Path(folder) / name for name in ("latest.pt", "kept.pt", "back.pt"))
            state = State(shape_of("tiny"), 1)
            state.momentum.normal_()
            state.square.uniform_()
            state.progress.update(step=7, tokens=70)
            state.save(latest)
            keep.pack(latest, kept)
            keep.unpack(back, kept)
            other = State(shape_of("tiny"), 1).load(back)
            self.assertEqual(other.progress, state.progress)
            for name in ("weights", "square"):
                torch.testing.assert_close(getattr(other, name), getattr(state, name), rtol=2**-8, atol=0)
            torch.testing.assert_close(other.momentum, state.momentum, rtol=0.01, atol=0.03)

    def test_a_learning_curve_leaves_out_what_led_elsewhere(self):
        entries = [(100, 1, None), (200, 1, None), (250, 0.5, "final"), (200, 1, None), (300, 1, None), (350, 0.5, "control"),
                   (350, 0.4, "final"), (400, 0.001, "final")]
        entries = [dict(zip(("step", "rate", "branch"), entry), at=n) for n, entry in enumerate(entries)]
        self.assertEqual([e["at"] for e in led_here(entries)], [0, 3, 4, 6, 7])
        self.assertEqual(led_here([]), [])

    def test_a_calibration_is_found_again_and_taken_from_development_alone(self):
        chance = lambda p: 1 / (1 + math.exp(-(0.6 * calibrate.odds(p) - 0.5)))
        row = lambda p, right, path: {"confidence": p, "first_line": right, "answer": "x", "path": path}
        rows = [row(p, n < round(100 * chance(p)), "rust/csv/src/lib.rs") for p in (0.05, 0.2, 0.5, 0.8, 0.95) for n in range(100)]
        slope, offset = calibrate.fit([(x, row["first_line"]) for x, row in calibrate.points(rows)])
        self.assertAlmostEqual(slope, 0.6, delta=0.03)
        self.assertAlmostEqual(offset, -0.5, delta=0.03)
        for path in ("rust/lru/src/lib.rs", "lru/src/lib.rs", "test/rust/lru/src/lib.rs"):
            with self.assertRaises(SystemExit):
                calibrate.points([row(0.5, True, path)])

    def test_an_exported_control_says_what_it_is(self):
        with tempfile.TemporaryDirectory() as folder:
            state = State(shape_of("tiny"), 1)
            for layout in ("anchored", "plain"):
                state.progress.update(layout=layout, context=64)
                state.save(Path(folder) / "one.pt")
                export(Path(folder) / "one.pt", Path(folder) / "one.gguf")
                read = gguf.GGUFReader(Path(folder) / "one.gguf")
                field = lambda key: read.fields[f"general.{key}"].contents()
                self.assertIn("ember", field("name").lower())
                self.assertEqual(layout == "plain", "control" in field("name"))
                self.assertIn(f"{layout} layout", field("description"))
                self.assertFalse([key for key in read.fields if "confidence" in key], "measured for other weights")
            matrix = next(t for t in read.tensors if t.name == "blk.1.ffn_down.weight")
            restored = gguf.quants.dequantize(matrix.data, matrix.tensor_type)
            np.testing.assert_allclose(restored, views(state.shape, state.weights)["1.down"].numpy(), atol=2e-3)


if __name__ == "__main__":
    torch.set_num_threads(1)
    unittest.main()
