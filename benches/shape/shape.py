#!/usr/bin/env python3
"""Writes a GGUF with the dimensions of Qwen2.5-Coder-0.5B, random weights and Ember's tokenizer: for measuring speed.

    shape.py --quant q8_0 --out target/shape/qwen2.5-coder-0.5b-q8_0.gguf
    shape.py --quant q4_0 --out target/shape/qwen2.5-coder-0.5b-q4_0.gguf

What a decode step costs depends on the dimensions and the quantisation, not on what the weights say. So a machine without the real
file can measure what the real file would cost. The text is nonsense, but it behaves like text: every token has a piece that an
identifier or a field access may go on with, greedy decoding neither ends at once nor repeats a token, a line goes on until the answer
is long enough, and where a word is to be said again (token healing) it is said in few long tokens, as a model does that knows words.

Needs numpy and the PyPI package gguf; where they are missing they are installed into target/shape/venv. Must not: be taken for the
model, be measured for quality, or be committed.
"""

import argparse, math, os, subprocess, sys, time, venv
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
VENV = ROOT / "target" / "shape" / "venv"
EMBER = ROOT / "models" / "ember" / "ember.gguf"
VERSIONS = ROOT / "models" / "ember" / "requirements.txt"

try:
    import gguf
    import numpy as np
    from gguf.quants import quantize
except ImportError:
    python = VENV / "bin" / "python"
    if Path(sys.prefix) == VENV:
        sys.exit(f"shape: {VENV} lacks numpy or gguf; delete that folder and start again")
    if not (VENV / "ready").exists():
        print(f"shape: making {VENV}")
        venv.create(VENV, with_pip=True, clear=True)
        subprocess.run([python, "-m", "pip", "install", "-q", "-c", VERSIONS, "numpy", "gguf"], check=True)
        (VENV / "ready").touch()
    os.execv(python, [python, __file__, *sys.argv[1:]])

LAYERS, WIDTH, HEADS, KV_HEADS, HIDDEN, VOCABULARY, CONTEXT = 24, 896, 14, 2, 4864, 151_936, 32_768
KV_WIDTH = WIDTH // HEADS * KV_HEADS

# What keeps greedy decoding lively. The embedding is small beside what the layers add, or the tied output would say the last token
# again; logits of this deviation make the likeliest of 151,936 tokens about as likely as a real model's.
EMBEDDING_DEVIATION = 0.02
LOGIT_DEVIATION = 6.0

# The last layer makes coordinate 0 of the residual stream the same at every place, so that a token's embedding holds there what it is
# liked by itself: so many logits for each byte, up to so many bytes.
LIKING, LIKED_BYTES = 12.0, 8
CONSTANT = 6.0                  # about what the other coordinates come to at the end

QUANTS = {
    "q8_0": (gguf.GGMLQuantizationType.Q8_0, gguf.LlamaFileType.MOSTLY_Q8_0),
    "q4_0": (gguf.GGMLQuantizationType.Q4_0, gguf.LlamaFileType.MOSTLY_Q4_0),
}


def pieces(random, taken, count):
    """So many texts that are in no other token: `bako`, `_bako` and `.bako`, which keep code valid wherever a name stands."""
    syllables = [c + v for c in "bcdfghjklmnpqrstvwxz" for v in "aeiou"]
    taken, out = set(taken), []
    while len(out) < count:
        word = "".join(random.choice(syllables, random.integers(2, 5)))
        piece = random.choice(["", "_", "."]) + word
        if piece not in taken:
            taken.add(piece)
            out.append(piece)
    return out


def copy_tokenizer(writer, path, random):
    """The tokenizer of `path`, filled up to the vocabulary with ordinary tokens that no merge leads to. Returns how each token is liked:
    by its length, and not at all where it ends a line or the text."""
    if not path.exists():
        sys.exit(f"shape: no {path} to take the tokenizer from; git checkout -- models/ember/ember.gguf")
    read = gguf.GGUFReader(path)
    fields = {name: field.contents() for name, field in read.fields.items() if name.startswith("tokenizer.")}
    tokens, types = list(fields["tokenizer.ggml.tokens"]), list(fields["tokenizer.ggml.token_type"])
    filler = pieces(random, tokens, VOCABULARY - len(tokens))
    writer.add_tokenizer_model(fields["tokenizer.ggml.model"])
    writer.add_tokenizer_pre(fields["tokenizer.ggml.pre"])
    writer.add_token_list(tokens + filler)
    writer.add_token_types(types + [int(gguf.TokenType.NORMAL)] * len(filler))
    writer.add_token_merges(fields["tokenizer.ggml.merges"])
    for name, value in fields.items():
        if name.endswith("_token_id"):
            writer.add_uint32(name, int(value))
    writer.add_add_bos_token(False)
    borrowed = [0 if kind != gguf.TokenType.NORMAL or "Ċ" in token else len(token) for token, kind in zip(tokens, types)]
    return np.array(borrowed + [LIKED_BYTES] * len(filler), dtype=np.float32).clip(max=LIKED_BYTES)


def write(out, quant, seed):
    random = np.random.default_rng(seed)
    matrix_type, file_type = QUANTS[quant]
    out.parent.mkdir(parents=True, exist_ok=True)
    temporary = out.with_name(out.name + ".tmp")
    writer = gguf.GGUFWriter(temporary, "qwen2")
    writer.add_name("Shape of Qwen2.5 Coder 0.5B")
    writer.add_description(f"Random weights, seed {seed}: for measuring speed only")
    writer.add_file_type(file_type)
    writer.add_context_length(CONTEXT)
    writer.add_embedding_length(WIDTH)
    writer.add_block_count(LAYERS)
    writer.add_feed_forward_length(HIDDEN)
    writer.add_head_count(HEADS)
    writer.add_head_count_kv(KV_HEADS)
    writer.add_rope_freq_base(1e6)
    writer.add_layer_norm_rms_eps(1e-6)
    liked = copy_tokenizer(writer, EMBER, random)

    def matrix(name, rows, columns, deviation, kind=matrix_type, mend=None):
        values = random.standard_normal((rows, columns), dtype=np.float32) * np.float32(deviation)
        if mend:
            mend(values)
        writer.add_tensor(f"{name}.weight", quantize(values, kind), raw_dtype=kind)

    def vector(name, values):
        writer.add_tensor(name, np.asarray(values, dtype=np.float32))

    def bias(name, width, first=0.0):
        vector(f"{name}.bias", np.concatenate([[first], random.standard_normal(width - 1) * 0.1]))

    def silent(values):
        values[0] = 0

    def first_value(values):
        values[0] = 0
        values[0, 0] = 1

    # llama-quantize gives an output matrix, here the tied embedding, Q6_K beside Q4_0; 896 is no multiple of its 256, so it falls back to Q8_0.
    most = 2 * EMBEDDING_DEVIATION
    def like(values):
        values[:, 0] = most * (2 * liked / LIKED_BYTES - 1)
    matrix("token_embd", VOCABULARY, WIDTH, EMBEDDING_DEVIATION, gguf.GGMLQuantizationType.Q8_0, like)
    norm = np.full(WIDTH, LOGIT_DEVIATION / (EMBEDDING_DEVIATION * math.sqrt(WIDTH)))
    norm[0] = LIKING * LIKED_BYTES / (2 * most)
    vector("output_norm.weight", norm)
    into, out_of_hidden = 1 / math.sqrt(WIDTH), 2 / math.sqrt(HIDDEN)
    for layer in range(LAYERS):
        b = f"blk.{layer}"
        last = layer == LAYERS - 1
        vector(f"{b}.attn_norm.weight", np.ones(WIDTH))
        matrix(f"{b}.attn_q", WIDTH, WIDTH, into)
        bias(f"{b}.attn_q", WIDTH)
        matrix(f"{b}.attn_k", KV_WIDTH, WIDTH, into)
        bias(f"{b}.attn_k", KV_WIDTH)
        matrix(f"{b}.attn_v", KV_WIDTH, WIDTH, into, mend=silent)
        bias(f"{b}.attn_v", KV_WIDTH, CONSTANT if last else 0.0)
        matrix(f"{b}.attn_output", WIDTH, WIDTH, into, mend=first_value if last else silent)
        vector(f"{b}.ffn_norm.weight", np.concatenate([[0], np.ones(WIDTH - 1)]))
        matrix(f"{b}.ffn_gate", HIDDEN, WIDTH, into)
        matrix(f"{b}.ffn_up", HIDDEN, WIDTH, into)
        matrix(f"{b}.ffn_down", WIDTH, HIDDEN, out_of_hidden, mend=silent)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    os.replace(temporary, out)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quant", choices=QUANTS, default="q8_0", help="how matrices are stored; the embedding is always Q8_0, as llama-quantize has it")
    parser.add_argument("--seed", type=int, default=1, help="of the weights and the filler tokens")
    parser.add_argument("--out", type=Path, help="default: target/shape/qwen2.5-coder-0.5b-QUANT.gguf")
    args = parser.parse_args()
    out = args.out or ROOT / "target" / "shape" / f"qwen2.5-coder-0.5b-{args.quant}.gguf"
    start = time.monotonic()
    write(out, args.quant, args.seed)
    print(f"{out}: {out.stat().st_size / 1e6:.0f} MB in {time.monotonic() - start:.0f} s")


if __name__ == "__main__":
    main()
