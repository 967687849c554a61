"""What is typed for a user-defined type's fields, and what is wrong with it."""

from __future__ import annotations

import pytest

from astrolabe.dataapi.client.user_types import fields_problem, read_fields


@pytest.mark.parametrize(
    ("typed", "fields"),
    [
        ("street text, house int", [("street", "text"), ("house", "int")]),
        ("street:text,house: INT,", [("street", "text"), ("house", "int")]),
        ("house number int", [("house number", "int")]),
        ("street", [("street", "")]),
        (" , ", []),
    ],
)
def test_fields_are_names_with_types(typed: str, fields: list[tuple[str, str]]) -> None:
    assert read_fields(typed) == fields


@pytest.mark.parametrize(
    ("typed", "problem"),
    [
        ("street text, house int", ""),
        ("", "Give at least one field"),
        ("street", "The field street has no type."),
        ("hits counter", "There is no type counter for fields."),
        ("tags set<text>", "There is no type set<text> for fields."),
        ("a int, a text", "There are two fields called a."),
        ("old int", "There are two fields called old."),
    ],
)
def test_what_is_wrong_with_fields_is_said(typed: str, problem: str) -> None:
    found = fields_problem(typed, ["old"])
    assert found.startswith(problem)
    assert bool(found) == bool(problem)
