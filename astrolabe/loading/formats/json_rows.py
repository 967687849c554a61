"""Rows of a JSON file: the elements of one array, one object, or objects one after the other; read piece by piece.

simplejson's scanner, which is written in C, decodes one element at a time from a buffer that is filled as needed, so a
file of any size is read in the memory of its largest element. Numbers keep their digits: integers are ``int``, all
others ``Decimal``.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from decimal import Decimal
from typing import Any, NoReturn

import simplejson

from astrolabe.loading.formats.rows import LONGEST_ROW, Row
from astrolabe.loading.formats.source import SourceFile, advance, fault_at

DECODER = simplejson.JSONDecoder(parse_float=Decimal)
"""Strict JSON with exact numbers; NaN and Infinity are errors."""

_BLOCK = 1 << 18
"""Characters that are added to the buffer at a time, at least."""

_LONGEST_TOKEN = 16
"""A scanner that ran out of text stops at most this far from the end, unless it is inside a string."""

_SPACE = re.compile(r"[ \t\n\r]*")

_TOO_DEEP = "the value is nested too deeply to be read"
_TOO_MANY_DIGITS = "a number has too many digits to be read"


def json_rows(source: SourceFile) -> Iterator[Row]:
    """Yield the elements of the file's array, or its objects.

    Raises:
        LoadError: The text is not JSON from some place on, or its outermost value is neither array nor object.
    """
    text = _Buffer(source)
    first = text.peek()
    if first == "[":
        yield from _elements(text)
    elif first == "{":
        yield from _objects(text)
    else:
        text.fail("expected '[' or '{', an array of objects or one object" if first else "there is nothing in the file")


def _elements(text: _Buffer) -> Iterator[Row]:
    opened = text.line
    text.skip()
    number = 0
    closing = text.peek() == "]"
    while not closing:
        if not text.peek():
            text.fail(f"the file ends inside the array that begins on line {opened}")
        line = text.line
        yield Row(number, line, text.value())
        number += 1
        mark = text.peek()
        if mark not in {",", "]"}:
            text.fail("expected ',' or ']' after an element" if mark else _unfinished(opened))
        closing = mark == "]"
        if not closing:
            text.skip()
            if text.peek() == "]":
                text.fail("there is a comma before the closing ']'")
    text.skip()
    if text.peek():
        text.fail("there is more text after the array has ended")


def _unfinished(opened: int) -> str:
    return f"the file ends inside the array that begins on line {opened}"


def _objects(text: _Buffer) -> Iterator[Row]:
    number = 0
    while mark := text.peek():
        if mark != "{":
            text.fail("expected nothing more, or another object, after the object")
        line = text.line
        yield Row(number, line, text.value())
        number += 1


def reason_of(error: ValueError | RecursionError) -> str:
    """Return what is wrong with a JSON text, as a clause without a full stop."""
    if isinstance(error, simplejson.JSONDecodeError):
        return f"not valid JSON: {error.msg[:1].lower()}{error.msg[1:]}"
    return _TOO_DEEP if isinstance(error, RecursionError) else _TOO_MANY_DIGITS


class _Buffer:
    """The part of the file that is being decoded, and the place of its next character."""

    def __init__(self, source: SourceFile) -> None:
        self._source = source
        self._text = ""
        self._next = 0
        self._place = (1, 1)
        self._ended = False

    @property
    def line(self) -> int:
        """The line of the next character, from 1."""
        return self._place[0]

    def peek(self) -> str:
        """Return the next character that is no white space, without taking it; empty at the end of the file."""
        while True:
            space = _SPACE.match(self._text, self._next)
            if space is not None:
                self._take(space.end())
            if self._next < len(self._text):
                return self._text[self._next]
            if self._ended:
                return ""
            self._fill()

    def skip(self) -> None:
        """Take one character."""
        self._take(self._next + 1)

    def value(self) -> Any:  # noqa: ANN401 - JSON is any value
        """Take one JSON value.

        Raises:
            LoadError: The text is no JSON value.
        """
        while True:
            try:
                value, end = DECODER.raw_decode(self._text, self._next)
            except simplejson.JSONDecodeError as error:
                if self._ended or not self._ran_out(error):
                    self.fail(reason_of(error), error.pos, error)
            except (ValueError, RecursionError) as error:
                self.fail(reason_of(error), cause=error)
            else:
                # A number close to the end of the buffer may go on behind it: "12." reads as 12.
                if self._ended or end + _LONGEST_TOKEN < len(self._text):
                    self._take(end)
                    return value
            if len(self._text) - self._next > LONGEST_ROW:
                self.fail(f"the value is longer than {LONGEST_ROW:,} characters")
            self._fill()

    def fail(self, reason: str, at: int | None = None, cause: BaseException | None = None) -> NoReturn:
        """Raise the error for a fault at a position of the buffer, or at the next character."""
        line, column = advance(self._place, self._text[self._next : at]) if at is not None else self._place
        raise fault_at(self._source.path, reason, line=line, column=column) from cause

    def _ran_out(self, error: simplejson.JSONDecodeError) -> bool:
        """Whether more text may mend the error: an open string, or a stop close to the end of what there is."""
        return error.msg.startswith("Unterminated string") or error.pos + _LONGEST_TOKEN >= len(self._text.rstrip())

    def _take(self, end: int) -> None:
        self._place = advance(self._place, self._text[self._next : end])
        self._next = end

    def _fill(self) -> None:
        """Drop what was taken and read on; the buffer doubles, so that a large value is not scanned again too often."""
        kept = self._text[self._next :]
        wanted = max(_BLOCK, len(kept))
        read = self._source.read(wanted)
        self._ended = len(read) < wanted
        self._text, self._next = kept + read, 0
