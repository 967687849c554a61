"""Rows of a JSON file: the elements of one array, one object, or objects one after the other; read piece by piece.

simplejson's scanner, which is written in C, decodes one element at a time from a buffer that is filled as needed, so a
file of any size is read in the memory of its largest element. Numbers keep their digits: integers are ``int``, all
others ``Decimal``.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, NoReturn

import simplejson

from astrolabe.loading.formats.json_values import JsonReader
from astrolabe.loading.formats.rows import LONGEST_ROW, JsonPlace, Row, row_of
from astrolabe.loading.formats.source import SourceFile, advance, fault_at

_BLOCK = 1 << 18
"""Characters that are added to the buffer at a time, at least."""

_LONGEST_TOKEN = 16
"""A scanner that ran out of text stops at most this far from the end, unless it is inside a string."""

_SPACE = re.compile(r"[ \t\n\r]*")

_TOO_DEEP = "the value is nested too deeply to be read"
_TOO_MANY_DIGITS = "a number has too many digits to be read"


def json_rows(source: SourceFile, reader: JsonReader, place: JsonPlace | None = None) -> Iterator[Row]:
    """Yield the elements of the file's array, or its objects, or what lies at a place within its one object.

    Raises:
        LoadError: The text is not JSON from some place on, its outermost value is neither array nor object, or there
            is nothing at the place.
    """
    text = JsonText(source, reader)
    first = text.peek()
    if place is not None:
        yield from _rows_within(text, place)
    elif first == "[":
        yield from _elements(text)
        text.end("the array")
    elif first == "{":
        yield from _objects(text)
    else:
        text.fail("expected '[' or '{', an array of objects or one object" if first else "there is nothing in the file")


def _elements(text: JsonText) -> Iterator[Row]:
    for number, line in enumerate(text.elements()):
        yield text.row(number, line)


def _objects(text: JsonText) -> Iterator[Row]:
    number = 0
    while mark := text.peek():
        if mark != "{":
            text.fail("expected nothing more, or another object, after the object")
        yield text.row(number, text.line)
        number += 1


def _rows_within(text: JsonText, place: JsonPlace) -> Iterator[Row]:
    yield from _walk(text, place, place.path)
    text.end("the object")


def _walk(text: JsonText, place: JsonPlace, path: tuple[str, ...]) -> Iterator[Row]:
    """Go down the keys that are left to a place, and past everything beside them."""
    if not path:
        yield from _members(text) if place.keyed else _elements(text)
        return
    found = False
    for name in text.members():
        if name == path[0] and not found and text.peek() == ("{" if place.keyed or len(path) > 1 else "["):
            found = True
            yield from _walk(text, place, path[1:])
        else:
            text.value()
    if not found:
        kind = "object" if place.keyed or len(path) > 1 else "list"
        text.fail(f"there is no {kind} '{'.'.join(place.path)}' in the file's object")


def _members(text: JsonText) -> Iterator[Row]:
    """Yield an object's members as rows; a row without an ``_id`` of its own gets the key it stands under."""
    for number, name in enumerate(text.members()):
        row = text.row(number, text.line)
        if isinstance(row.value, dict):
            row = Row(row.number, row.line, {"_id": name, **row.value})
        yield row


def reason_of(error: ValueError | RecursionError) -> str:
    """Return what is wrong with a JSON text, as a clause without a full stop."""
    if isinstance(error, simplejson.JSONDecodeError):
        return f"not valid JSON: {error.msg[:1].lower()}{error.msg[1:]}"
    return _TOO_DEEP if isinstance(error, RecursionError) else _TOO_MANY_DIGITS


class JsonText:
    """The part of the file that is being decoded, and the place of its next character."""

    def __init__(self, source: SourceFile, reader: JsonReader) -> None:
        self._source = source
        self._reader = reader
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

    def row(self, number: int, line: int) -> Row:
        """Take one value as a row.

        Raises:
            LoadError: The text is no JSON value.
        """
        value, text = self._value()
        return row_of(number, line, value, self._reader.fault, text)

    def elements(self) -> Iterator[int]:
        """Take an array, and give the line of each element; the caller takes the element.

        Raises:
            LoadError: The text is no array.
        """
        opened = self.line
        yield from (self.line for _ in self._parts("[", "]", f"the array that begins on line {opened}", "an element"))

    def members(self) -> Iterator[str]:
        """Take an object, and give the name of each member; the caller takes its value.

        Raises:
            LoadError: The text is no object.
        """
        opened = self.line
        for _ in self._parts("{", "}", f"the object that begins on line {opened}", "a member"):
            if self.peek() != '"':
                self.fail("expected a name in quotes")
            name = str(self.value())
            if self.peek() != ":":
                self.fail("expected ':' after a name")
            self.skip()
            yield name

    def end(self, what: str) -> None:
        """Check that nothing comes after what the rows were in; raises :class:`LoadError`."""
        if self.peek():
            self.fail(f"there is more text after {what} has ended")

    def _parts(self, opening: str, closing: str, whole: str, part: str) -> Iterator[None]:
        """Take brackets and commas, and stop at each part between them."""
        if self.peek() != opening:
            self.fail(f"expected '{opening}'")
        self.skip()
        closed = self.peek() == closing
        while not closed:
            if not self.peek():
                self.fail(f"the file ends inside {whole}")
            yield
            mark = self.peek()
            if mark not in {",", closing}:
                self.fail(f"expected ',' or '{closing}' after {part}" if mark else f"the file ends inside {whole}")
            closed = mark == closing
            if not closed:
                self.skip()
                if self.peek() == closing:
                    self.fail(f"there is a comma before the closing '{closing}'")
        self.skip()

    def value(self) -> Any:  # noqa: ANN401 - JSON is any value
        """Take one JSON value.

        Raises:
            LoadError: The text is no JSON value.
        """
        return self._value()[0]

    def _value(self) -> tuple[Any, str]:
        """Take one JSON value, and return it with its text if something is wrong with it."""
        while True:
            try:
                value, end = self._reader.decode_at(self._text, self._next)
            except simplejson.JSONDecodeError as error:
                if self._ended or not self._ran_out(error):
                    self.fail(reason_of(error), error.pos, error)
            except (ValueError, RecursionError) as error:
                self.fail(reason_of(error), cause=error)
            else:
                # A number close to the end of the buffer may go on behind it: "12." reads as 12.
                if self._ended or end + _LONGEST_TOKEN < len(self._text):
                    text = self._text[self._next : end] if self._reader.fault is not None else ""
                    self._take(end)
                    return value, text
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
