"""The portal's rules, one table row or property for each."""

from __future__ import annotations

import re
import string

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import SecretStr

from astrolabe.errors import ConflictError, NotFoundError, RuleError
from astrolabe.portal import rules
from astrolabe.portal.databases import regions
from storage.secrets.references import ReferenceKind, SecretReference

ALPHANUMERIC = string.ascii_letters + string.digits
NEARLY_NAMES = st.text(alphabet=st.sampled_from(ALPHANUMERIC + "_-. é\n"), max_size=60)


@pytest.mark.parametrize("name", ["ab", "A1", "prod-support-chat-created-oct-2026", "a" * 50, "1_-_1"])
def test_a_credential_name_within_the_rules_has_no_problem(name: str) -> None:
    assert rules.credential_name_problems(name) == []


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("", ["Enter a name for the API key."]),
        ("a", ["The name must have at least 2 characters."]),
        ("a" * 51, ["The name may have at most 50 characters; this one has 51."]),
        ("a.b", ["Only letters (A–Z, a–z), digits, _ and - are allowed, not '.'."]),
        ("a b\tc", ["Only letters (A–Z, a–z), digits, _ and - are allowed, not a space, U+0009."]),
        ("naïve", ["Only letters (A–Z, a–z), digits, _ and - are allowed, not 'ï'."]),
        ("_ab", ["The first character must be a letter or a digit."]),
        ("ab-", ["The last character must be a letter or a digit."]),
        ("taken", ["This integration already has an API key called 'taken'."]),
    ],
)
def test_each_rule_of_a_credential_name_has_its_own_sentence(name: str, expected: list[str]) -> None:
    assert rules.credential_name_problems(name, taken={"taken"}, noun="API key") == expected


def test_all_problems_of_a_credential_name_come_at_once() -> None:
    assert len(rules.credential_name_problems("-" + "é" * 60 + "_")) == 4


def test_a_list_of_strange_characters_stays_short() -> None:
    (message,) = rules.credential_name_problems("a!$%&/()=?b")
    assert message.endswith("not '!', '$', '%', '&', '/' and others.")


@given(NEARLY_NAMES)
def test_credential_names_are_accepted_exactly_when_they_have_the_documented_shape(name: str) -> None:
    shape = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,48}[A-Za-z0-9]")
    assert (rules.credential_name_problems(name) == []) == bool(shape.fullmatch(name))


@given(st.text(max_size=60))
def test_messages_about_any_name_are_safe_to_print(name: str) -> None:
    found = (
        rules.credential_name_problems(name) + rules.database_name_problems(name) + rules.keyspace_name_problems(name)
    )
    assert all(message.isprintable() for message in found)


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("  \t ", ["Enter a name for the database."]),
        (" a ", ["The name must have at least 2 characters."]),
        ("a" * 51, ["The name may have at most 50 characters; this one has 51."]),
        ("a\x1b[31mb", ["Only characters that can be seen are allowed, not U+001B."]),
        ("ab\u202ecd", ["Only characters that can be seen are allowed, not U+202E."]),
        ("taken", ["There is already a database called 'taken'."]),
        (" taken\n", ["There is already a database called 'taken'."]),
        ("caf\u0065\u0301", ["There is already a database called 'caf\u00e9'."]),
    ],
)
def test_each_rule_of_a_database_name_has_its_own_sentence(name: str, expected: list[str]) -> None:
    assert rules.database_name_problems(name, taken={"taken", "caf\u00e9"}) == expected


@pytest.mark.parametrize("name", ["ab", " ab ", "Kunden & Märkte (2026)", "東京", "x" * 50])
def test_a_database_name_within_the_rules_has_no_problem(name: str) -> None:
    assert rules.database_name_problems(name) == []


@given(st.text(alphabet=st.sampled_from(ALPHANUMERIC + "_-é "), max_size=55))
def test_keyspace_and_collection_names_have_the_documented_shape(name: str) -> None:
    assert (rules.keyspace_name_problems(name) == []) == bool(re.fullmatch(r"[A-Za-z0-9_]{1,48}", name))
    assert (rules.collection_name_problems(name) == []) == bool(re.fullmatch(r"[A-Za-z0-9_]{1,50}", name))


@pytest.mark.parametrize(("length", "warned"), [(1, False), (48, False), (49, True), (50, True), (51, False)])
def test_collection_names_that_only_astra_db_refuses_have_a_warning(length: int, warned: bool) -> None:
    warnings = rules.collection_name_warnings("c" * length)
    assert bool(warnings) == warned
    assert all("48" in text and str(length) in text for text in warnings)


def test_empty_schema_names_are_asked_for() -> None:
    assert rules.keyspace_name_problems("") == ["Enter a name for the keyspace."]
    assert rules.collection_name_problems("") == ["Enter a name for the collection."]


@pytest.mark.parametrize(
    ("secret", "words"),
    [
        ("", "Enter the API key."),
        (" \n\t", "white space only"),
        ("hf_abc\ndef", "line break in the middle"),
        ("hf_ab\x00c", "only ASCII"),
        ("hf_äbc", "only ASCII"),
        ("\ufeffhf_abc", "only ASCII"),
        ("x" * 8193, "at most 8192"),
    ],
)
def test_a_secret_that_cannot_be_sent_is_refused(secret: str, words: str) -> None:
    (message,) = rules.secret_problems(secret, noun="API key")
    assert words in message
    assert "hf_" not in message


@pytest.mark.parametrize("secret", ["hf_abc", "  hf_abc\n", "two words", "a+b/c=="])
def test_a_secret_that_can_be_sent_is_accepted(secret: str) -> None:
    assert rules.secret_problems(secret) == []


@pytest.mark.parametrize(
    ("secret", "expected"),
    [
        ("hf_abc", []),
        ("hf_abc\n", ["A line break around the API key was removed."]),
        ("\r\nhf_abc", ["A line break around the API key was removed."]),
        (" hf_abc", ["White space around the API key was removed."]),
        ("\n", []),
    ],
)
def test_what_was_trimmed_from_a_secret_is_said(secret: str, expected: list[str]) -> None:
    assert rules.secret_warnings(secret, noun="API key") == expected


@pytest.mark.parametrize(
    ("secret", "shown"),
    [("hf_0123456789wxyz", "••••••••wxyz"), ("01234567wxyz", "••••••••wxyz"), ("short-key", "••••••••")],
)
def test_a_mask_shows_the_last_four_characters_of_a_long_secret_only(secret: str, shown: str) -> None:
    assert rules.mask(SecretStr(secret)) == shown


@pytest.mark.parametrize(
    ("kind", "target", "words"),
    [
        (ReferenceKind.ENVIRONMENT, " ", "name of the environment variable"),
        (ReferenceKind.ENVIRONMENT, "2FAST", "no digit in front"),
        (ReferenceKind.ENVIRONMENT, "HF-TOKEN", "letters, digits and _"),
        (ReferenceKind.FILE, "", "path of the file"),
        (ReferenceKind.FILE, "token.txt", "whole path"),
        (ReferenceKind.COMMAND, "pass 'show", "without its partner"),
        (ReferenceKind.COMMAND, "pass\nshow", "can be seen"),
    ],
)
def test_a_reference_that_cannot_work_is_refused(kind: ReferenceKind, target: str, words: str) -> None:
    (message,) = rules.reference_problems(SecretReference(kind, target))
    assert words in message


@pytest.mark.parametrize(
    ("kind", "target"),
    [
        (ReferenceKind.ENVIRONMENT, "HF_TOKEN"),
        (ReferenceKind.FILE, "/run/secrets/hf"),
        (ReferenceKind.FILE, "~/.secrets/hf"),
        (ReferenceKind.COMMAND, "pass show 'hugging face'"),
    ],
)
def test_a_reference_that_may_work_is_accepted(kind: ReferenceKind, target: str) -> None:
    assert rules.reference_problems(SecretReference(kind, target)) == []


@pytest.mark.parametrize(("count", "needed", "refused"), [(0, False, False), (0, True, True), (10, True, False)])
def test_how_many_databases_may_be_added_at_once(count: int, needed: bool, refused: bool) -> None:
    assert bool(rules.scope_problems(count, at_least_one=needed)) == refused


def test_eleven_databases_at_once_are_too_many() -> None:
    (problem,) = rules.scope_problems(11)
    assert "At most 10" in problem
    assert "11 are chosen" in problem


def test_findings_are_raised_together_with_their_fields() -> None:
    findings = rules.Findings()
    findings.raise_any()
    findings.add("name", ["One.", "Two."])
    findings.add("secret", ["Three."], ConflictError)
    with pytest.raises(RuleError) as caught:
        findings.raise_any()
    assert type(caught.value) is RuleError
    assert caught.value.message == "One. Two. Three."
    assert [(problem.field, problem.message) for problem in caught.value.problems] == [
        ("name", "One."),
        ("name", "Two."),
        ("secret", "Three."),
    ]


@pytest.mark.parametrize("kind", [ConflictError, NotFoundError])
def test_findings_of_one_kind_are_raised_as_that_kind(kind: type[RuleError]) -> None:
    findings = rules.Findings()
    findings.add("name", ["One."], kind)
    with pytest.raises(kind):
        findings.raise_any()


def test_every_cloud_provider_has_regions_with_a_label() -> None:
    for cloud in regions.CLOUD_PROVIDERS:
        assert regions.regions_of(cloud)
        assert all(regions.region_label(cloud, region) != region for region in regions.regions_of(cloud))


def test_a_region_has_one_cloud_provider() -> None:
    names = [region for cloud in regions.CLOUD_PROVIDERS for region in regions.regions_of(cloud)]
    assert len(names) == len(set(names))


def test_cloud_provider_and_region_must_be_offered() -> None:
    assert regions.cloud_provider_problems("aws") == []
    assert "aws, gcp, azure" in regions.cloud_provider_problems("ibm")[0]
    assert regions.region_problems("aws", "us-east-2") == []
    assert "us-east-2" in regions.region_problems("aws", "us-east1")[0]
    assert regions.region_problems("ibm", "us-east1") == []
    assert regions.regions_of("ibm") == ()
    assert regions.region_label("ibm", "us-east1") == "us-east1"
