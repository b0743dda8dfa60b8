"""Writes a checkpoint as GGUF for llama.cpp: Q8_0 matrices, f32 norms, tokenizer and FIM ids in the metadata.

    export.py [CHECKPOINT] [--out ember.gguf] [--float]

--float keeps the matrices as they were trained, to measure what quantisation costs. `hob.confidence.*` is the calibration that
choices.toml holds; it goes with the weights for which calibrate.py measured it, and with no others.

`llama.context_length` is the length the model really saw in training: the engine budgets its prompt by it. The file is written
beside its place and renamed. The name holds "ember", by which the engine knows how to ask; a control of the A/B test says in
name and description that it is one. Must not: write a length, a licence or a name that is not true.
"""

import argparse, json, os
from dataclasses import asdict
from pathlib import Path

import gguf
import torch
from gguf import GGMLQuantizationType, LlamaFileType
from gguf.quants import quantize

from model import Shape, views
from tokenizer import EOT, FILE, MID, PAD, PRE, REPO, SEP, SPECIAL, SUF
from sources import CACHE, CHOICES, HERE

NAMES = {"q": "attn_q", "k": "attn_k", "v": "attn_v", "o": "attn_output", "gate": "ffn_gate", "up": "ffn_up", "down": "ffn_down",
         "attention_norm": "attn_norm", "hidden_norm": "ffn_norm"}
OUTER = {"norm": "output_norm.weight", "embedding": "token_embd.weight"}


def gguf_name(name):
    if name in OUTER:
        return OUTER[name]
    layer, part = name.split(".")
    return f"blk.{layer}.{NAMES[part]}.weight"


def export(checkpoint, out, quantised=True):
    saved = torch.load(checkpoint, weights_only=True)
    shape = Shape(**saved["shape"])
    model = json.loads(FILE.read_text())["model"]
    tokens = sorted(model["vocab"], key=model["vocab"].get)
    merges = [m if isinstance(m, str) else " ".join(m) for m in model["merges"]]
    temporary = Path(f"{out}.tmp")
    w = gguf.GGUFWriter(temporary, "llama")
    layout = saved.get("layout", "anchored")
    w.add_name("Ember" if layout == "anchored" else f"Ember, {layout} control")
    w.add_version("v1")
    w.add_license("MIT OR Apache-2.0")
    w.add_description(f"Fill-in-the-middle model of Hob for Rust and Python; {layout} layout, step {saved['step']}, "
                      f"{saved['tokens'] / 1e6:.1f} M tokens")
    w.add_context_length(saved.get("context", 512))
    w.add_embedding_length(shape.width)
    w.add_block_count(shape.layers)
    w.add_feed_forward_length(shape.hidden)
    w.add_head_count(shape.heads)
    w.add_head_count_kv(shape.kv_heads)
    w.add_layer_norm_rms_eps(shape.epsilon)
    w.add_rope_dimension_count(shape.head)
    w.add_rope_freq_base(shape.rope_base)
    w.add_vocab_size(shape.vocabulary)
    w.add_file_type(LlamaFileType.MOSTLY_Q8_0 if quantised else LlamaFileType.ALL_F32)
    w.add_tokenizer_model("gpt2")
    w.add_tokenizer_pre("qwen2")
    w.add_token_list(tokens)
    w.add_token_types([gguf.TokenType.CONTROL if i < len(SPECIAL) else gguf.TokenType.NORMAL for i in range(len(tokens))])
    w.add_token_merges(merges)
    w.add_bos_token_id(EOT)
    w.add_eos_token_id(EOT)
    w.add_eot_token_id(EOT)
    w.add_pad_token_id(PAD)
    w.add_add_bos_token(False)
    for name, token in (("pre", PRE), ("mid", MID), ("suf", SUF), ("pad", PAD), ("rep", REPO), ("sep", SEP)):
        w.add_uint32(f"tokenizer.ggml.fim_{name}_token_id", token)
    confidence = calibration(saved)
    for name, value in confidence.items():
        w.add_float32(f"hob.confidence.{name}", value)
    for name, tensor in views(shape, saved["weights"].float()).items():
        array = tensor.numpy()
        if tensor.ndim == 1 or not quantised:
            w.add_tensor(gguf_name(name), array)
        else:
            w.add_tensor(gguf_name(name), quantize(array, GGMLQuantizationType.Q8_0), raw_dtype=GGMLQuantizationType.Q8_0)
    w.write_header_to_file()
    w.write_kv_data_to_file()
    w.write_tensors_to_file()
    w.close()
    os.replace(temporary, out)
    print(f"{out}: {Path(out).stat().st_size / 1e6:.1f} MB, step {saved['step']}, {saved['tokens'] / 1e6:.1f} M tokens"
          + ("" if confidence else "; no calibration for these weights: see calibrate.py"))


def calibration(saved):
    """What was measured for just these weights; nothing for others, whose probabilities are stated as they are."""
    known = CHOICES.get("confidence", {})
    fits = known.get("step") == saved["step"] and saved.get("layout", "anchored") == "anchored" and saved["shape"] == asdict(Shape())
    return {name: known[name] for name in ("slope", "offset")} if fits else {}


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("checkpoint", nargs="?", default=CACHE / "run" / "final.pt")
    parser.add_argument("--out", default=HERE / "ember.gguf")
    parser.add_argument("--float", action="store_true")
    args = parser.parse_args()
    export(args.checkpoint, args.out, not args.float)
