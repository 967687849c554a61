"""Documents on their way into a collection: the ``_id``, field names, extended JSON values, limits, the vector.

The stored body has ``_id`` first and everything else in the order given. The vector is kept beside the body; its place
in it is held by ``"$vector": null``, so that ``$exists`` and the order of fields can be answered from the body alone.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from astrolabe.dataapi.language.allowances import allowed
from astrolabe.dataapi.language.error_codes import data_api_error
from astrolabe.dataapi.language.ids import canonical_key, check_id, new_id, stored_id
from astrolabe.dataapi.language.limits import check_fields
from astrolabe.dataapi.language.rules import DocumentRules
from astrolabe.dataapi.language.special_fields import VECTOR
from astrolabe.dataapi.language.values import limit_violation, nests_deeper, shown, type_name
from astrolabe.dataapi.language.vectors import parse_vector_of, vector_to_json
from storage import jsontext
from storage.shapes import NewItem, VectorForm, VectorValue

__all__ = ["PreparedDocument", "canonical_key", "prepare_document", "restored"]


_CHARACTERS_PER_FLOAT = {VectorForm.ARRAY: 12, VectorForm.BINARY: 12, VectorForm.WIDENED: 21, VectorForm.DOUBLE: 21}


@dataclass(frozen=True, slots=True)
class PreparedDocument:
    """A document that keeps every rule and can be stored.

    Attributes:
        id: The ``_id`` in its JSON form, as given or generated.
        key: Its canonical text.
        body: The document without its vector, ``_id`` first.
        text: The body as JSON.
        vector: The vector, or None for none.
    """

    id: object
    key: str
    body: dict[str, Any]
    text: str
    vector: VectorValue | None

    def to_item(self) -> NewItem:
        """Return what the store keeps."""
        vectors = {} if self.vector is None else {VECTOR: self.vector}
        return NewItem(key=self.key, body=self.text, vectors=vectors)


def prepare_document(
    document: object, rules: DocumentRules, *, stored_vector: VectorValue | None = None
) -> PreparedDocument:
    """Check a document against a collection's rules and bring it into its stored form.

    ``$vectorize`` must have been seen to before (see :mod:`astrolabe.dataapi.language.vectorize`); here it is a field
    like any other.

    Args:
        document: The document, its numbers exact; ``$vector`` as JSON, or a numpy array when this program computed it.
        rules: The collection's.
        stored_vector: The vector that a ``"$vector": null`` in the document stands for; only for updates.

    Raises:
        DataApiError: VECTOR_SEARCH_NOT_SUPPORTED, which fails the whole command; every other code of the sections on
            documents and ``$vector`` values, which fails this document; INVALID_DATABASE_QUERY for a zero vector.
    """
    if not isinstance(document, Mapping):
        raise data_api_error(
            "SHRED_BAD_DOCUMENT_TYPE",
            f"A document must be an object, not {type_name(document)}: {shown(document)}.\n\n"
            "Correct it and resend the command.",
        )
    vector = _take_vector(document, rules) or stored_vector
    body = _stored_form(document, rules)
    deepest = allowed().document_depth
    if nests_deeper(body, deepest):
        raise limit_violation(f"its objects and arrays nest more than {deepest} deep", "document_depth")
    check_id(body["_id"])
    body["_id"] = stored_id(body["_id"])
    check_fields(body, rules)
    text = jsontext.dumps_in_pieces(body)
    _check_characters(text, vector)
    return PreparedDocument(id=body["_id"], key=canonical_key(body["_id"]), body=body, text=text, vector=vector)


def _take_vector(document: Mapping[str, Any], rules: DocumentRules) -> VectorValue | None:
    return parse_vector_of(rules.vector(), document[VECTOR]) if VECTOR in document else None


def _stored_form(document: Mapping[str, Any], rules: DocumentRules) -> dict[str, Any]:
    body = {"_id": document["_id"] if "_id" in document else new_id(rules.default_id)}
    body.update((name, value) for name, value in document.items() if name != "_id")
    if VECTOR in body:
        body[VECTOR] = None
    return body


def _check_characters(text: str, vector: VectorValue | None) -> None:
    characters = len(text)
    if vector is not None:
        estimated = len(vector.data) * _CHARACTERS_PER_FLOAT[vector.form]
        characters += len(vector.text) if vector.text is not None else estimated
    most = allowed().document_characters
    if characters > most:
        raise limit_violation(f"it has {characters} characters, at most {most} are allowed", "document_characters")


def restored(body: Mapping[str, Any], vector: VectorValue | None) -> dict[str, Any]:
    """Return a stored body with its vector back in the place that ``"$vector": null`` holds."""
    document = dict(body)
    if vector is not None:
        document[VECTOR] = vector_to_json(vector)
    return document
