"""Writes the figures of README.md: what stands between `<!-- NAME -->` and `<!-- /NAME -->` comes from files, never from a hand.

    card.py      from ember.gguf, the run's log.jsonl and results/*.json; also docs/images/ember-*.svg

results/learning.jsonl is the run's log as it was when the card was last made; the others are what `hob eval --json` printed:
test-rust, test-python and dev-rust, dev-python for the product, compare-anchored and compare-control for the two branches of the A/B
test. A figure whose file is missing is said to be missing. Must not: measure, round a target into reach, or keep an old figure.
"""

import json, math, re

import gguf

from chart import chart
from sources import CACHE, HERE

CARD, RESULTS, IMAGES = HERE / "README.md", HERE / "results", HERE.parents[1] / "docs" / "images"
LANGUAGES = {"rust": "Rust", "python": "Python"}
KINDS = {"line": "rest of a line, from a random column", "arguments": "arguments of a call", "statement": "a statement, up to six lines",
         "body": "the body of a function, up to twelve lines", "nothing": "nothing: the line is complete"}
FIGURES = {"exact": "exact match", "edit_similarity": "edit similarity", "identifier_f1": "identifier F1",
           "parse_ok": "answers that add no parse error", "over_run": "answers that run on past the truth", "empty": "no answer"}
GATE = ("coverage", "precision", "added_parse_errors")
OWN = {"trained anchored": "anchored, no mixture", "trained plain": "psm, no mixture"}     # each branch in its own layout
SHOWN = (5, 10, 20, 30, 50)
ROWS = 16                           # of the learning curve's table


def result(name):
    path = RESULTS / f"{name}.json"
    return json.loads(path.read_text()) if path.exists() else None


def table(head, rows):
    line = lambda cells: "| " + " | ".join(cells) + " |"
    return "\n".join([line(head), "|---|" + "---:|" * (len(head) - 1), *map(line, rows)])


def percent(figures, name="exact"):
    """`12.3 % (10.1–14.9)`, or a dash where nothing was measured."""
    if not figures or figures.get(name) is None:
        return "–"
    low, high = figures["ci95"][name]
    return f"{100 * figures[name]:.1f} % ({100 * low:.1f}–{100 * high:.1f})"


def answerers(report):
    return {"Ember": report, "n-gram": report["baselines"]["ngram"], "copy": report["baselines"]["copy"]}


def model():
    """What the file in the repository says of itself."""
    path = HERE / "ember.gguf"
    read = gguf.GGUFReader(path)
    field = lambda key: read.fields[key].contents()
    count = sum(int(tensor.n_elements) for tensor in read.tensors)
    heads, kv = field("llama.attention.head_count"), field("llama.attention.head_count_kv")
    shape = (f"{field('llama.block_count')} layers, {field('llama.embedding_length')} wide, {heads} heads over {kv} key/value heads, "
             f"{field('llama.feed_forward_length')} hidden, SwiGLU, RoPE, tied embeddings")
    types = sorted({tensor.tensor_type.name for tensor in read.tensors})
    rows = [("parameters", f"{count / 1e6:.2f} M ({shape})"),
            ("file", f"`ember.gguf`, {' and '.join(types)}, {path.stat().st_size / 1e6:.1f} MB"),
            ("trained", field("general.description").split("; ", 1)[1]),
            ("context", f"{field('llama.context_length')} tokens, the length of the rows it was trained on"),
            ("licence", field("general.license"))]
    return "| | |\n|---|---|\n" + "\n".join(f"| {name} | {value} |" for name, value in rows)


def learning_log():
    kept, live = RESULTS / "learning.jsonl", CACHE / "run" / "log.jsonl"
    read = lambda path: [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []
    # A run that went on from checkpoint.pt on another machine logs only what it added.
    entries = read(kept)
    entries += [e for e in read(live) if e not in entries]
    RESULTS.mkdir(exist_ok=True)
    kept.write_text("".join(json.dumps(e) + "\n" for e in entries))
    return led_here(entries)


def led_here(entries):
    """Those of the phases that led to the model: the constant one, each step as it was measured last, and the decay after it."""
    entries = [e for e in entries if e.get("branch") in (None, "final")]
    constant = [n for n, e in enumerate(entries) if e["rate"] == 1]
    last = constant[-1] if constant else -1
    entries = [e for n, e in enumerate(entries) if e["rate"] == 1 or n > last]
    return [e for n, e in enumerate(entries) if all(later["step"] > e["step"] for later in entries[n + 1 :])]


def learning_curve():
    entries = learning_log()
    if not entries:
        return "Not measured yet."
    million = lambda e: e["tokens"] / 1e6
    lines = {"in answers": [(million(e), e["answers"]) for e in entries], "all tokens": [(million(e), e["held_out"]) for e in entries]}
    lowest = min(y for line in lines.values() for _, y in line)
    IMAGES.mkdir(exist_ok=True)
    (IMAGES / "ember-learning.svg").write_text(
        chart("Loss on held-out packages", "million tokens of training", "nats a token", lines, math.floor(lowest)))
    thin = entries[:: -(-len(entries) // ROWS)]
    rows = [(f"{e['step']:,}", f"{million(e):.1f}", f"{e['rate']:.2f}", f"{e['held_out']:.3f}", f"{e['answers']:.3f}")
            for e in thin + entries[-1:] * (thin[-1] is not entries[-1])]
    changes = [f"The rules of the rows changed between steps {a['step']:,} and {b['step']:,} (`RULES` in `holes.py`), for training and "
               "for measuring." for a, b in zip(entries, entries[1:]) if a.get("rules") != b.get("rules")]
    return "\n\n".join(["![Loss on held-out packages against tokens of training](../../docs/images/ember-learning.svg)",
                        table(("step", "M tokens", "rate", "nats a token", "in answers"), rows), *changes])


def by_kind(split):
    """For each language a table of exact match by kind, and one of every figure over all holes."""
    out = []
    for language, name in LANGUAGES.items():
        report = result(f"{split}-{language}")
        if report is None:
            out.append(f"**{name}**: not measured yet.")
            continue
        who = answerers(report)
        of = lambda answerer, kind: answerer["tables"].get(language, {}).get(kind)
        rows = []
        for kind, words in KINDS.items():
            ember, *others = (of(answerer, kind) for answerer in who.values())
            if ember:
                best = max(other["exact"] or 0 for other in others)
                times = f"{ember['exact'] / best:.2f} ×" if best else "–"
                rows.append((words, f"{ember['holes']:,}", *map(percent, (ember, *others)), times))
        out.append(f"**{name}**, {report['holes']:,} holes in {report['files']} files; exact match, and how it compares with the better "
                   "of the two that have no model:")
        out.append(table(("hole", "n", *who, "Ember against it"), rows))
        out.append(table((f"{name}, all holes", *who), [(words, *(percent(a, figure) for a in who.values()))
                                                        for figure, words in FIGURES.items()]))
        out.append(f"An answer took {report['ms']['p50']:.0f} ms at the median and {report['ms']['p95']:.0f} ms at the 95th percentile.")
    return "\n\n".join(out)


def precision(split):
    """Precision of what would be shown against its coverage, by confidence."""
    reports = {name: report for language, name in LANGUAGES.items() if (report := result(f"{split}-{language}"))}
    if not reports:
        return "Not measured yet."
    lines = {name: [(100 * p["coverage"], 100 * p["precision"]) for p in report["shown"]] for name, report in reports.items()}
    IMAGES.mkdir(exist_ok=True)
    (IMAGES / "ember-precision.svg").write_text(
        chart("Precision of what is shown", "coverage, % of all holes", "right, % of what is shown", lines, 0, 100, 100, guides=[(20, 50)]))
    at = lambda line, wanted: next((f"{y:.1f} %" for x, y in line if abs(x - wanted) < 0.5), "–")
    rows = [(f"{wanted} %", *(at(line, wanted) for line in lines.values())) for wanted in SHOWN]
    gates = []
    for name, report in reports.items():
        gate = report["default_gate"]
        gate["ci95"] = {figure: gate[f"{figure}_ci95"] for figure in GATE}
        gates.append((name, f"{gate['min_confidence']:.2f}", *(percent(gate, figure) for figure in GATE)))
    return "\n\n".join(["![Precision against coverage](../../docs/images/ember-precision.svg)",
                        table(("shown, of all holes", *(f"{name}: right" for name in lines)), rows),
                        "With the threshold that the product has by default:",
                        table(("", "confidence from", "shown", "of those right", "of those with a new parse error"), gates)])


def layouts():
    """Both branches of the A/B test in every way of asking, and the anchored one in its own against the control in its own."""
    reports = {name: result(f"compare-{name}") for name in ("anchored", "control")}
    if not all(reports.values()):
        return "Not measured yet."
    one, other = reports.values()
    assert all(one[key] == other[key] for key in ("seed", "holes", "files")), "the two branches were not asked the same"
    ways = [{row["way"]: dict(row, ci95={"exact": row["exact_ci95"]}) for row in report["compare"]["ways"]} for report in reports.values()]
    rows = [(way, *(percent(of[way]) for of in ways)) for way in ways[0]]
    out = [f"Exact match on the same {one['holes']:,} holes in {one['files']} files:", table(("asked", *OWN), rows)]
    for way in (OWN["trained plain"], OWN["trained plain"].replace("no mixture", "no healing, no mixture")):
        gain, low, high = difference(ways[0][OWN["trained anchored"]], ways[1][way])
        out.append(f"The anchored branch asked \"{OWN['trained anchored']}\" against the control asked \"{way}\": {gain:+.1f} points "
                   f"({low:+.1f} to {high:+.1f}).")
    return "\n\n".join([*out, "These intervals treat the two as if their holes were different ones, so they are rather too wide."])


def difference(one, other):
    """How many points the first is ahead, with Newcombe's interval from the two that Wilson gave."""
    (p, (low, high)), (q, (q_low, q_high)) = ((row["exact"], row["exact_ci95"]) for row in (one, other))
    gain = p - q
    return [100 * x for x in (gain, gain - math.hypot(p - low, q_high - q), gain + math.hypot(high - p, q - q_low))]


def write(name, body, text):
    found = re.compile(rf"(<!-- {name} -->\n).*?(<!-- /{name} -->)", re.S)
    assert len(found.findall(text)) == 1, f"README.md has no place for {name}"
    return found.sub(lambda m: f"{m[1]}{body}\n{m[2]}", text)


def main():
    text = CARD.read_text()
    for name, body in (("model", model()), ("learning curve", learning_curve()), ("results", by_kind("test")),
                       ("precision", precision("test")), ("layouts", layouts())):
        text = write(name, body, text)
    CARD.write_text(text)
    print(f"{CARD.name} written; results: {', '.join(sorted(p.stem for p in RESULTS.glob('*.json'))) or 'none yet'}")


if __name__ == "__main__":
    main()
