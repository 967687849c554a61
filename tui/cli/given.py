"""What is given to a verb as JSON: itself, in a file, or on stdin."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import simplejson

from astrolabe.dataapi.protocol import JsonValue
from astrolabe.errors import UsageError
from storage import jsontext
from tui.cli.session import utf8


def read_given(given: str, what: str) -> dict[str, Any]:
    """Return the JSON object that a word of the command line is, names a file of, or (``-``) stands for on stdin.

    Raises:
        UsageError: There is none; says where the mistake is.
    """
    value = read_object(text_of(given), what)
    return value or {}


def text_of(given: str) -> str:
    """Return the text: the word itself where it begins like JSON, what came on stdin for ``-``, or the file's.

    Raises:
        UsageError: The file cannot be read, or is not UTF-8.
    """
    if given == "-":
        return sys.stdin.read()
    if given.lstrip()[:1] in {"{", "["}:
        return given
    try:
        return Path(given).read_text(encoding="utf-8-sig")
    except OSError as error:
        raise UsageError(f"{given} is neither JSON nor a file that can be read: {error.strerror}.") from error
    except UnicodeDecodeError:
        raise UsageError(f"{given} is not UTF-8.", hint="`astrolabe load` reads other encodings.") from None


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
