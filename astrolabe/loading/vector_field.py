"""Where a document's vector comes from: the Vector Field's text or numbers, or what the row brings itself.

A text becomes ``$vectorize`` and stays in its own field too, as in the portal. An array of numbers becomes ``$vector``
and leaves its field: a second copy would only count against the document's limits.
"""

from __future__ import annotations

from collections.abc import Collection

from astrolabe.dataapi.client.target_info import TargetInfo
from astrolabe.dataapi.language.special_fields import HYBRID, LEXICAL, VECTOR, VECTORIZE
from astrolabe.dataapi.protocol import Json
from astrolabe.errors import RuleError
from astrolabe.loading.load_plan import LoadPlan
from astrolabe.loading.preview import FieldType, numbers_in, type_of

_WITH_ARTICLE = {
    FieldType.TEXT: "a text",
    FieldType.NUMBER: "a number",
    FieldType.BOOLEAN: "true or false",
    FieldType.VECTOR: "an array of numbers",
    FieldType.ARRAY: "an array",
    FieldType.OBJECT: "an object",
    FieldType.NULL: "null",
}


def with_article(value: object) -> str:
    """Return what a JSON value is, to be put into a sentence: "a number", "an array"."""
    return _WITH_ARTICLE[type_of(value)]


def check_vector_field(info: TargetInfo, vector_field: str | None) -> None:
    """Check that the collection can use a Vector Field, if one is named.

    Raises:
        RuleError: It has no vectors.
    """
    if vector_field is not None and info.vector is None:
        raise RuleError(
            f"The collection '{info.name}' has no vectors, so no Vector Field can be used.",
            field="vector_field",
            hint="Load without a Vector Field, or into a collection with vectors.",
        )


def require_vectors(plan: LoadPlan, fields: Collection[str]) -> None:
    """Check that the documents will have vectors, where the collection has some, unless others are meant.

    Args:
        plan: What is to be loaded.
        fields: The names of the fields in the file.

    Raises:
        RuleError: No field is named for them, and no row brings its own.
    """
    info = plan.info
    if info.is_table or info.vector is None or plan.no_vectors or plan.vector_field is not None:
        return
    if not {VECTOR, VECTORIZE, HYBRID}.isdisjoint(fields):
        return
    raise RuleError(
        f"No row has a vector for the collection '{info.name}': no Vector Field is named, and there is no field "
        f"'{VECTORIZE}' or '{VECTOR}'. Nothing was loaded; a search would find none of the documents.",
        field="vector_field",
        hint=f"Name the field to search by with --vector-field; the file has: {', '.join(list(fields)[:20])}. "
        "With --no-vectors documents without a vector are loaded.",
    )


def place_vector(document: Json, vector_field: str | None, info: TargetInfo) -> str | None:
    """Put the Vector Field's value where the collection expects it; changes the document.

    Args:
        document: The document to be.
        vector_field: The field to take it from, or None to take what the row brings.
        info: The collection; with a service it takes texts, without one numbers.

    Returns:
        Why the document cannot be loaded, as a clause, or None.
    """
    if vector_field is None or vector_field in {VECTOR, VECTORIZE}:
        return _missing(document, vector_field) or _check_own(document, info)
    for own in (VECTOR, VECTORIZE):
        if own in document:
            return f"it has '{own}' beside the Vector Field '{vector_field}'; only one of them can decide the vector"
    reason = _missing(document, vector_field)
    if reason is not None:
        return reason
    if info.service is not None:
        return _place_text(document, vector_field)
    return _place_numbers(document, vector_field)


def can_have_words(info: TargetInfo) -> bool:
    """Whether the texts that the collection embeds can be made searchable by words, too."""
    return info.lexical and info.service is not None


def check_words(info: TargetInfo) -> None:
    """Check that the texts of a load can be made searchable by words.

    Raises:
        RuleError: The collection has no lexical search, or embeds no texts.
    """
    if can_have_words(info):
        return
    reason = "embeds no texts" if info.lexical else "has no lexical search"
    raise RuleError(
        f"The collection '{info.name}' {reason}, so nothing can be made searchable by words.",
        field="words",
        hint="Load without it; or bring a field '$lexical' in the rows."
        if info.lexical
        else "Load without it, or into a collection that was created with lexical search.",
    )


def place_words(document: Json) -> None:
    """Put the text that is embedded where it is searched by words, too; words that the row brings itself stay."""
    text = document.get(VECTORIZE)
    if isinstance(text, str) and text.strip() and document.keys().isdisjoint({LEXICAL, HYBRID}):
        document[LEXICAL] = text


def _missing(document: Json, vector_field: str | None) -> str | None:
    """Return a reason when the Vector Field is absent or there is nothing in it."""
    if vector_field is None:
        return None
    if vector_field not in document:
        return f"the Vector Field '{vector_field}' is missing"
    value = document[vector_field]
    if value is None:
        return f"the Vector Field '{vector_field}' is null"
    if value == [] or (isinstance(value, str) and not value.strip()):
        return f"the Vector Field '{vector_field}' is empty"
    return None


def _place_text(document: Json, vector_field: str) -> str | None:
    value = document[vector_field]
    if not isinstance(value, str):
        return f"the Vector Field '{vector_field}' holds {with_article(value)}, not a text"
    document[VECTORIZE] = value
    return None


def _place_numbers(document: Json, vector_field: str) -> str | None:
    value = numbers_in(document[vector_field])
    if value is None:
        held = with_article(document[vector_field])
        return f"the Vector Field '{vector_field}' holds {held}; without an embedding service it needs numbers"
    del document[vector_field]
    document[VECTOR] = value
    return None


def _check_own(document: Json, info: TargetInfo) -> str | None:
    """Check the ``$vector`` or ``$vectorize`` that a row brings itself."""
    if VECTOR in document and VECTORIZE in document:
        return f"it has both '{VECTOR}' and '{VECTORIZE}'; a document takes one of them"
    if VECTOR in document and info.vector is None:
        return f"it has '{VECTOR}', but the collection has no vectors"
    text = document.get(VECTORIZE)
    if text is None:
        return None
    if not isinstance(text, str):
        return f"'{VECTORIZE}' holds {with_article(text)}, not a text"
    if text.strip() and info.service is None:
        return f"it has '{VECTORIZE}', but the collection has no embedding service"
    return None
