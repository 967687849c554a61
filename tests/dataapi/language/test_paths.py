"""Dotted paths with escapes."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from astrolabe.dataapi.language.paths import PathSyntaxError, join_path, overlapping, split_path


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("a", ("a",)),
        ("a.b.c", ("a", "b", "c")),
        ("tags.0", ("tags", "0")),
        ("a&.b", ("a.b",)),
        ("a&&b", ("a&b",)),
        ("a&&.b", ("a&", "b")),
        ("&&&.", ("&.",)),
        (" a .ä", (" a ", "ä")),
    ],
)
def test_a_path_is_split_at_its_dots(text: str, names: tuple[str, ...]) -> None:
    assert split_path(text) == names


@pytest.mark.parametrize("text", ["", ".", "a.", ".a", "a..b", "&", "a&b", "a.b&", "&a"])
def test_a_path_that_cannot_be_split_is_refused(text: str) -> None:
    with pytest.raises(PathSyntaxError):
        split_path(text)


@given(st.lists(st.text(min_size=1, alphabet="ab.&$0"), min_size=1).map(tuple))
def test_joining_and_splitting_are_inverse(names: tuple[str, ...]) -> None:
    assert split_path(join_path(names)) == names


@pytest.mark.parametrize(
    ("paths", "conflict"),
    [
        ([("a",), ("b",)], None),
        ([("a",), ("ab",)], None),
        ([("a", "b"), ("a", "c")], None),
        ([("b",), ("a",), ("b",)], (("b",), ("b",))),
        ([("a", "b", "c"), ("x",), ("a",)], (("a",), ("a", "b", "c"))),
        ([("a",), ("a-b",), ("a", "b")], (("a",), ("a", "b"))),
    ],
)
def test_overlapping_paths_are_found(
    paths: list[tuple[str, ...]], conflict: tuple[tuple[str, ...], tuple[str, ...]] | None
) -> None:
    assert overlapping(paths) == conflict


names = st.lists(st.sampled_from(["a", "b", "a.b", "&"]), min_size=1, max_size=3).map(tuple)


@given(st.lists(names, max_size=6))
def test_overlapping_agrees_with_looking_at_every_pair(paths: list[tuple[str, ...]]) -> None:
    pairs = [(one, other) for at, one in enumerate(paths) for there, other in enumerate(paths) if at != there]
    assert (overlapping(paths) is not None) == any(other[: len(one)] == one for one, other in pairs)
