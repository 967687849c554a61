"""What is given to a verb as JSON: itself, in a file, or on stdin."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import simplejson

from astrolabe.dataapi.protocol import JsonValue
from astrolabe.errors import UsageError
from storage import jsontext
from tui.cli.prompts import read_stdin
from tui.cli.session import utf8

LONGEST_GIVEN = 100_000_000
"""Characters taken from stdin at once; `astrolabe load` takes files of any size."""


async def read_given(given: str, what: str) -> dict[str, Any]:
    """Return the JSON object that a word of the command line is, names a file of, or (``-``) stands for on stdin.

    Raises:
        UsageError: There is none; says where the mistake is.
    """
    value = read_object(await text_of(given), what)
    return value or {}


async def text_of(given: str) -> str:
    """Return the text: the word itself where it begins like JSON, what came on stdin for ``-``, or the file's.

    Raises:
        UsageError: The file cannot be read, or is not UTF-8.
    """
    if given == "-":
        return await read_stdin(LONGEST_GIVEN, "JSON to send")
    if given.lstrip()[:1] in {"{", "["}:
        return given
    return await asyncio.to_thread(_text_of_file, Path(given))


def _text_of_file(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8-sig")
    except OSError as error:
        raise UsageError(f"{path} is neither JSON nor a file that can be read: {error.strerror}.") from error
    except UnicodeDecodeError:
        raise UsageError(f"{path} is not UTF-8.", hint="`astrolabe load` reads other encodings.") from None


def read_object(text: str | None, what: str) -> dict[str, Any] | None:
    """Return a JSON object that was given to an option; None where none was given.

    Raises:
        UsageError: It is none; says where the mistake is.
    """
    if text is None:
        return None
    value = read_json(text, what)
    if not isinstance(value, dict):
        raise UsageError(f"{what} is no JSON object.", hint="Put it into single quotes: '{\"a\": 1}'.")
    return value


def read_json(text: str, what: str) -> JsonValue:
    """Return what a text spells as JSON; numbers keep their digits.

    Raises:
        UsageError: It spells nothing; says where the mistake is.
    """
    try:
        return jsontext.loads(utf8(text, what))
    except simplejson.JSONDecodeError as problem:
        raise UsageError(
            f"{what} is not JSON at line {problem.lineno}, column {problem.colno}: {problem.msg}."
        ) from None
    except (ValueError, RecursionError):
        raise UsageError(f"{what} is not JSON: a number is too long, or it is nested too deeply.") from None
