"""``lexical`` and ``rerank`` of a collection: what createCollection accepts, and what is kept of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from pydantic import ValidationError

from astrolabe.dataapi.engine.collection_definition import DISABLED
from astrolabe.dataapi.engine.rerank.rules import check_choice, default_choice
from astrolabe.dataapi.engine.vectorize.service_rules import invalid_options
from astrolabe.dataapi.language.commands.collection_commands import RerankService
from astrolabe.dataapi.language.error_codes import data_api_error
from astrolabe.dataapi.language.name_lists import cut, listed
from astrolabe.dataapi.language.special_fields import LEXICAL
from astrolabe.dataapi.language.values import shown, type_name
from astrolabe.dataapi.protocol import Json, JsonValue
from astrolabe.providers.rerank.catalogue import Rerankers
from storage.documents.term_rows import words_available
from storage.lexical.analyzers import STANDARD, Analyzer, AnalyzerError, read_analyzer

_MEMBERS: Mapping[str, Sequence[str]] = {"lexical": ("enabled", "analyzer"), "rerank": ("enabled", "service")}


def lexical_definition(given: JsonValue) -> Json | None:
    """Check ``lexical`` and return what is kept of it; None when it was left out.

    Raises:
        DataApiError: ``REQUEST_STRUCTURE_MISMATCH`` or ``INVALID_CREATE_COLLECTION_OPTIONS``; and
            ``LEXICAL_FEATURE_NOT_ENABLED`` where SQLite has no FTS5.
    """
    if given is None:
        return None
    enabled = _enabled("lexical", given)
    analyzer = given.get("analyzer")
    if not enabled:
        if analyzer not in (None, {}):
            raise invalid_options(
                "'lexical' is disabled, but 'lexical.analyzer' property was provided with an unexpected type: "
                f"{type_name(analyzer)}. It must be left out, null or an empty object then"
            )
        return dict(DISABLED)
    if not words_available():
        raise data_api_error(
            "LEXICAL_FEATURE_NOT_ENABLED",
            "This database does not offer 'lexical': SQLite was built without FTS5 here.\n"
            "Leave 'lexical' out, or send {\"enabled\": false}, and send the command again.",
        )
    kept = STANDARD if analyzer in (None, {}) else analyzer
    _check_analyzer(kept)
    return {"enabled": True, "analyzer": kept}


def default_lexical() -> Json:
    """Return what a new collection has that says nothing about ``lexical``."""
    return {"enabled": True, "analyzer": STANDARD} if words_available() else dict(DISABLED)


def texts_of(definition: Mapping[str, Any]) -> dict[str, Analyzer]:
    """Return the named texts that a checked definition asks the store to search by words: one, or none."""
    lexical = definition.get("lexical") or {}
    return {LEXICAL: read_analyzer(lexical["analyzer"])} if lexical.get("enabled") else {}


def rerank_definition(given: JsonValue, rerankers: Rerankers) -> Json | None:
    """Check ``rerank`` and return what is kept of it; None when it was left out.

    Raises:
        DataApiError: ``REQUEST_STRUCTURE_MISMATCH``, ``INVALID_CREATE_COLLECTION_OPTIONS``, ``DEPRECATED_AI_MODEL`` or
            ``END_OF_LIFE_AI_MODEL``.
    """
    if given is None:
        return None
    service = given.get("service") if isinstance(given, Mapping) else None
    if not _enabled("rerank", given):
        if service not in (None, {}):
            raise invalid_options("'rerank' is disabled, but 'rerank.service' configuration is provided")
        return dict(DISABLED)
    if service is None:
        return default_rerank(rerankers)
    choice = check_choice(_service(service), rerankers, invalid_options)
    return {"enabled": True, "service": choice.to_json()}


def default_rerank(rerankers: Rerankers) -> Json:
    """Return what a new collection has that says nothing about ``rerank``: the default model, reachable or not."""
    return {"enabled": True, "service": default_choice(rerankers).to_json()}


def with_features(definition: Json, existing: Mapping[str, Any]) -> Json:
    """Complete a definition: ``lexical`` and ``rerank`` left out are those of the existing collection."""
    return definition | {name: definition.get(name, existing.get(name, DISABLED)) for name in _MEMBERS}


def with_defaults(definition: Json, rerankers: Rerankers) -> Json:
    """Complete the definition of a new collection."""
    return {"lexical": default_lexical(), "rerank": default_rerank(rerankers)} | definition


def _service(given: JsonValue) -> RerankService:
    try:
        return RerankService.model_validate(given)
    except ValidationError as error:
        problem = error.errors(include_url=False, include_input=False)[0]
        where = ".".join(map(str, ("rerank", "service", *problem["loc"])))
        raise invalid_options(f"'{cut(where)}' is not valid: {problem['msg']}") from error


def _enabled(name: str, given: JsonValue) -> bool:
    """Return whether the feature is wanted; refuse what is no such object."""
    if not isinstance(given, Mapping):
        raise data_api_error(
            "REQUEST_STRUCTURE_MISMATCH", f"'command.options.{name}' must be an object, not {type_name(given)}."
        )
    unknown = [cut(member) for member in given if member not in _MEMBERS[name]]
    if unknown:
        raise data_api_error(
            "COMMAND_FIELD_UNKNOWN",
            f"createCollection does not know {listed(map(shown, unknown))} in 'command.options.{name}'; it has "
            f"'enabled' and '{_MEMBERS[name][1]}'. Remove it and send the command again.",
        )
    enabled = given.get("enabled")
    if enabled is None:
        raise invalid_options(f"'enabled' is required property for '{name}' Object value")
    if not isinstance(enabled, bool):
        raise invalid_options(f"'enabled' in '{name}' must be a boolean")
    return enabled


def _check_analyzer(analyzer: JsonValue) -> None:
    if not isinstance(analyzer, str | Mapping):
        raise invalid_options(
            f"'analyzer' property of 'lexical' must be either JSON Object or String, is: {type_name(analyzer)}"
        )
    try:
        read_analyzer(analyzer)
    except AnalyzerError as problem:
        raise invalid_options(f"'lexical.analyzer' cannot be used: {problem}") from problem
