"""Greedy decoding with a KV cache and token healing, as the engine does it: for evaluation only.

The engine's own healing is in Rust; this one exists so that a recipe can be judged without building the server. Must not: be
faster or cleverer than the engine, or the figures would not be the product's.
"""

import re

import torch
import torch.nn.functional as F

from tokenizer import EOT, MID, PRE, SUF, pieces

MOST = 4                            # tokens taken back at most, as in the engine
WORD_END = re.compile(rb"(\w+|\s+|[^\w\s]+)$")


class Reader:
    """The network fed piece by piece, one sequence."""

    def __init__(self, model, length):
        s = model.shape
        self.model, self.at = model, 0
        self.keys = torch.zeros(s.layers, s.kv_heads, length, s.head)
        self.values = torch.zeros_like(self.keys)
        turn = torch.outer(torch.arange(length).float(), s.rope_base ** -(torch.arange(0, s.head, 2) / s.head))
        self.cos, self.sin = turn.cos(), turn.sin()

    def rope(self, x):
        n = x.shape[1]
        cos, sin = self.cos[self.at : self.at + n], self.sin[self.at : self.at + n]
        a, b = x[..., 0::2], x[..., 1::2]
        return torch.stack((a * cos - b * sin, a * sin + b * cos), -1).flatten(-2)

    @torch.no_grad()
    def feed(self, ids):
        """Logits after the last of these tokens."""
        s, w, n = self.model.shape, self.model.w, len(ids)
        end = self.at + n
        x = F.embedding(torch.tensor(ids), w["embedding"])
        visible = torch.arange(end)[None] <= torch.arange(self.at, end)[:, None]
        for i in range(s.layers):
            y = F.rms_norm(x, (s.width,), w[f"{i}.attention_norm"], s.epsilon)
            q, k, v = (F.linear(y, w[f"{i}.{p}"]).view(n, -1, s.head).transpose(0, 1) for p in "qkv")
            self.keys[i, :, self.at : end], self.values[i, :, self.at : end] = self.rope(k), v
            groups = s.heads // s.kv_heads
            keys, values = (c[i, :, :end].repeat_interleave(groups, 0) for c in (self.keys, self.values))
            y = F.scaled_dot_product_attention(self.rope(q), keys, values, attn_mask=visible)
            x = x + F.linear(y.transpose(0, 1).reshape(n, s.width), w[f"{i}.o"])
            y = F.rms_norm(x, (s.width,), w[f"{i}.hidden_norm"], s.epsilon)
            x = x + F.linear(F.silu(F.linear(y, w[f"{i}.gate"])) * F.linear(y, w[f"{i}.up"]), w[f"{i}.down"])
        self.at = end
        return F.linear(F.rms_norm(x[-1], (s.width,), w["norm"], s.epsilon), w["embedding"])


class Completer:
    def __init__(self, model, tokenizer, context):
        self.model, self.tokenizer, self.context = model, tokenizer, context
        self.pieces = pieces(tokenizer)

    def encode(self, text):
        return self.tokenizer.encode(text, add_special_tokens=False).ids

    def heal(self, typed):
        """(tokens to feed, bytes that the answer must begin with): the typed part back to where its last word began."""
        ids = self.encode(typed)
        data = typed.encode()
        found = WORD_END.search(data)
        start, least = found.start() if found else len(data), len(ids) - MOST
        kept = sum(len(self.pieces[i]) for i in ids)
        while ids and len(ids) > least and kept > start:
            kept -= len(self.pieces[ids.pop()])
        return ids, data[kept:]

    def allowed(self, need):
        """Which tokens may come while these bytes are still owed."""
        return torch.tensor([bool(p) and (p.startswith(need) or need.startswith(p)) for p in self.pieces])

    def rest_of_line(self, before, typed, after, healing=True, most=48):
        """What the model would write at the cursor, up to the end of the line."""
        ids, need = self.heal(typed) if healing and typed else (self.encode(typed), b"")
        room = self.context - most - len(ids) - 3
        suffix = self.encode(after[: room * 4])[: room // 4]
        prefix = self.encode(before[-room * 5 :])[-(room - len(suffix)) :]
        reader = Reader(self.model, self.context + 8)
        logits = reader.feed([PRE, *prefix, SUF, *suffix, MID, *ids])
        made, owed = b"", need
        for _ in range(most):
            if owed:
                logits = logits.masked_fill(~self.allowed(owed), -torch.inf)
            token = int(logits.argmax())
            piece = self.pieces[token]
            if token == EOT or not piece:
                break
            made += piece
            owed = owed[len(piece) :]
            if b"\n" in made[len(need) :]:
                break
            logits = reader.feed([token])
        return made[len(need) :].split(b"\n")[0].decode("utf-8", "replace")
