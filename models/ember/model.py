"""Ember's network: a llama-architecture decoder, as llama.cpp runs it, in PyTorch.

RMSNorm before each part, grouped-query attention with interleaved RoPE, SwiGLU, tied embeddings. All weights live in one
flat vector with the matrices first, so that processes can share it and an optimizer can take slices. Must not: know about
data, optimizers or files.
"""

import math
from dataclasses import dataclass

import torch
import torch.nn.functional as F


@dataclass
class Shape:
    vocabulary: int = 4096
    width: int = 256
    layers: int = 4
    heads: int = 4
    kv_heads: int = 2
    hidden: int = 640
    epsilon: float = 1e-5
    rope_base: float = 10000.0

    @property
    def head(self):
        return self.width // self.heads

    def matrices(self):
        """(name, rows, columns) of every matrix but the embedding, in the order of the flat vector."""
        kv = self.kv_heads * self.head
        for i in range(self.layers):
            for name, rows, columns in (("q", self.width, self.width), ("k", kv, self.width), ("v", kv, self.width),
                                        ("o", self.width, self.width), ("gate", self.hidden, self.width),
                                        ("up", self.hidden, self.width), ("down", self.width, self.hidden)):
                yield f"{i}.{name}", rows, columns

    def tensors(self):
        """(name, shape) of every tensor: matrices, then norms, then the embedding."""
        for name, rows, columns in self.matrices():
            yield name, (rows, columns)
        for i in range(self.layers):
            yield f"{i}.attention_norm", (self.width,)
            yield f"{i}.hidden_norm", (self.width,)
        yield "norm", (self.width,)
        yield "embedding", (self.vocabulary, self.width)

    def size(self):
        return sum(math.prod(shape) for _, shape in self.tensors())

    def matrices_size(self):
        return sum(rows * columns for _, rows, columns in self.matrices())


def views(shape, flat):
    """The named tensors of a flat vector, sharing its memory."""
    found, at = {}, 0
    for name, dims in shape.tensors():
        found[name] = flat[at : at + math.prod(dims)].view(dims)
        at += math.prod(dims)
    return found


def initialise(shape, flat, seed=0):
    generator = torch.Generator().manual_seed(seed)
    for name, tensor in views(shape, flat).items():
        if tensor.ndim == 1:
            tensor.fill_(1.0)
        else:
            spread = 0.02 if name == "embedding" else 1 / math.sqrt(3 * tensor.shape[1])
            if name.endswith((".o", ".down")):
                spread /= math.sqrt(2 * shape.layers)
            tensor.copy_(torch.randn(tensor.shape, generator=generator) * spread)


class Ember:
    """The network over a flat vector. With `grad`, gradients gather in that vector (also flat)."""

    def __init__(self, shape, flat, grad=None):
        self.shape = shape
        self.w = {name: tensor.detach() for name, tensor in views(shape, flat).items()}
        if grad is not None:
            for name, g in views(shape, grad).items():
                self.w[name].requires_grad_(True).grad = g
        self.angles = None

    def rope(self, x):
        n = x.shape[2]
        if self.angles is None or self.angles[0].shape[0] < n:
            steps = torch.arange(0, self.shape.head, 2, device=x.device) / self.shape.head
            at = torch.outer(torch.arange(n, device=x.device).float(), self.shape.rope_base ** -steps)
            self.angles = at.cos(), at.sin()
        cos, sin = self.angles[0][:n], self.angles[1][:n]
        a, b = x[..., 0::2], x[..., 1::2]
        return torch.stack((a * cos - b * sin, a * sin + b * cos), -1).flatten(-2)

    def attention(self, i, x):
        s, w = self.shape, self.w
        batch, n, _ = x.shape
        fused = F.linear(x, torch.cat((w[f"{i}.q"], w[f"{i}.k"], w[f"{i}.v"]))).view(batch, n, -1, s.head).transpose(1, 2)
        qk = self.rope(fused[:, : s.heads + s.kv_heads])
        groups = s.heads // s.kv_heads
        k = qk[:, s.heads :].repeat_interleave(groups, 1)
        v = fused[:, s.heads + s.kv_heads :].repeat_interleave(groups, 1)
        y = F.scaled_dot_product_attention(qk[:, : s.heads], k, v, is_causal=True)
        return F.linear(y.transpose(1, 2).reshape(batch, n, s.width), w[f"{i}.o"])

    def states(self, ids):
        s, w = self.shape, self.w
        x = F.embedding(ids, w["embedding"])
        for i in range(s.layers):
            x = x + self.attention(i, F.rms_norm(x, (s.width,), w[f"{i}.attention_norm"], s.epsilon))
            y = F.rms_norm(x, (s.width,), w[f"{i}.hidden_norm"], s.epsilon)
            x = x + F.linear(F.silu(F.linear(y, w[f"{i}.gate"])) * F.linear(y, w[f"{i}.up"]), w[f"{i}.down"])
        return F.rms_norm(x, (s.width,), w["norm"], s.epsilon)

    def logits(self, ids):
        return F.linear(self.states(ids), self.w["embedding"])

    def losses(self, ids):
        """Nats of every token after the first."""
        logits = self.logits(ids[:, :-1])
        return F.cross_entropy(logits.flatten(0, 1), ids[:, 1:].flatten(), reduction="none").view(ids.shape[0], -1)

    def weighted_loss(self, ids, weight):
        """(weighted sum of losses, plain mean): for training; the gradient over the vocabulary is made in one pass."""
        states = self.states(ids[:, :-1]).flatten(0, 1)
        return VocabularyLoss.apply(states, self.w["embedding"], ids[:, 1:].flatten(), weight.flatten())


class VocabularyLoss(torch.autograd.Function):
    """Cross entropy of tied logits that keeps one vocabulary-sized buffer instead of four."""

    @staticmethod
    def forward(context, states, embedding, targets, weight):
        logits = states @ embedding.T
        logits -= logits.amax(-1, keepdim=True)
        own = logits.gather(1, targets[:, None])
        total = logits.exp_().sum(-1, keepdim=True)
        losses = (total.log() - own)[:, 0]
        logits *= weight[:, None] / total
        logits.scatter_add_(1, targets[:, None], -weight[:, None])
        context.save_for_backward(states, embedding, logits)
        mean = losses.mean()
        context.mark_non_differentiable(mean)
        return losses @ weight, mean

    @staticmethod
    def backward(context, gradient, _):
        states, embedding, logits = context.saved_tensors
        return gradient * (logits @ embedding), gradient * (logits.T @ states), None, None
