"""States of the pages and dialogs of integrations, credentials and scopes, and of the audit that tells of them."""

from __future__ import annotations

from astrolabe.errors import ProviderError, ProviderFailure, ProviderReply
from astrolabe.providers.catalogue.setup import ProviderSetup, own_model
from screens.kit.app_base import Section
from tests.support.console import articles, embedded_texts, hugging_face, three_databases
from tests.support.state import REFUSED, State
from tests.support.steps import choose, failing_with, submit_without_end, text

TOKEN_REFUSED = ProviderError(
    "Hugging Face - Dedicated did not accept the user access token webstore-prod.",
    provider="huggingfaceDedicated",
    failure=ProviderFailure.AUTHENTICATION,
    reply=ProviderReply(401, '{"error":"Invalid credentials in Authorization header"}'),
    hint="Replace it on the integration's page under the same name and scope.",
)

OWN_SERVERS = (
    ("nvidia", ProviderSetup(url="http://127.0.0.1:8000/v1/embeddings")),
    ("openai", ProviderSetup(base_url="http://127.0.0.1:11434/v1", models=(own_model("nomic-embed-text", 768),))),
)
DEDICATED, SERVERLESS, EMBEDDED_TILE = ("2", "right"), ("2", "right", "right"), ("2", *("right",) * 9)
FORM = (text("webstore-prod"), "tab", text("hf_made_up"), "tab", "space", "down", "space")
FROM_ENVIRONMENT = (
    *(text("webstore-prod"), "tab", "tab", "tab", choose("env"), "shift+tab", "shift+tab"),
    text("HF_TOKEN"),
)

INTEGRATIONS: tuple[State, ...] = (
    State("integrations", start=Section.INTEGRATIONS),
    State("integrations-active", prepare=hugging_face, start=Section.INTEGRATIONS),
    State("clear-cache", ("x",), embedded_texts, start=Section.INTEGRATIONS),
    State("clear-cache-empty", ("x",), start=Section.INTEGRATIONS),
    State("clear-cache-busy", ("x", submit_without_end), embedded_texts, start=Section.INTEGRATIONS),
    State("clear-cache-error", ("x", failing_with(REFUSED)), embedded_texts, start=Section.INTEGRATIONS),
    State("integration-empty", (*DEDICATED, "enter"), three_databases),
    State("integration", (*DEDICATED, "enter", "down", "space"), hugging_face),
    State("integration-hosted", (*EMBEDDED_TILE, "enter")),
    State("integration-hosted-minilm", (*EMBEDDED_TILE, "enter"), minilm=True),
    State("integration-unavailable", ("2", *("right",) * 5, "enter")),
    State("integration-regions", ("2", *("right",) * 5, "enter"), setups=OWN_SERVERS),
    State("integrations-own-servers", ("2", *("right",) * 6), setups=OWN_SERVERS),
    State("integration-own-server", ("2", *("right",) * 6, "enter"), setups=OWN_SERVERS),
    State("add-integration", (*SERVERLESS, "enter", "a"), three_databases),
    State("add-integration-no-database", (*SERVERLESS, "enter", "a")),
    State("add-integration-filled", (*SERVERLESS, "enter", "a", *FORM), three_databases),
    State("add-integration-command", (*SERVERLESS, "enter", "a", *FORM, "f2"), three_databases),
    State("add-integration-invalid", (*SERVERLESS, "enter", "a", text("-x"), "ctrl+s"), three_databases),
    State("add-integration-busy", (*SERVERLESS, "enter", "a", *FORM, submit_without_end), three_databases),
    State("add-integration-error", (*SERVERLESS, "enter", "a", *FORM, failing_with(REFUSED)), three_databases),
    State("add-api-key", (*DEDICATED, "enter", "a"), hugging_face),
    State("add-api-key-taken", (*DEDICATED, "enter", "a", *FORM, "ctrl+s"), hugging_face),
    State("add-integration-environment", (*SERVERLESS, "enter", "a", *FROM_ENVIRONMENT), three_databases),
    State("add-api-key-again", (*SERVERLESS, "enter", "d", text("webstore-prod"), "ctrl+s", "a"), articles),
    State("add-scope", (*DEDICATED, "enter", "b"), hugging_face),
    State("add-scope-filled", (*DEDICATED, "enter", "b", "space"), hugging_face),
    State("add-scope-command", (*DEDICATED, "enter", "b", "space", "f2"), hugging_face),
    State("add-scope-invalid", (*DEDICATED, "enter", "b", "ctrl+s"), hugging_face),
    State("add-scope-busy", (*DEDICATED, "enter", "b", "space", submit_without_end), hugging_face),
    State("add-scope-error", (*DEDICATED, "enter", "b", "space", failing_with(REFUSED)), hugging_face),
    State("remove-scope", (*DEDICATED, "enter", "space", "down", "d"), hugging_face),
    State("remove-scope-filled", (*DEDICATED, "enter", "space", "down", "d", text("shop")), hugging_face),
    State("remove-scope-invalid", (*DEDICATED, "enter", "space", "down", "d", "ctrl+s"), hugging_face),
    State("remove-api-key", (*DEDICATED, "enter", "d"), hugging_face),
    State("remove-api-key-command", (*DEDICATED, "enter", "d", "f2"), hugging_face),
    State("remove-api-key-filled", (*DEDICATED, "enter", "d", text("test-jira-1234")), hugging_face),
    State("remove-api-key-invalid", (*DEDICATED, "enter", "d", text("test"), "ctrl+s"), hugging_face),
    State("remove-api-key-busy", (*DEDICATED, "enter", "d", text("test-jira-1234"), submit_without_end), hugging_face),
)

REMOVED = (*SERVERLESS, "enter", "d", text("webstore-prod"), "ctrl+s")
TOKEN = (*SERVERLESS, "enter", "r", text("hf_made_up"))

CREDENTIALS: tuple[State, ...] = (
    State("credential-menu", (*DEDICATED, "enter", "m"), hugging_face),
    State("rotate", (*SERVERLESS, "enter", "r"), hugging_face),
    State("rotate-filled", TOKEN, hugging_face),
    State("rotate-command", (*TOKEN, "f2"), hugging_face),
    State("rotate-invalid", (*SERVERLESS, "enter", "r", "ctrl+s"), hugging_face),
    State("rotate-busy", (*TOKEN, submit_without_end), hugging_face),
    State("rotate-error", (*TOKEN, failing_with(TOKEN_REFUSED)), hugging_face),
    State("rehearse", (*SERVERLESS, "enter", "h"), articles),
    State("rehearse-replace", (*SERVERLESS, "enter", "h", choose("remove it,")), articles),
    State("rehearse-scope", (*SERVERLESS, "enter", "h", choose("change"), "tab", "down", "space"), articles),
    State("remove-api-key-used", (*SERVERLESS, "enter", "d"), articles),
    State("remove-scope-used", (*SERVERLESS, "enter", "down", "d"), articles),
    State("remove-integration-used", (*SERVERLESS, "enter", "x"), articles),
    State("remove-integration", (*DEDICATED, "enter", "x"), hugging_face),
    State("audit-empty", ("a",), start=Section.ACTIVITY),
    State("audit", ("a",), hugging_face, start=Section.ACTIVITY),
    State("audit-entry", ("a", "enter"), hugging_face, start=Section.ACTIVITY),
)
