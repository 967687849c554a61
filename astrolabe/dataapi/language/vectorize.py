"""``$vectorize`` and ``$hybrid`` in documents that are inserted: what is to be embedded, before anything else.

Any error here fails the whole command.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from astrolabe.dataapi.language.error_codes import data_api_error
from astrolabe.dataapi.language.rules import DocumentRules
from astrolabe.dataapi.language.special_fields import HYBRID, LEXICAL, VECTOR, VECTORIZE
from astrolabe.dataapi.language.values import shown, type_name
from astrolabe.errors import DataApiError

_HYBRID_PARTS = (VECTORIZE, LEXICAL)


@dataclass(frozen=True, slots=True)
class PendingText:
    """A text whose vector becomes the ``$vector`` of ``documents[index]``."""

    index: int
    text: str


def plan_vectorize(documents: Sequence[Any], rules: DocumentRules) -> tuple[list[Any], list[PendingText]]:
    """Find the texts that have to be embedded before documents can be stored.

    Args:
        documents: Documents as given; what is not an object is left for the document rules to refuse.
        rules: The collection's.

    Returns:
        The documents with ``$hybrid`` expanded and ``"$vector": null`` added beside null and blank texts, and the texts
        to embed in *store* mode. The caller puts each vector (JSON or numpy) under ``$vector`` of its document.

    Raises:
        DataApiError: INVALID_USAGE_OF_VECTORIZE, INVALID_VECTORIZE_VALUE_TYPE, EMBEDDING_SERVICE_NOT_CONFIGURED or one
            of the HYBRID_FIELD codes.
    """
    planned: list[Any] = []
    pending: list[PendingText] = []
    for index, given in enumerate(documents):
        document = _expanded(given) if isinstance(given, Mapping) else given
        if isinstance(document, dict) and VECTORIZE in document:
            if _check_vectorize(document, index + 1, rules):
                pending.append(PendingText(index, document[VECTORIZE]))
            elif rules.vectors:
                document[VECTOR] = None
        planned.append(document)
    return planned, pending


def _check_vectorize(document: Mapping[str, Any], position: int, rules: DocumentRules) -> bool:
    """Return whether the document's ``$vectorize`` is a text to embed; null and blank texts are not."""
    text = document[VECTORIZE]
    if VECTOR in document:
        raise invalid_usage(f"a document may have one of them, not both (issue in document at position {position})")
    if text is None:
        return False
    if not isinstance(text, str):
        raise data_api_error(
            "INVALID_VECTORIZE_VALUE_TYPE",
            f"The value of '$vectorize' needs to be String, not {type_name(text)} (issue in document at position "
            f"{position}).\n\nGive a text or null and resend the command.",
        )
    if not text.strip():
        return False
    if not rules.vectorizes:
        raise rules.no_embedding_service()
    return True


def invalid_usage(problem: str) -> DataApiError:
    """Return the error for ``$vector`` and ``$vectorize`` used together where only one may be."""
    return data_api_error(
        "INVALID_USAGE_OF_VECTORIZE",
        f"'$vector' and '$vectorize' cannot be used together: {problem}.\n\nResend the command with one of them.",
    )


def _expanded(document: Mapping[str, Any]) -> dict[str, Any]:
    """Return a copy of a document with ``$hybrid`` replaced, in its place, by ``$vectorize`` and ``$lexical``."""
    if HYBRID not in document:
        return dict(document)
    beside = [name for name in (VECTOR, *_HYBRID_PARTS) if name in document]
    if beside:
        raise _hybrid("CONFLICT", f"it stands beside {', '.join(beside)}, which it would set itself")
    parts = _hybrid_parts(document[HYBRID])
    expanded: dict[str, Any] = {}
    for name, value in document.items():
        expanded.update(parts if name == HYBRID else {name: value})
    return expanded


def _hybrid_parts(value: object) -> dict[str, Any]:
    if value is None or isinstance(value, str):
        return dict.fromkeys(_HYBRID_PARTS, value)
    if not isinstance(value, Mapping):
        raise _hybrid("UNSUPPORTED_VALUE_TYPE", f"it must be a string, an object or null, not {type_name(value)}")
    unknown = [name for name in value if name not in _HYBRID_PARTS]
    if unknown:
        raise _hybrid("UNKNOWN_SUBFIELDS", f"it has {', '.join(map(shown, unknown))} besides '$vectorize', '$lexical'")
    for name, part in value.items():
        if part is not None and not isinstance(part, str):
            raise _hybrid(
                "UNSUPPORTED_SUBFIELD_VALUE_TYPE", f"its '{name}' must be a string or null, not {type_name(part)}"
            )
    return {name: value.get(name) for name in _HYBRID_PARTS}


def _hybrid(code: str, problem: str) -> DataApiError:
    return data_api_error(
        f"HYBRID_FIELD_{code}", f"The '$hybrid' field is not valid: {problem}.\n\nCorrect it and resend the command."
    )
