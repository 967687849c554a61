"""Names, identifiers and settings of connection strings, as pure functions."""

from __future__ import annotations

import json
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import SecretStr

from astrolabe.portal.connection_strings import rules
from astrolabe.providers.catalogue.connectors import get_connector, load_connectors


@given(st.text(max_size=60))
def test_every_generated_identifier_is_valid(name: str) -> None:
    identifier = rules.generate_identifier(name)
    assert identifier == "" or rules.identifier_problems(identifier) == []


@given(st.text(max_size=60))
def test_generating_twice_changes_nothing_and_composed_names_give_the_same(name: str) -> None:
    identifier = rules.generate_identifier(name)
    assert rules.generate_identifier(identifier) == identifier
    assert rules.generate_identifier(unicodedata.normalize("NFC", name)) == identifier


@given(st.text(alphabet="aA-é \u0301", max_size=12))
def test_a_valid_identifier_is_what_it_generates_itself(identifier: str) -> None:
    if not rules.identifier_problems(identifier):
        assert rules.generate_identifier(identifier) == identifier


@pytest.mark.parametrize(
    ("name", "identifier"),
    [
        ("Hugging Face", "hugging-face"),
        ("Nâme", "name"),
        ("N\u0061\u0302me", "name"),
        ("  --My__model (v2)!  ", "my-model-v2"),
        ("日本", ""),
        ("日本 1", "1"),
        ("Straße", "stra-e"),
        ("", ""),
    ],
)
def test_identifiers_come_from_names(name: str, identifier: str) -> None:
    assert rules.generate_identifier(name) == identifier


def test_a_name_without_ascii_letters_asks_for_an_identifier() -> None:
    (problem,) = rules.missing_identifier_problems("日本", "")
    assert "no ASCII letter or digit" in problem
    assert rules.missing_identifier_problems("日本", "japan") == []
    assert rules.missing_identifier_problems("Japan", "") == []


def test_all_errors_of_an_identifier_come_at_once_with_the_characters() -> None:
    problems = rules.identifier_problems("-My--näme !-")
    text = " ".join(problems)
    assert len(problems) == 6
    for part in ("'M'", "'ä', a space, '!'", "'--'", "first character", "last character", "decomposed"):
        assert part in text


def test_blank_and_taken_identifiers_are_refused_and_digits_are_not() -> None:
    assert rules.identifier_problems("  ") == ["The identifier cannot be blank."]
    assert "already" in rules.identifier_problems("a", taken={"a"})[0]
    assert rules.identifier_problems("1") == rules.identifier_problems("a" * 300) == []


def test_invisible_characters_are_named_by_number() -> None:
    assert "U+200B" in rules.identifier_problems("a\u200bb")[0]
    assert "U+202E" in rules.name_problems("a\u202eb")[0]


def test_settings_are_checked_all_at_once() -> None:
    openai = get_connector("openai")
    found = rules.settings_problems(
        openai, {"Endpoint": "http://example.com/v1", "Dimensions": "0", "Nonsense": "x", "ApiKey": "sk-1"}
    )
    assert found.keys() == {"Endpoint", "Model", "Dimensions", "Nonsense", "ApiKey"}
    assert "not encrypted" in found["Endpoint"][0]
    assert rules.settings_problems(openai, {"Endpoint": "http://127.0.0.1:8000/v1", "Model": "m"}) == {}
    assert not rules.settings_problems(openai, {"Endpoint": "http://a.b", "Model": "m"}, allow_plain_http=True)


@pytest.mark.parametrize("address", ["nonsense", "https://u:p@h/v1", "ftp://h", "https://h/{x}", "https://[", "a b"])
def test_what_is_no_address_is_refused(address: str) -> None:
    found = rules.settings_problems(get_connector("ollama"), {"Uri": address, "Model": "m"})
    assert found.keys() == {"Uri"}


@pytest.mark.parametrize("number", ["0", "-1", "1.5", "x", "4097", "\uff19", "9" * 40])
def test_a_dimension_is_a_whole_number_that_a_collection_can_have(number: str) -> None:
    assert "Dimensions" in rules.settings_problems(get_connector("google"), {"Model": "m", "Dimensions": number})


def test_at_least_one_batch_at_once() -> None:
    for connector in load_connectors():
        key = "EmbeddingsMaxConcurrentBatches"
        assert key in rules.settings_problems(connector, {key: "0"})
        assert key not in rules.settings_problems(connector, {key: 1})


def test_what_is_kept_is_trimmed_and_typed() -> None:
    kept = rules.kept_settings(get_connector("google"), {"Model": " m ", "Dimensions": "256", "AiVersion": ""})
    assert kept == {"Model": "m", "Dimensions": 256}


def test_a_service_account_is_checked_without_being_quoted() -> None:
    vertex = get_connector("vertex")
    assert "not the JSON" in rules.secret_setting_problems(vertex, SecretStr("sk-secret"), optional=False)[0]
    half = SecretStr(json.dumps({"type": "service_account", "project_id": "p", "private_key": "SENTINEL"}))
    (problem,) = rules.secret_setting_problems(vertex, half, optional=False)
    assert "client_email, token_uri" in problem
    assert "SENTINEL" not in problem


def test_a_required_key_may_be_missing_only_where_it_is_kept_or_follows() -> None:
    face = get_connector("Hugging Face")
    assert rules.secret_setting_problems(face, None, optional=False) == ["Enter the API key."]
    assert rules.secret_setting_problems(face, None, optional=True) == []
    assert rules.secret_setting_problems(get_connector("ollama"), SecretStr("x"), optional=False) != []
