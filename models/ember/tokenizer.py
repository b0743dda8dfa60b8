"""Ember's tokenizer: a byte-level BPE with the Qwen2 pre-tokenizer, which llama.cpp knows as `qwen2`.

Trains on training files only and writes tokenizer.json beside this file. The first seven ids are the special tokens; their
order is part of the format of every checkpoint and GGUF. Must not: see held-out files.
"""

import random
from pathlib import Path

from tokenizers import Regex, Tokenizer, decoders, models, pre_tokenizers, trainers

FILE = Path(__file__).resolve().parent / "tokenizer.json"
SPECIAL = ["<|endoftext|>", "<|fim_prefix|>", "<|fim_middle|>", "<|fim_suffix|>", "<|fim_pad|>", "<|repo_name|>", "<|file_sep|>"]
EOT, PRE, MID, SUF, PAD, REPO, SEP = range(7)
VOCABULARY = 4096
SPLIT = (r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*"
         r"|\s*[\r\n]+|\s+(?!\S)|\s+")


def train(size=8_000_000):
    from corpus import TRAIN, load
    files = load(TRAIN)
    random.Random(0).shuffle(files)
    texts = []
    for language in ("rust", "python"):
        total = 0
        for file in files:
            if file["language"] == language and total < size:
                texts.append(file["text"])
                total += len(file["text"])
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence([
        pre_tokenizers.Split(Regex(SPLIT), "isolated"), pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)])
    tokenizer.decoder = decoders.ByteLevel()
    tokenizer.train_from_iterator(texts, trainers.BpeTrainer(
        vocab_size=VOCABULARY, special_tokens=SPECIAL, initial_alphabet=pre_tokenizers.ByteLevel.alphabet(), show_progress=False))
    tokenizer.save(str(FILE), pretty=False)
    sample = "".join(texts[:200])
    print(f"{tokenizer.get_vocab_size()} tokens, {len(sample) / len(tokenizer.encode(sample).ids):.2f} characters a token")


def load_tokenizer():
    return Tokenizer.from_file(str(FILE))


def pieces(tokenizer):
    """The bytes of every token; special tokens have none."""
    from_char = {c: b for b, c in byte_characters().items()}
    names = [tokenizer.id_to_token(i) for i in range(tokenizer.get_vocab_size())]
    return [b"" if i < len(SPECIAL) else bytes(from_char[c] for c in name) for i, name in enumerate(names)]


def byte_characters():
    """The printable stand-in for each byte that every byte-level BPE uses: printable bytes stand for themselves, the rest move up."""
    printable = {*range(33, 127), *range(161, 173), *range(174, 256)}
    moved = (b for b in range(256) if b not in printable)
    table = {b: chr(b) for b in printable}
    return table | {b: chr(256 + i) for i, b in enumerate(moved)}


if __name__ == "__main__":
    train()
