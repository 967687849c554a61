"""The rules for a document's fields: names, extended JSON values, the limits on paths, objects, arrays and values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from astrolabe.dataapi.language.allowances import CommandLimits, allowed
from astrolabe.dataapi.language.error_codes import data_api_error
from astrolabe.dataapi.language.paths import LONGEST_PATH, Path, escape_name, join_path
from astrolabe.dataapi.language.rules import DocumentRules
from astrolabe.dataapi.language.special_fields import LEXICAL, SPECIAL_FIELDS
from astrolabe.dataapi.language.values import (
    ejson_name,
    ejson_problem,
    limit_violation,
    shown,
    type_name,
)
from astrolabe.errors import DataApiError
from storage.lexical.analyzers import MOST_BYTES

MAX_NUMBER = 100
"""Characters of a number."""

_STR_LIMIT_BITS = 4096


def check_fields(body: Mapping[str, Any], rules: DocumentRules) -> None:
    """Check the fields of a document whose nesting is known to be bounded.

    Raises:
        DataApiError: SHRED_BAD_FIELD_NAME, SHRED_BAD_EJSON_VALUE, SHRED_DOC_LIMIT_VIOLATION,
            SHRED_BAD_DOCUMENT_LEXICAL_TYPE, LEXICAL_NOT_ENABLED_FOR_COLLECTION or LEXICAL_CONTENT_TOO_LONG.
    """
    if LEXICAL in body:
        _check_lexical(body[LEXICAL], rules)
    walk = _Walk(rules, allowed())
    walk.check_object((), 0, {name: value for name, value in body.items() if name not in SPECIAL_FIELDS})
    most = walk.limits.document_properties
    if walk.properties > most:
        raise limit_violation(
            f"it has {walk.properties} indexed properties in all, at most {most} are allowed", "document_properties"
        )


def _check_lexical(value: object, rules: DocumentRules) -> None:
    if value is not None and not isinstance(value, str):
        raise data_api_error(
            "SHRED_BAD_DOCUMENT_LEXICAL_TYPE",
            f"'$lexical' must be a string or null, not {type_name(value)}: {shown(value)}.\n\n"
            "Correct the value and resend the command.",
        )
    if value is None:
        return
    if not rules.analyzer().fits(value):
        raise data_api_error(
            "LEXICAL_CONTENT_TOO_LONG",
            f"The words of '$lexical' have more than {MOST_BYTES} bytes together, and no more are indexed.\n\n"
            "Give a shorter text, or split the document, and resend the command.",
        )


@dataclass(slots=True)
class _Walk:
    """One pass over a document. Paths have no array positions: a rule for ``tags.name`` covers all elements of tags."""

    rules: DocumentRules
    limits: CommandLimits
    properties: int = 0

    def check_object(self, path: Path, length: int, members: Mapping[str, Any]) -> None:
        """Check an object at ``path``, whose dotted text has ``length`` characters."""
        indexed = 0
        for name, value in members.items():
            _check_name(path, name)
            inner = (*path, name)
            inner_length = length + bool(path) + len(escape_name(name))
            if inner_length > LONGEST_PATH:
                raise limit_violation(
                    f"the path to a field has {inner_length} characters, at most {LONGEST_PATH} are allowed; it ends "
                    f"in {shown(name)}"
                )
            is_indexed = self.rules.indexing.indexes(inner)
            indexed += is_indexed
            self.check_value(inner, inner_length, value, is_indexed=is_indexed)
        most = self.limits.object_properties
        if indexed > most:
            raise limit_violation(
                f"{_place(path)} has {indexed} indexed properties, at most {most} are allowed", "object_properties"
            )
        self.properties += indexed

    def check_value(self, path: Path, length: int, value: object, *, is_indexed: bool) -> None:
        """Check one value and what lies inside it."""
        if isinstance(value, str):
            if is_indexed:
                _check_string(path, value, self.limits.string_bytes)
        elif isinstance(value, Mapping):
            name = ejson_name(value)
            if name is None:
                self.check_object(path, length, value)
            else:
                _check_ejson(path, name, value[name])
        elif isinstance(value, list):
            most = self.limits.array_elements
            if is_indexed and len(value) > most:
                raise limit_violation(
                    f"the array at {_place(path)} has {len(value)} elements, at most {most} are allowed",
                    "array_elements",
                )
            for element in value:
                self.check_value(path, length, element, is_indexed=is_indexed)
        elif isinstance(value, int | Decimal):
            _check_number(path, value)


def _place(path: Path) -> str:
    return f"'{join_path(path)}'" if path else "the document"


def _check_name(path: Path, name: str) -> None:
    if not name:
        raise _bad_name(f"{_place(path)} has a field with an empty name")
    if name.startswith("$"):
        raise _bad_name(f"the name {shown(name)} in {_place(path)} starts with '$'")


def _bad_name(problem: str) -> DataApiError:
    return data_api_error(
        "SHRED_BAD_FIELD_NAME",
        f"A field name is not valid: {problem}. Only '$vector', '$vectorize' and '$lexical' may start so, at "
        "the top of a document.\n\nRename the field and resend the command.",
    )


def _check_ejson(path: Path, name: str, inner: object) -> None:
    problem = ejson_problem(name, inner)
    if problem:
        raise data_api_error(
            "SHRED_BAD_EJSON_VALUE",
            f"Bad extended JSON value in {_place(path)}: {problem}.\n\nCorrect the value and resend the command.",
        )


def _check_string(path: Path, text: str, most: int) -> None:
    if len(text) * 3 <= most:
        return
    size = len(text.encode("utf-8", "surrogatepass"))
    if size > most:
        raise limit_violation(
            f"the indexed string at {_place(path)} has {size} bytes, at most {most} are allowed; fields "
            "that the collection's 'indexing' option leaves out may be longer",
            "string_bytes",
        )


def _check_number(path: Path, number: int | Decimal) -> None:
    if isinstance(number, int) and number.bit_length() > _STR_LIMIT_BITS:
        raise limit_violation(f"the number at {_place(path)} has more than {MAX_NUMBER} characters")
    length = len(str(number))
    if length > MAX_NUMBER:
        raise limit_violation(f"the number at {_place(path)} has {length} characters, at most {MAX_NUMBER} are allowed")
