"""Large JSON texts, read a piece at a time: no piece keeps the interpreter's lock for more than a moment.

The decoder is written in C and keeps the lock from the first character to the last; 20 MB are half a second. Here it is
given no more than :data:`PIECE` characters at once. What is larger is an array or an object; its members are read one
after another, as many in one piece as fit, and what is between the pieces is read in Python. The texts that are
accepted, their values and the errors are the decoder's own.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any, TypeAlias

from simplejson import JSONDecodeError

from storage.gil_yield import Turns

PIECE = 16_384
"""Characters that are decoded at once: some tenths of a millisecond."""

DEEPEST = 250
"""Levels of nesting that are read."""

JsonValue: TypeAlias = Any

Decode: TypeAlias = Callable[[str, int], tuple[JsonValue, int]]
"""Decodes the value that begins at a position of a text, and returns it with the position behind it."""

SMALL_PIECE = 1024
"""Characters that are decoded first: most values end within them."""

_MOST_SINGLY = 64
_FREED_AT_ONCE = 500
_BLANK = re.compile(r"[ \t\n\r]*")
_TOKEN = re.compile(r"[^ \t\n\r,\]}]*")
_PLAIN = re.compile(r'[^"\\\x00-\x1f]*')
_ESCAPES = re.compile(r'(?:\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}))+')
_HIGH = re.compile(r"\\u[dD][89abAB][0-9a-fA-F]{2}\Z")
_PAIR = r"\udbff"
_PLAIN_AT_ONCE = 262_144
_ESCAPED_AT_ONCE = 16_384
_CLOSERS = {"[": "]", "{": "}"}


class TooManyValuesError(ValueError):
    """A text holds more values than are wanted, or one of its objects more fields.

    Attributes:
        most: How many are.
        of_object: Whether they are the fields of one object.
    """

    def __init__(self, most: int, *, of_object: bool = False) -> None:
        super().__init__(f"there are more than {most} {'fields in an object' if of_object else 'values'}")
        self.most = most
        self.of_object = of_object


class PieceReader:
    """Reads one text; not on the event loop's thread, because it gives way in between.

    Args:
        text: The whole text.
        decode: Decodes pieces; says what becomes of numbers, and refuses keys that stand twice.
        duplicate: Makes the error of a key that stands twice in an object of several pieces.
        most_values: Values that the text may hold, those inside others counted, too; None for any number.
        most_fields: Fields that one object may have; None for any number. A dictionary that outgrows its table is laid
            out anew with the lock held, which takes as long as all its fields need.
    """

    def __init__(
        self,
        text: str,
        decode: Decode,
        *,
        duplicate: Callable[[str], Exception],
        most_values: int | None = None,
        most_fields: int | None = None,
    ) -> None:
        self._text = text
        self._decode = decode
        self._duplicate = duplicate
        self._most = most_values
        self._most_fields = most_fields
        self._turns = Turns()
        self._values = 0
        # Commas inside texts count, too: only where there are so many, values are counted one by one.
        self._counting = most_values is not None and self._marks() >= most_values

    def read(self) -> JsonValue:
        """Return the value of the text.

        Raises:
            JSONDecodeError: It is not JSON; positions are those in the whole text.
            TooManyValuesError: It holds more values, or an object of it more fields, than are wanted.
            RecursionError: It is nested more than :data:`DEEPEST` deep.
        """
        value, end = self._value(self._skip(1 if self._text.startswith("\ufeff") else 0), 0)
        end = self._skip(end)
        if end != len(self._text):
            raise JSONDecodeError("Extra data", self._text, end, len(self._text))
        return value

    def _value(self, start: int, depth: int) -> tuple[JsonValue, int]:
        """Read the value at a position."""
        first = self._text[start : start + 1]
        if first in _CLOSERS:
            for size in (SMALL_PIECE, PIECE):
                found = self._piece(start, size)
                if found is not None:
                    return found
            if depth >= DEEPEST:
                raise RecursionError(f"nested more than {DEEPEST} deep")
            self._count(())
            return (self._array if first == "[" else self._object)(start + 1, depth + 1)
        if first == '"':
            value, end = self._string(start)
        else:
            token = _TOKEN.match(self._text, start)
            value, end = self._whole(token[0] if token is not None else "", start)
        self._count(value)
        return value, end

    def _piece(self, start: int, size: int) -> tuple[JsonValue, int] | None:
        """Decode an array or object that is no longer than a piece; None when it is."""
        piece = self._text[start : start + size]
        try:
            value, end = self._decode(piece, 0)
        except JSONDecodeError as error:
            if start + size < len(self._text):
                return None  # too long, or no JSON: whatever comes of reading its members
            raise JSONDecodeError(error.msg, self._text, start + error.pos) from None
        self._count(value)
        return value, start + end

    def _string(self, start: int) -> tuple[str, int]:
        """Read a text, however long: what stands for itself is taken as it is, what is escaped is decoded."""
        parts: list[str] = []
        position = start + 1
        while True:
            limit = position + _PLAIN_AT_ONCE
            plain = _PLAIN.match(self._text, position, limit)
            if plain is not None and plain[0]:
                parts.append(plain[0])
                position = plain.end()
            if self._text.startswith('"', position):
                return "".join(parts), position + 1
            escapes = _ESCAPES.match(self._text, position, position + _ESCAPED_AT_ONCE)
            if escapes is not None:
                end = escapes.end()
                if end + len(_PAIR) > position + _ESCAPED_AT_ONCE:
                    end -= len(_PAIR) * bool(_HIGH.search(escapes[0]))  # its other half comes next
                parts.append(self._decode(f'"{self._text[position:end]}"', 0)[0])
                position = end
            elif position < limit:
                value, end = self._decode(self._text, start)  # it has no end, or a character that may not be there
                return str(value), end
            self._turns.rest()

    def _marks(self) -> int:
        """Return how many values there are at most."""
        found = 0
        for start in range(0, len(self._text), _PLAIN_AT_ONCE):
            found += sum(self._text.count(mark, start, start + _PLAIN_AT_ONCE) for mark in ",[{")
            self._turns.rest()
        return found

    def _whole(self, token: str, start: int) -> tuple[JsonValue, int]:
        try:
            value, end = self._decode(token, 0)
        except JSONDecodeError as error:
            raise JSONDecodeError(error.msg, self._text, start + error.pos) from None
        return value, start + end

    def _array(self, position: int, depth: int) -> tuple[JsonValue, int]:
        values: list[JsonValue] = []
        try:
            return values, self._elements(values, self._skip(position), depth)
        except BaseException:
            dismantle(values)
            raise

    def _elements(self, values: list[JsonValue], position: int, depth: int) -> int:
        """Read the elements of an array; return the position behind its end."""
        if self._text.startswith("]", position):
            return position + 1
        batches = _Batches(self, "[")
        while True:
            many = batches.next(position)
            if many is not None:
                values += many[0]
                position = self._comma(many[1], "]")
            else:
                value, position = self._value(position, depth)
                values.append(value)
                position = self._skip(position)
                if self._text.startswith("]", position):
                    return position + 1
                position = self._comma(position, "]")
            self._turns.rest()

    def _object(self, position: int, depth: int) -> tuple[JsonValue, int]:
        members: dict[str, JsonValue] = {}
        try:
            return members, self._members(members, self._skip(position), depth)
        except BaseException:
            dismantle(members)
            raise

    def _members(self, members: dict[str, JsonValue], position: int, depth: int) -> int:
        """Read the members of an object; return the position behind its end."""
        if self._text.startswith("}", position):
            return position + 1
        batches = _Batches(self, "{")
        while True:
            many = batches.next(position)
            if many is not None:
                self._merge(members, many[0])
                position = self._comma(many[1], "}")
            else:
                position = self._member(members, position, depth)
                if self._text.startswith("}", position):
                    return position + 1
                position = self._comma(position, "}")
            self._turns.rest()

    def _member(self, members: dict[str, JsonValue], position: int, depth: int) -> int:
        """Read a name and its value; return the position of what follows."""
        if not self._text.startswith('"', position):
            raise JSONDecodeError("Expecting property name enclosed in double quotes", self._text, position)
        name, position = self._string(position)
        position = self._skip(position)
        if not self._text.startswith(":", position):
            raise JSONDecodeError("Expecting ':' delimiter", self._text, position)
        value, position = self._value(self._skip(position + 1), depth)
        self._merge(members, {name: value})
        return self._skip(position)

    def _merge(self, members: dict[str, JsonValue], more: dict[str, JsonValue]) -> None:
        if not members.keys().isdisjoint(more):
            raise self._duplicate(next(name for name in more if name in members))
        if self._most_fields is not None and len(members) + len(more) > self._most_fields:
            raise TooManyValuesError(self._most_fields, of_object=True)
        members.update(more)

    def _comma(self, position: int, closer: str) -> int:
        """Return the position of the member behind a comma."""
        if not self._text.startswith(",", position):
            raise JSONDecodeError(f"Expecting ',' delimiter or '{closer}'", self._text, position)
        following = self._skip(position + 1)
        if self._text.startswith(closer, following):
            kind = "array" if closer == "]" else "object"
            raise JSONDecodeError(f"Illegal trailing comma before end of {kind}", self._text, position)
        return following

    def batch(self, start: int, opener: str, end: int) -> JsonValue | None:
        """Return the members between two positions of an array or object, or None when they are no whole members."""
        piece = f"{opener}{self._text[start:end]}{_CLOSERS[opener]}"
        try:
            value, decoded = self._decode(piece, 0)
        except JSONDecodeError:
            return None
        if decoded != len(piece):
            return None
        self._count(value, -1)
        return value

    def end_of_batch(self, start: int, opener: str) -> int:
        """Return the position of the last comma within a piece that may be one between members; -1 for none."""
        text, end = self._text, start + PIECE
        closer = _CLOSERS.get(text[start : start + 1])
        if closer is not None:
            return text.rfind(f"{closer},", start, end) + 1 or -1
        last = text.find(_CLOSERS[opener], start, end)  # most likely its own end, where the members are plain
        return text.rfind(",", start, last if last >= 0 else end)

    def _skip(self, position: int) -> int:
        found = _BLANK.match(self._text, position)
        return found.end() if found is not None else position

    def _count(self, value: JsonValue, found: int = 0) -> None:
        """Count a value with all that lies inside it, and ``found`` more."""
        if not self._counting or self._most is None:
            return
        self._values += found
        todo = [value]
        while todo:
            part = todo.pop()
            self._values += 1
            if isinstance(part, dict | list):
                todo.extend(part.values() if isinstance(part, dict) else part)
        if self._values > self._most:
            raise TooManyValuesError(self._most)


class _Batches:
    """Reads members of one array or object many at a time, as long as that succeeds."""

    def __init__(self, reader: PieceReader, opener: str) -> None:
        self._reader = reader
        self._opener = opener
        self._singly = 0
        self._wait = 0

    def next(self, position: int) -> tuple[JsonValue, int] | None:
        """Return members and the position of the comma that follows them; None when one alone is to be read."""
        if self._wait > 0:
            self._wait -= 1
            return None
        end = self._reader.end_of_batch(position, self._opener)
        value = self._reader.batch(position, self._opener, end) if end > position else None
        if value is None:
            # What is inside a member looked like its end. It may look so again: single members for a while.
            self._wait = self._singly = min(self._singly * 2 + 1, _MOST_SINGLY)
            return None
        self._singly = 0
        return value, end


def dismantle(value: JsonValue) -> None:
    """Take a large value apart; not on the event loop's thread.

    Python frees it at once when the last who knows it lets go, with the lock held: a tenth of a second for a million
    values. Nobody may need the value any more.
    """
    turns = Turns(unstoppable=True)
    todo = [value]
    while todo:
        part = todo[-1]
        if isinstance(part, dict) and part:
            some = [part.popitem()[1] for _ in range(min(len(part), _FREED_AT_ONCE))]
            todo.extend(inner for inner in some if isinstance(inner, list | dict))
        elif isinstance(part, list) and part:
            some = part[-_FREED_AT_ONCE:]
            del part[-_FREED_AT_ONCE:]
            todo.extend(inner for inner in some if isinstance(inner, list | dict))
        else:
            todo.pop()
        turns.rest()
