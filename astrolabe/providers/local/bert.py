"""The forward pass of a BERT encoder in numpy, with mean pooling: what sentence-transformers models of this kind do.

The tokens of all texts stand in one long matrix, one text after the other, without padding: the dense layers do not
mind where a text ends, and attention is computed for each text by itself. So nothing is spent on padding, no mask is
needed, and the mean over a text's rows is the mean over its attention mask.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from astrolabe.providers.local.gelu import gelu
from astrolabe.providers.local.tensors import Tensors
from storage.shapes import Matrix

_EPSILON = np.float32(1e-12)
"""Of all layer normalisations, from the model's configuration."""


@dataclass(frozen=True, slots=True)
class _Dense:
    """``rows @ weight.T + bias``."""

    weight: Matrix
    bias: Matrix

    def __call__(self, rows: Matrix) -> Matrix:
        result: Matrix = rows @ self.weight.T
        result += self.bias
        return result


@dataclass(frozen=True, slots=True)
class _Norm:
    """Layer normalisation over the last axis."""

    weight: Matrix
    bias: Matrix

    def __call__(self, rows: Matrix) -> Matrix:
        centred: Matrix = rows - rows.mean(axis=1, keepdims=True)
        variance = np.einsum("ij,ij->i", centred, centred)[:, None] / np.float32(rows.shape[1])
        centred /= np.sqrt(variance + _EPSILON)
        centred *= self.weight
        centred += self.bias
        return centred


@dataclass(frozen=True, slots=True)
class _Layer:
    """One layer of the encoder."""

    query: _Dense
    key: _Dense
    value: _Dense
    attended: _Dense
    attended_norm: _Norm
    inner: _Dense
    outer: _Dense
    outer_norm: _Norm


class BertEncoder:
    """An encoder over the tensors of a BERT model, under the names that its reference implementation gives them.

    Args:
        tensors: All weights.
        heads: Number of attention heads; the tensors do not tell.

    Raises:
        KeyError: A tensor is missing.
    """

    def __init__(self, tensors: Tensors, *, heads: int) -> None:
        self._heads = heads
        self._words = tensors["embeddings.word_embeddings.weight"]
        self._positions = tensors["embeddings.position_embeddings.weight"]
        self._type = tensors["embeddings.token_type_embeddings.weight"][0]
        self._norm = _norm(tensors, "embeddings.LayerNorm")
        count = sum(name.endswith(".attention.self.query.weight") for name in tensors)
        self._layers = [_layer(tensors, f"encoder.layer.{number}") for number in range(count)]

    def encode(self, texts: Sequence[Sequence[int]]) -> Matrix:
        """Return one unit vector per text.

        Args:
            texts: Token ids; none empty, none longer than the model's positions.
        """
        lengths = np.array([len(ids) for ids in texts])
        ends = np.cumsum(lengths)
        starts = ends - lengths
        places = np.arange(ends[-1]) - np.repeat(starts, lengths)
        rows = self._words[np.concatenate([np.asarray(ids) for ids in texts])]
        rows += self._positions[places]
        rows += self._type
        rows = self._norm(rows)
        bounds = [(int(start), int(end)) for start, end in zip(starts, ends, strict=True)]
        for layer in self._layers:
            rows = self._apply(layer, rows, bounds)
        means = np.add.reduceat(rows, starts, axis=0) / lengths[:, None].astype(np.float32)
        result: Matrix = means / np.linalg.norm(means, axis=1, keepdims=True)
        return result

    def _apply(self, layer: _Layer, rows: Matrix, bounds: Sequence[tuple[int, int]]) -> Matrix:
        attended = layer.attended(self._attend(layer, rows, bounds))
        attended += rows
        rows = layer.attended_norm(attended)
        result = layer.outer(gelu(layer.inner(rows)))
        result += rows
        return layer.outer_norm(result)

    def _attend(self, layer: _Layer, rows: Matrix, bounds: Sequence[tuple[int, int]]) -> Matrix:
        """Let the tokens of each text look at each other, head by head."""
        size = rows.shape[1] // self._heads
        queries, keys, values = layer.query(rows), layer.key(rows), layer.value(rows)
        queries /= np.sqrt(np.float32(size))
        result = np.empty_like(rows)
        for start, end in bounds:
            shape = (end - start, self._heads, size)
            query, key, value = (part[start:end].reshape(shape) for part in (queries, keys, values))
            weights = query.transpose(1, 0, 2) @ key.transpose(1, 2, 0)
            weights -= weights.max(axis=2, keepdims=True)
            np.exp(weights, out=weights)
            weights /= weights.sum(axis=2, keepdims=True)
            result[start:end] = (weights @ value.transpose(1, 0, 2)).transpose(1, 0, 2).reshape(end - start, -1)
        return result


def _dense(tensors: Tensors, name: str) -> _Dense:
    return _Dense(tensors[f"{name}.weight"], tensors[f"{name}.bias"])


def _norm(tensors: Tensors, name: str) -> _Norm:
    return _Norm(tensors[f"{name}.weight"], tensors[f"{name}.bias"])


def _layer(tensors: Tensors, name: str) -> _Layer:
    return _Layer(
        query=_dense(tensors, f"{name}.attention.self.query"),
        key=_dense(tensors, f"{name}.attention.self.key"),
        value=_dense(tensors, f"{name}.attention.self.value"),
        attended=_dense(tensors, f"{name}.attention.output.dense"),
        attended_norm=_norm(tensors, f"{name}.attention.output.LayerNorm"),
        inner=_dense(tensors, f"{name}.intermediate.dense"),
        outer=_dense(tensors, f"{name}.output.dense"),
        outer_norm=_norm(tensors, f"{name}.output.LayerNorm"),
    )
