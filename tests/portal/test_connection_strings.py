"""Connection strings: kept, changed, resolved, and removed like credentials."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr

from astrolabe.errors import ConflictError, NotFoundError, RuleError
from astrolabe.portal.audit.trail import AuditTrail
from astrolabe.portal.connection_strings.connection_string import ConnectionStringDraft
from astrolabe.portal.connection_strings.json import read_text, to_json
from astrolabe.portal.credentials.reencryption import Reencryption
from astrolabe.portal.organization import CredentialDraft, ServiceConfig
from astrolabe.providers.catalogue.catalogue import CONNECTION_STRING
from storage.secrets.box import SecretBox
from storage.secrets.key_file import KeyFile
from storage.secrets.references import ReferenceKind, SecretReference
from tests.support.portal import SECRET, Organization, opened

MODEL = "BAAI/bge-small-en-v1.5"
ROUTER = f"https://router.huggingface.co/hf-inference/models/{MODEL}/pipeline/feature-extraction"


def hugging_face(name: str = "My models", **given: Any) -> ConnectionStringDraft:  # noqa: ANN401 - of any member
    values: dict[str, Any] = {"connector": "HuggingFace", "settings": {"Model": MODEL}, "secret": SecretStr(SECRET)}
    return ConnectionStringDraft(name, **(values | given))


def service(identifier: str = "my-models", model: str = MODEL) -> ServiceConfig:
    return ServiceConfig(CONNECTION_STRING, model, f"{identifier}.providerKey")


async def test_a_string_is_kept_and_its_secret_is_not_shown(portal: Organization) -> None:
    shop = await portal.database("shop")
    string = await portal.connection_strings.create(hugging_face(database_ids=(shop.id,)))
    assert (string.name, string.identifier, string.model) == ("My models", "my-models", MODEL)
    assert string.masked.endswith(SECRET[-4:])
    assert SECRET not in repr(string)
    assert await portal.connection_strings.list() == [string]
    assert await portal.connection_strings.get("My models") == await portal.connection_strings.get("my-models")
    assert SECRET.encode() not in (portal.folder / "catalog.db").read_bytes()


async def test_everything_wrong_with_a_draft_is_said_at_once(portal: Organization) -> None:
    await portal.connection_strings.create(hugging_face())
    bad = hugging_face(identifier="A b", settings={"Endpoint": "x"}, secret=None)
    with pytest.raises(RuleError) as refused:
        await portal.connection_strings.create(bad)
    fields = {problem.field for problem in refused.value.problems}
    assert fields == {"name", "identifier", "Endpoint", "Model", "ApiKey"}


async def test_names_and_identifiers_are_unique(portal: Organization) -> None:
    await portal.connection_strings.create(hugging_face())
    with pytest.raises(ConflictError):
        await portal.connection_strings.create(hugging_face(identifier="other"))
    with pytest.raises(ConflictError):
        await portal.connection_strings.create(hugging_face("My-Models"))


async def test_an_edit_keeps_the_secret_unless_one_is_given(portal: Organization) -> None:
    shop = await portal.database("shop")
    string = await portal.connection_strings.create(hugging_face(database_ids=(shop.id,)))
    edited = await portal.connection_strings.edit(
        string.identifier, hugging_face("Renamed", secret=None), version=string.version
    )
    assert (edited.name, edited.identifier, edited.databases) == ("Renamed", "my-models", (shop,))
    kept = await portal.connection_strings.secret("my-models")
    assert kept is not None
    assert kept.get_secret_value() == SECRET
    with pytest.raises(ConflictError):
        await portal.connection_strings.edit(string.identifier, hugging_face(), version=string.version)
    with pytest.raises(RuleError, match="fixed"):
        await portal.connection_strings.edit(string.identifier, hugging_face(identifier="other"))


async def test_another_connector_does_not_inherit_the_key(portal: Organization) -> None:
    await portal.connection_strings.create(hugging_face())
    mistral = {"Model": "mistral-embed", "Endpoint": "https://api.mistral.ai/v1"}
    with pytest.raises(RuleError, match="Enter the API key"):
        await portal.connection_strings.edit(
            "my-models", hugging_face(connector="MistralAi", settings=mistral, secret=None)
        )
    local = {"Uri": "http://localhost:11434", "Model": "m"}
    edited = await portal.connection_strings.edit(
        "my-models", hugging_face(connector="Ollama", settings=local, secret=None)
    )
    assert edited.masked == ""
    assert await portal.connection_strings.secret("my-models") is None


async def test_a_string_leads_where_its_connector_says_within_its_scope(portal: Organization) -> None:
    shop, desk = await portal.database("shop"), await portal.database("desk")
    await portal.connection_strings.create(hugging_face(database_ids=(shop.id,)))
    spec, secret = await portal.connection_strings.connection(service(), 384, database_id=shop.id)
    assert secret is not None
    assert secret.get_secret_value() == SECRET
    assert spec.route is not None
    assert spec.route.url.replace("{modelId}", MODEL) == ROUTER
    with pytest.raises(RuleError, match="not in the scope"):
        await portal.connection_strings.connection(service(), 384, database_id=desk.id)


async def test_another_model_in_the_string_stops_the_collection(portal: Organization) -> None:
    shop = await portal.database("shop")
    await portal.connection_strings.create(hugging_face(database_ids=(shop.id,)))
    await portal.connection_strings.edit("my-models", hugging_face(settings={"Model": "other/one"}, secret=None))
    with pytest.raises(RuleError, match="leads to the model 'other/one' now"):
        await portal.connection_strings.connection(service(), 384, database_id=shop.id)


async def test_removal_is_remembered_and_frees_the_name(portal: Organization) -> None:
    shop = await portal.database("shop")
    await portal.connection_strings.create(hugging_face(database_ids=(shop.id,)))
    await portal.connection_strings.remove("my-models")
    assert await portal.connection_strings.list() == []
    (removed,) = await portal.integrations.removed(CONNECTION_STRING)
    assert (removed.name, removed.databases) == ("my-models", (shop,))
    with pytest.raises(NotFoundError):
        await portal.connection_strings.connection(service(), 384, database_id=shop.id)
    await portal.connection_strings.create(hugging_face())


async def test_a_string_without_a_key_waits_for_it(portal: Organization) -> None:
    shop = await portal.database("shop")
    draft = hugging_face(secret=None, database_ids=(shop.id,))
    string = await portal.connection_strings.create(draft, secret_follows=True)
    assert string.lacks_secret
    assert await portal.connection_strings.choice(shop.id) is None
    with pytest.raises(RuleError, match="no API key yet"):
        await portal.connection_strings.connection(service(), 384, database_id=shop.id)


async def test_strings_are_offered_after_the_providers_and_never_listed_among_them(portal: Organization) -> None:
    shop = await portal.database("shop")
    await portal.connection_strings.create(hugging_face(database_ids=(shop.id,)))
    choice = await portal.connection_strings.choice(shop.id)
    assert choice is not None
    assert [model.name for model in choice.models_of("my-models")] == [MODEL]
    assert CONNECTION_STRING not in {one.provider.key for one in await portal.integrations.list()}
    assert [one.name for one in await portal.integrations.credentials()] == ["my-models"]


async def test_a_bare_credential_is_no_connection_string(portal: Organization) -> None:
    with pytest.raises(RuleError, match="connection-strings create"):
        await portal.integrations.add_credential(CredentialDraft(CONNECTION_STRING, "x1", SecretStr(SECRET)))


async def test_a_change_of_the_key_seals_them_anew(portal: Organization) -> None:
    await portal.connection_strings.create(hugging_face())
    before = portal.key_file.read_bytes()
    box = SecretBox(KeyFile(portal.key_file))
    done = await Reencryption(portal.catalog, box, AuditTrail(user="ada")).run()
    assert (done.resealed, done.unreadable) == (1, ())
    assert portal.key_file.read_bytes() != before
    secret = await portal.connection_strings.secret("my-models")
    assert secret is not None
    assert secret.get_secret_value() == SECRET


async def test_a_service_account_is_read_from_its_file_in_one_line(portal: Organization, tmp_path: Path) -> None:
    account = {"type": "service_account", "project_id": "p1", "private_key": "a\nb", "client_email": "e@p1", "x": "é"}
    path = tmp_path / "account.json"
    path.write_text(json.dumps(account | {"token_uri": "https://oauth2.googleapis.com/token"}, indent=2))
    settings = {"Model": "text-embedding-005", "Location": "us-central1"}
    draft = ConnectionStringDraft(
        "v", "", "Vertex", settings, SecretReference(ReferenceKind.FILE, str(path)), database_ids=()
    )
    await portal.connection_strings.create(draft)
    spec, secret = await portal.connection_strings.connection(service("v", "text-embedding-005"), 768)
    assert secret is not None
    assert secret.get_secret_value().isascii()
    assert "\n" not in secret.get_secret_value()
    assert spec.parameters["project"] == "p1"
    typed = ConnectionStringDraft("w", "", "Vertex", settings, SecretStr(path.read_text()))
    assert (await portal.connection_strings.create(typed)).masked == "e@p1"


async def test_the_json_form_goes_out_and_comes_back(portal: Organization) -> None:
    string = await portal.connection_strings.create(
        hugging_face(settings={"Model": MODEL, "EmbeddingsMaxConcurrentBatches": "2"})
    )
    document = to_json(string, SecretStr(SECRET))
    (draft,) = read_text(json.dumps(document))
    assert draft == hugging_face(identifier="my-models", settings={"Model": MODEL, "EmbeddingsMaxConcurrentBatches": 2})
    assert to_json(string)["HuggingFaceSettings"]["ApiKey"] is None


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("nonsense", "not JSON"),
        ("[]", "no connection string"),
        ('[1, {"Name": "a", "Type": "Sql"}]', "not an object"),
        ('{"Name": "a", "OllamaSettings": {}, "EmbeddedSettings": {}}', "OllamaSettings"),
        ('{"Name": "a", "OllamaSettings": {}, "ModelType": "Chat"}', "chat models"),
        ('{"OllamaSettings": 3}', "no Name"),
    ],
)
def test_what_is_no_export_is_refused(text: str, words: str) -> None:
    with pytest.raises(RuleError, match=words):
        read_text(text)


def test_a_server_answer_is_an_export_too() -> None:
    answer = {
        "AiConnectionStrings": {"a": {"Name": "a", "OllamaSettings": {"Uri": "http://localhost:1", "Model": "m"}}}
    }
    assert [draft.name for draft in read_text(json.dumps(answer))] == ["a"]


async def test_two_programs_see_the_same_strings(folder: Path) -> None:
    async with opened(folder) as one, opened(folder) as other:
        await one.connection_strings.create(hugging_face())
        assert [string.name for string in await other.connection_strings.list()] == ["My models"]
