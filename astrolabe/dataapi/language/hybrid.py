"""``$hybrid`` sorts and ``hybridLimits``: which lists findAndRerank reads, and how much of each."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from astrolabe.dataapi.language.error_codes import data_api_error
from astrolabe.dataapi.language.rules import DocumentRules
from astrolabe.dataapi.language.special_fields import HYBRID, LEXICAL, VECTOR, VECTORIZE
from astrolabe.dataapi.language.values import shown, type_name
from astrolabe.dataapi.language.vectors import parse_vector_of
from astrolabe.errors import DataApiError
from storage.shapes import VectorValue

DEFAULT_READ = 50
"""Documents that each of the two searches contributes."""

MOST_READ = 100

_PARTS = (VECTORIZE, VECTOR, LEXICAL)


@dataclass(frozen=True, slots=True)
class HybridSort:
    """A sort clause of findAndRerank.

    Attributes:
        is_hybrid: Whether there was a ``$hybrid`` at all.
        text: The text to embed, or None.
        vector: The vector as it came, or None; not looked at when there is a text.
        words: The words to search for, or None.
        explicit_words: Whether the words were asked for by name, and so need lexical search.
    """

    is_hybrid: bool = False
    text: str | None = None
    vector: Any = None
    words: str | None = None
    explicit_words: bool = False

    @property
    def empty(self) -> bool:
        """Whether nothing is searched for."""
        return self.text is None and self.vector is None and self.words is None


@dataclass(frozen=True, slots=True)
class ReadLimits:
    """How many documents each search contributes."""

    vector: int = DEFAULT_READ
    words: int = DEFAULT_READ


def parse_hybrid_sort(clause: object) -> HybridSort:
    """Read the shape of a sort clause; what it asks for is checked by :func:`check_hybrid_sort`.

    Raises:
        DataApiError: REQUEST_STRUCTURE_MISMATCH.
    """
    if clause is None:
        return HybridSort()
    if not isinstance(clause, Mapping):
        raise _mismatch(f"the sort clause must be an object or null, not {type_name(clause)}")
    if not clause:
        return HybridSort()
    unexpected = [name for name in clause if name != HYBRID]
    if unexpected:
        raise _mismatch(
            f"the sort clause of findAndRerank has '$hybrid' alone, not {', '.join(map(shown, unexpected))}"
        )
    value = clause[HYBRID]
    if isinstance(value, str):
        text = value if value.strip() else None
        return HybridSort(is_hybrid=True, text=text, words=text)
    if not isinstance(value, Mapping):
        raise _mismatch(f"'$hybrid' must be a string or an object, not {type_name(value)}")
    unexpected = [name for name in value if name not in _PARTS]
    if unexpected:
        raise _mismatch(f"'$hybrid' has {', '.join(_PARTS)}, not {', '.join(map(shown, unexpected))}")
    vector = value.get(VECTOR)
    if not (
        vector is None or isinstance(vector, list) or (isinstance(vector, Mapping) and list(vector) == ["$binary"])
    ):
        raise _mismatch(f"'$vector' in '$hybrid' must be an array of numbers or $binary, not {type_name(vector)}")
    return HybridSort(
        is_hybrid=True,
        text=_text(value, VECTORIZE),
        vector=vector,
        words=_text(value, LEXICAL),
        explicit_words=LEXICAL in value,
    )


def _text(value: Mapping[str, Any], name: str) -> str | None:
    text = value.get(name)
    if text is not None and not isinstance(text, str):
        raise _mismatch(f"'{name}' in '$hybrid' must be a string or null, not {type_name(text)}")
    return text if text and text.strip() else None


def check_hybrid_sort(sort: HybridSort, rules: DocumentRules) -> VectorValue | None:
    """Refuse what the collection cannot be searched by; return the vector that was given, if it is what is searched by.

    Raises:
        DataApiError: UNSUPPORTED_VECTOR_SORT_FOR_COLLECTION, UNSUPPORTED_VECTORIZE_SORT_FOR_COLLECTION,
            LEXICAL_NOT_ENABLED_FOR_COLLECTION; the codes of ``$vector`` values.
    """
    if (sort.text is not None or sort.vector is not None) and VECTOR not in rules.vectors:
        raise data_api_error(
            "UNSUPPORTED_VECTOR_SORT_FOR_COLLECTION",
            f"The collection {rules.name} does not have vectors enabled, so it cannot be searched by '$vectorize' or "
            "'$vector'.\n\nResend the command with '$lexical' alone, or use a collection with vectors.",
        )
    if sort.text is not None and not rules.vectorizes:
        raise data_api_error(
            "UNSUPPORTED_VECTORIZE_SORT_FOR_COLLECTION",
            f"The collection {rules.name} has no embedding service, so a text cannot be turned into a vector.\n\n"
            "Resend the command with a '$vector' in '$hybrid', or use a collection with an embedding service.",
        )
    if sort.explicit_words and sort.words is not None:
        rules.analyzer()
    if sort.text is not None or sort.vector is None:
        return None
    return parse_vector_of(rules.vector(), sort.vector)


def parse_read_limits(given: object) -> ReadLimits:
    """Read ``hybridLimits``: one number for both searches, or an object with both.

    Raises:
        DataApiError: REQUEST_STRUCTURE_MISMATCH or COMMAND_FIELD_VALUE_INVALID.
    """
    if given is None:
        return ReadLimits()
    if _is_whole(given):
        limits: dict[str, Any] = {VECTOR: given, LEXICAL: given}
    elif isinstance(given, Mapping):
        if set(given) != {VECTOR, LEXICAL} or not all(map(_is_whole, given.values())):
            raise _mismatch("hybridLimits must have '$vector' and '$lexical', both whole numbers, and nothing else")
        limits = dict(given)
    else:
        raise _mismatch(f"hybridLimits must be a whole number or an object, not {type_name(given)}")
    for name in (VECTOR, LEXICAL):
        if not 1 <= limits[name] <= MOST_READ:
            raise data_api_error(
                "COMMAND_FIELD_VALUE_INVALID",
                f"Command field 'hybridLimits.{name}' value {shown(limits[name])} not valid: must be between 1 and "
                f"{MOST_READ} (inclusive).",
            )
    return ReadLimits(limits[VECTOR], limits[LEXICAL])


def _is_whole(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _mismatch(problem: str) -> DataApiError:
    return data_api_error(
        "REQUEST_STRUCTURE_MISMATCH",
        f"The request cannot be understood: {problem}.\n\nCorrect it and resend the command.",
    )
