"""The sample: the modules of Python's standard library, each with the documentation that it carries.

It is real text on every machine that runs this program. Source files are read, not imported; only modules that are
built into the interpreter are imported, because they have no source here.
"""

from __future__ import annotations

import ast
import importlib
import inspect
import sys
import sysconfig
import tokenize
from collections.abc import Iterable, Iterator
from pathlib import Path

import simplejson

from astrolabe.dataapi.protocol import Json
from astrolabe.errors import LoadError

SAMPLE_COLLECTION = "python_library"
"""Name of the sample collection."""

SAMPLE_VECTOR_FIELD = "documentation"
"""The field that is embedded."""

_FILE_NAME = "python_library.jsonl"

_LONGEST_TEXT = 1200
"""Characters of a module's documentation; its first paragraphs say what it is for, the rest how to use it."""

_SHORT_TEXT = 200
"""Characters under which a module's own words are too few, and those of its functions and classes are added."""

_LONGEST_SUMMARY = 160
_SHORTEST_TEXT = 30

_LEFT_OUT = frozenset(
    {"antigravity", "distutils", "idlelib", "lib2to3", "pydoc_data", "test", "tests", "this", "turtledemo"}
)
"""Tests, jokes, and what newer versions of Python no longer have."""

_WITHOUT_PARTS = frozenset({"encodings"})
"""Packages whose modules are all alike: a codec for each code page."""

_BEFORE_DOCSTRING = frozenset({tokenize.ENCODING, tokenize.COMMENT, tokenize.NL, tokenize.NEWLINE})

_BUILT_IN = (
    "array", "binascii", "builtins", "cmath", "errno", "faulthandler", "fcntl", "gc", "grp", "itertools", "marshal",
    "math", "mmap", "posix", "pwd", "resource", "select", "sys", "syslog", "termios", "time", "unicodedata", "zlib",
)  # fmt: skip
"""Modules without Python source whose import does nothing; a platform may lack some."""


def sample_file(folder: Path) -> Path:
    """Write the sample as JSON Lines and return the file; the same interpreter always writes the same.

    Args:
        folder: An existing folder, a temporary one for example.

    Raises:
        LoadError: This interpreter has come without its library's source files.
        OSError: The folder cannot be written.
    """
    documents = sorted((*_from_source(_library()), *_from_interpreter()), key=lambda document: str(document["_id"]))
    if not documents:
        raise LoadError(
            "This Python has come without the source files of its library, which the sample is made of.",
            hint="Load a file of your own, or install the package that holds the library's sources.",
        )
    path = folder / _FILE_NAME
    path.write_text("".join(simplejson.dumps(document) + "\n" for document in documents), encoding="utf-8")
    return path


def _library() -> Path:
    return Path(sysconfig.get_path("stdlib"))


def _from_source(library: Path) -> Iterator[Json]:
    for name, path in _modules(library, ""):
        try:
            own = _own_words(path)
            members = _members(ast.parse(path.read_bytes())) if len(own) < _SHORT_TEXT else ()
        except (OSError, SyntaxError, ValueError):
            # Some distributions ship templates and files for another version; one module less is no loss.
            continue
        text = _documentation(own, members)
        if len(text) >= _SHORTEST_TEXT:
            yield _document(name, text, "package" if path.name == "__init__.py" else "module")


def _own_words(path: Path) -> str:
    """Return a module's docstring; reads no further than that, because most of the time goes into parsing the rest."""
    with path.open("rb") as file:
        for token in tokenize.tokenize(file.readline):
            if token.type == tokenize.STRING:
                return inspect.cleandoc(str(ast.literal_eval(token.string)))
            if token.type not in _BEFORE_DOCSTRING:
                break
    return ""


def _modules(folder: Path, prefix: str) -> Iterator[tuple[str, Path]]:
    """Yield the public modules of a folder and of the packages in it, with their files."""
    for path in sorted(folder.iterdir()):
        name = path.stem
        if not name.isidentifier() or name.startswith("_") or name in _LEFT_OUT:
            continue
        if not prefix and name not in sys.stdlib_module_names:
            continue
        inside = path / "__init__.py"
        if inside.is_file():
            yield prefix + name, inside
            if name not in _WITHOUT_PARTS:
                yield from _modules(path, f"{prefix}{name}.")
        elif path.suffix == ".py":
            yield prefix + name, path


def _members(tree: ast.Module) -> Iterator[tuple[str, str]]:
    """Yield name and docstring of the public functions and classes of a module."""
    for node in tree.body:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef) and not node.name.startswith("_"):
            yield node.name, ast.get_docstring(node) or ""


def _from_interpreter() -> Iterator[Json]:
    for name in _BUILT_IN:
        try:
            module = importlib.import_module(name)
        except ImportError:
            continue  # this platform does without it
        text = _documentation(inspect.getdoc(module) or "", [])
        if len(text) >= _SHORTEST_TEXT:
            yield _document(name, text, "built-in")


def _documentation(own: str, members: Iterable[tuple[str, str]]) -> str:
    text = own.strip()
    if len(text) < _SHORT_TEXT:
        lines = [f"{name}: {_summary(words)}" for name, words in members if words.strip()]
        text = "\n".join([text, *lines]).strip()
    return text[:_LONGEST_TEXT]


def _summary(docstring: str) -> str:
    """Return the first paragraph on one line."""
    return " ".join(docstring.strip().split("\n\n")[0].split())[:_LONGEST_SUMMARY]


def _document(name: str, text: str, kind: str) -> Json:
    package, _, _ = name.rpartition(".")
    document: Json = {"_id": name, "name": name, "kind": kind, SAMPLE_VECTOR_FIELD: text}
    if package:
        document["package"] = package
    return document
