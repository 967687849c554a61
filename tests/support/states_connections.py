"""The Connection strings page and its dialogs in each of their states."""

from __future__ import annotations

from typing import Any

from pydantic import SecretStr
from textual.pilot import Pilot

from astrolabe.dataapi.client.command_builders import collection_options
from astrolabe.errors import AstrolabeError, Owner, ProviderError, ProviderFailure, ProviderReply
from astrolabe.portal.connection_strings.connection_string import ConnectionStringDraft
from astrolabe.portal.connection_strings.raven_server import INSTALL_LINE
from astrolabe.portal.organization import DEFAULT_KEYSPACE, ServiceConfig
from astrolabe.providers.embedding.engine import Probe
from astrolabe.workspace import Workspace
from screens.kit.app_base import Console, Section
from storage.secrets.references import ReferenceKind, SecretReference
from tests.support.console import SENTINEL, three_databases
from tests.support.state import DAY, REFUSED, State
from tests.support.steps import Step, choose, failing_with, submit_without_end, text

MINILM = "sentence-transformers/all-MiniLM-L6-v2"
OPENAI = {"Endpoint": "https://api.openai.com/v1", "Model": "text-embedding-3-small", "Dimensions": "512"}
AZURE = {"Endpoint": "https://shop.openai.azure.com", "Model": "text-embedding-3-small", "DeploymentName": "search"}
OLLAMA = {"Uri": "http://localhost:11434", "Model": "nomic-embed-text"}


async def connection_strings(workspace: Workspace) -> None:
    """Add connection strings: ready, without a database, without a key, and one that a collection embeds with."""
    await three_databases(workspace)
    shop = (await workspace.databases.find("shop")).id
    key = SecretStr(SENTINEL)
    variable = SecretReference(ReferenceKind.ENVIRONMENT, "AZURE_KEY")
    drafts = (
        ConnectionStringDraft("Hugging Face", "", "HuggingFace", {"Model": MINILM}, key, (shop,)),
        ConnectionStringDraft("OpenAI of the shop", "openai", "OpenAi", OPENAI, key, (shop,)),
        ConnectionStringDraft("Azure", "", "AzureOpenAi", AZURE, variable, ()),
        ConnectionStringDraft("Under the desk", "", "Ollama", OLLAMA, None, (shop,)),
        ConnectionStringDraft("Here", "", "Embedded", {}, None, (shop,)),
    )
    for draft in drafts:
        await workspace.connection_strings.create(draft)
    imported = ConnectionStringDraft("Mistral", "", "MistralAi", {"Endpoint": "https://h/v1", "Model": "mistral-embed"})
    await workspace.connection_strings.create(imported, secret_follows=True)
    client = await workspace.client(await workspace.databases.find("shop"))
    service = ServiceConfig("connectionString", MINILM, "hugging-face.providerKey")
    await client.create_collection(DEFAULT_KEYSPACE, "reviews", collection_options(dimension=384, service=service))


def answering(answer: Probe | ProviderError) -> Step:
    """Return the step that lets every service answer a test in this way."""

    async def step(pilot: Pilot[Any]) -> None:
        app = pilot.app
        assert isinstance(app, Console)

        async def probe(*_: object, **__: object) -> Probe:
            if isinstance(answer, ProviderError):
                raise answer
            return answer

        app.workspace.engine.probe = probe  # type: ignore[method-assign]

    return step


WORKS = Probe(0.12, 384, 384, 200, quota={"x-ratelimit-remaining-requests": "58"})
NO_MODEL = ProviderError(
    "Hugging Face answered with HTTP 404 (Not Found). It said: Model no-such-model does not exist",
    provider="huggingface",
    failure=ProviderFailure.NOT_FOUND,
    reply=ProviderReply(404, "Model no-such-model does not exist"),
    hint="Hugging Face does not serve this model at the moment, or it is gated. Use another of the models.",
)
NO_CLIENT = AstrolabeError(
    "A RavenDB server cannot be asked: RavenDB's Python client is not installed.",
    hint=f"Run: {INSTALL_LINE}. Export and import as files work without it.",
    owner=Owner.MACHINE,
)
NO_CERTIFICATE = AstrolabeError(
    "RavenDB at raven.example, database Orders: AuthorizationException: Forbidden access to "
    "Orders@https://raven.example, a certificate is required.",
    hint="The server wants a client certificate that may administrate this database.",
    owner=Owner.REQUEST,
)

SHOP = ("down", "enter")
PAGE = ("s",)
NEW = ("s", "n")
NAME = (text("My models"), "tab", "tab")
FILLED = (*NAME, "tab", text("hf_made_up"), "tab", "tab", text(MINILM))
RAVEN = ("s", "r", "tab", text("https://raven.example"), "tab", text("Orders"))


def _state(name: str, *steps: Step, theme: str = "") -> State:
    states = {"prepare": connection_strings, "start": Section.INTEGRATIONS}
    return State(name, steps, **states, **({"theme": theme} if theme else {}))  # type: ignore[arg-type]


CONNECTIONS = (
    State("connection-strings-empty", PAGE, start=Section.INTEGRATIONS),
    _state("connection-strings", *PAGE),
    _state("connection-strings-day", *PAGE, theme=DAY),
    _state("connection-string-new", *NEW),
    _state("connection-string-filled", *NEW, *FILLED),
    _state("connection-string-regenerated", *NEW, text("Nâme of mine!"), "f3"),
    _state("connection-string-azure", *NEW, *NAME, choose("azure")),
    _state("connection-string-google", *NEW, *NAME, choose("google")),
    _state("connection-string-mistral", *NEW, *NAME, choose("mistral")),
    _state("connection-string-ollama", *NEW, *NAME, choose("ollama")),
    _state("connection-string-openai", *NEW, *NAME, choose("openai")),
    _state("connection-string-vertex", *NEW, *NAME, choose("vertex")),
    _state("connection-string-embedded", *NEW, *NAME, choose("embedded")),
    _state("connection-string-embedded-test", *NEW, *NAME, choose("embedded"), "f4"),
    _state("connection-string-invalid", *NEW, text("x"), "tab", text("-My--näme !-"), "ctrl+s"),
    _state("connection-string-taken", *NEW, text("Azure"), "ctrl+s"),
    _state("connection-string-no-letters", *NEW, text("日本"), "ctrl+s"),
    _state("connection-string-foot", *NEW, "shift+tab", "shift+tab", "shift+tab", "shift+tab"),
    _state("connection-string-command", *NEW, *FILLED, "f2"),
    _state("connection-string-edit-command", *PAGE, "down", "enter", text("Renamed"), "f2"),
    _state("connection-string-busy", *NEW, *FILLED, submit_without_end),
    _state("connection-string-error", *NEW, *FILLED, failing_with(REFUSED)),
    _state("connection-string-edit", *PAGE, "down", "enter"),
    _state("connection-string-other-model", *PAGE, "down", "down", "enter", *("tab",) * 4, text("x"), "ctrl+s"),
    _state("connection-string-try", *NEW, *FILLED, answering(WORKS), "f4"),
    _state("connection-string-test", *PAGE, "down", "down", answering(WORKS), "t"),
    _state("connection-string-test-failed", *PAGE, "down", "down", answering(NO_MODEL), "t"),
    _state("connection-string-remove", *PAGE, "down", "down", "d"),
    _state("connection-string-remove-filled", *PAGE, "down", "down", "d", text("Hugging Face")),
    _state("connection-string-remove-invalid", *PAGE, "down", "down", "d", text("Face"), "ctrl+s"),
    _state("connection-strings-export", *PAGE, "w"),
    _state("connection-strings-export-secrets", *PAGE, "w", "tab", "tab", "space"),
    _state("connection-strings-export-error", *PAGE, "w", failing_with(REFUSED)),
    _state("connection-strings-import", *PAGE, "i"),
    _state("connection-strings-import-invalid", *PAGE, "i", "ctrl+s"),
    _state("connection-strings-import-refused", *PAGE, "i", text("articles.csv"), "ctrl+s"),
    _state("raven", "s", "r"),
    _state("raven-filled", *RAVEN),
    _state("raven-command", *RAVEN, "f2"),
    _state("raven-invalid", "s", "r", "ctrl+s"),
    _state("raven-busy", *RAVEN, submit_without_end),
    _state("raven-error", *RAVEN, failing_with(NO_CERTIFICATE)),
    _state("raven-missing", *RAVEN, failing_with(NO_CLIENT)),
    State(
        "connection-string-collection", (*SHOP, "c", text("books"), "tab", "tab", choose("conn")), connection_strings
    ),
)
"""Their states."""
