"""Every page and dialog in each of its states: what snapshots compare and what ``make screenshots`` draws.

A state is a prepared data folder, a place to start, and the steps that lead there from the keyboard. Only what would
end by itself (a dialog at work, a load half way) and errors that need another machine are held in place by a step.
"""

from __future__ import annotations

from astrolabe.dataapi.language.provider_errors import provider_error
from astrolabe.errors import DataApiError, Family
from screens.kit.app_base import Section
from tests.support import loads
from tests.support import provider_steps as provider
from tests.support.console import (
    articles,
    articles_with_words,
    hugging_face,
    in_trouble,
    one_initializing,
    three_databases,
)
from tests.support.provider_server import Answer
from tests.support.state import DAY, FILES, REFUSED, State
from tests.support.states_connections import CONNECTIONS
from tests.support.states_documents import DOCUMENTS
from tests.support.states_integrations import (
    CREDENTIALS,
    DEDICATED,
    EMBEDDED_TILE,
    FORM,
    INTEGRATIONS,
    REMOVED,
    SERVERLESS,
    TOKEN_REFUSED,
)
from tests.support.states_saving import SAVING
from tests.support.states_tables import TABLES
from tests.support.steps import (
    choose,
    failing_with,
    loaded,
    reporting,
    reranked_search,
    search_without_end,
    serving,
    some_commands,
    submit_without_end,
    text,
)

__all__ = ["FILES", "STATES", "State"]


def _fixed(error: DataApiError) -> DataApiError:
    error.id = "0b6f7a52-54b2-4d0c-9d3e-6a8f1c2b7e90"
    return error


TOO_MANY = _fixed(
    DataApiError(
        "Too many indexes: collection could not be created because the database already has 10 collections.",
        family=Family.REQUEST,
        scope="DATABASE",
        code="TOO_MANY_COLLECTIONS",
        heading="Too many collections",
        hint="Delete a collection that is not needed any more.",
    )
)

_DATABASES = (
    State("databases-empty"),
    State("databases", prepare=three_databases, then=one_initializing),
    State("databases-day", prepare=three_databases, then=one_initializing, theme=DAY),
    State("create-database", ("n",)),
    State("create-database-filled", ("n", text("shop"), "tab", choose("g")), prepare=None),
    State("create-database-command", ("n", text("shop"), "f2")),
    State("create-database-devops", ("n", text("shop"), "f2", "tab")),
    State("create-database-invalid", ("n", text("x"), "ctrl+s")),
    State("create-database-taken", ("n", text("shop"), "ctrl+s"), three_databases),
    State("create-database-busy", ("n", text("books"), submit_without_end), three_databases),
    State("create-database-error", ("n", text("books"), failing_with(REFUSED)), three_databases),
    State("delete-database", ("down", "d"), three_databases),
    State("delete-database-filled", ("down", "d", text("shop")), three_databases),
    State("delete-database-invalid", ("down", "d", text("shp"), "ctrl+s"), three_databases),
    State("delete-database-busy", ("down", "d", text("shop"), submit_without_end), three_databases),
    State("delete-database-error", ("down", "d", text("shop"), failing_with(REFUSED)), three_databases),
)

TEST = (*SERVERLESS, "enter")
CHAT = "The embeddings operation does not work with the specified model, gpt-4o."

_CONNECTIONS = (
    State("test-connection", (*TEST, provider.answering(provider.vectors(384)), "t"), articles),
    State("test-connection-dimension", (*TEST, provider.answering(provider.vectors(768)), "t"), articles),
    State("test-connection-refused", (*TEST, provider.answering(provider.REFUSED), "t"), articles),
    State("test-connection-unknown-host", (*TEST, provider.no_such_host, "t"), articles),
    State(
        "test-connection-waiting",
        (*TEST, provider.answering(provider.LOADING), provider.press_and_hold("t", "18 s")),
        articles,
    ),
    State(
        "test-connection-busy",
        (*TEST, provider.answering(Answer(fault="hang")), provider.press_and_hold("t", "Asking")),
        articles,
    ),
    State("test-connection-form", (*DEDICATED, "enter", "a", *FORM, "f4"), three_databases),
    State("test-connection-form-invalid", (*DEDICATED, "enter", "a", *FORM, "f4", "ctrl+s"), three_databases),
    State(
        "test-connection-trial",
        (*SERVERLESS, "enter", provider.answering(provider.vectors(384)), "a", *FORM, "f4", "ctrl+s"),
        three_databases,
    ),
    State(
        "weather",
        (*TEST, provider.answering(), provider.embedding("webstore-prod", "a red bicycle", "a wooden chair"), "f5"),
        articles,
    ),
    State(
        "weather-failures",
        (
            *(*TEST, provider.answering(provider.SLOW_DOWN, provider.vectors(384), provider.REFUSED)),
            *(provider.embedding("webstore-prod", "a chair"), provider.embedding("webstore-prod", "a lamp"), "f5"),
        ),
        articles,
    ),
    State(
        "weather-header",
        (*TEST, provider.answering(), provider.embedding("webstore-prod", "a"), provider.embedding(None, "b"), "f5"),
        articles,
    ),
    State("weather-embedded", (*EMBEDDED_TILE, "enter", "t", "ctrl+s", "escape", "f5")),
    State(
        "error-provider-401",
        (
            reporting(
                provider.as_the_data_api_says(
                    provider.answered("openai", 401, b"", "Incorrect API key provided: sk-•••.")
                )
            ),
        ),
        three_databases,
    ),
    State(
        "error-unknown-host",
        (reporting(provider.as_the_data_api_says(provider.unknown_endpoint())),),
        three_databases,
    ),
    State(
        "error-wrong-model",
        (reporting(provider.as_the_data_api_says(provider.answered("azureOpenAI", 400, b"", CHAT))),),
        three_databases,
    ),
)

SHOP = ("down", "enter")
POINTS, QUESTIONS, VISITS = (*SHOP, "down"), (*SHOP, *("down",) * 2), (*SHOP, *("down",) * 3)

_EXPLORER = (
    State("explorer-no-database", start=Section.EXPLORER),
    State("explorer-empty", SHOP, three_databases),
    State("explorer", SHOP, articles),
    State("explorer-day", SHOP, articles, theme=DAY),
    State("explorer-json", (*SHOP, "v"), articles),
    State("explorer-pages", POINTS, articles),
    State("explorer-second-page", (*POINTS, "n"), articles),
    State("explorer-no-documents", VISITS, articles),
    State("explorer-other-key", QUESTIONS, articles),
    State("explorer-disabled", (*REMOVED, "1", *QUESTIONS), articles),
    State("document", (*SHOP, "enter", "enter"), articles),
    State("create-keyspace", (*SHOP, "y"), articles),
    State("create-keyspace-filled", (*SHOP, "y", text("season_2026")), articles),
    State("create-keyspace-invalid", (*SHOP, "y", text("2026-season"), "ctrl+s"), articles),
    State("create-keyspace-taken", (*SHOP, "y", text("default_keyspace"), "ctrl+s"), articles),
    State("create-keyspace-busy", (*SHOP, "y", text("season"), submit_without_end), articles),
    State("create-keyspace-error", (*SHOP, "y", text("season"), failing_with(REFUSED)), articles),
    State("delete-collection", (*SHOP, "d"), articles),
    State("delete-collection-filled", (*SHOP, "d", text("articles")), articles),
    State("delete-collection-invalid", (*SHOP, "d", text("article"), "ctrl+s"), articles),
    State("delete-collection-busy", (*SHOP, "d", text("articles"), submit_without_end), articles),
)

NEW = (*SHOP, "c", text("reviews"))
METHOD = (*NEW, "tab", "tab")
SENTENCES = (*METHOD, "tab", choose("all"))

_CREATE_COLLECTION = (
    State("create-collection", (*SHOP, "c"), articles),
    State("create-collection-day", (*SHOP, "c"), articles, theme=DAY),
    State("create-collection-embedded", NEW, articles),
    State("create-collection-minilm", SENTENCES, articles, minilm=True),
    State("create-collection-minilm-absent", SENTENCES, articles),
    State("create-collection-own", (*METHOD, choose("b")), articles),
    State("create-collection-dedicated", ("down", "down", "enter", "c", "tab", "tab", choose("h")), hugging_face),
    State("create-collection-dedicated-several", (*METHOD, choose("h"), "tab"), articles),
    State(
        "create-collection-dedicated-filled",
        (
            *(*METHOD, choose("h"), "tab", "tab", text("mtp1x7muf6qyn3yh"), "tab", text("us-east-2"), "tab"),
            *(text("aws"), "tab", "tab", text("384")),
        ),
        articles,
    ),
    State("create-collection-serverless", (*METHOD, choose("hugging face - s")), articles),
    State("create-collection-no-vector", (*NEW, "tab", "space"), articles),
    State("create-collection-no-words", (*NEW, *("tab",) * 5, "space"), articles),
    State("create-collection-invalid", (*SHOP, "c", text("no-dash"), "tab", "tab", choose("h"), "ctrl+s"), articles),
    State("create-collection-warning", (*SHOP, "c", text("a" * 49)), articles),
    State("create-collection-taken", (*SHOP, "c", text("points"), "ctrl+s"), articles),
    State("create-collection-busy", (*NEW, submit_without_end), articles),
    State("create-collection-error", (*NEW, failing_with(TOO_MANY)), articles),
    State("code", (*NEW, "f2"), articles),
    State("code-curl", (*NEW, "f2", "tab"), articles),
)

CSV_WORDS = (*("tab",) * 3, "space")

_LOAD = (
    State("load-data", (*SHOP, "l"), articles),
    State("load-data-csv", (*SHOP, "l", text("articles.csv")), articles),
    State("load-data-words", (*SHOP, "l", text("articles.csv"), *CSV_WORDS), articles),
    State("load-data-words-command", (*SHOP, "l", text("articles.csv"), *CSV_WORDS, "f2"), articles),
    State("load-data-json", (*SHOP, "l", text("articles.json")), articles),
    State("load-data-vectors", (*POINTS, "l", text("points.json")), articles),
    State("load-data-no-vector", (*VISITS, "l", text("articles.json")), articles),
    State("load-data-some-refused", (*SHOP, "l", text("some-refused.jsonl")), articles),
    State("load-data-malformed", (*SHOP, "l", text("malformed.json")), articles),
    State("load-data-missing", (*SHOP, "l", text("/nowhere/articles.csv"), "ctrl+s"), articles),
    State("load-data-command", (*SHOP, "l", text("articles.csv"), "f2"), articles),
    State("load-checking", (*SHOP, loads.following(loads.CHECKING)), articles),
    State("load-running", (*SHOP, loads.following(loads.RUNNING)), articles),
    State("load-waiting", (*SHOP, loads.following(loads.WAITING)), articles),
    State("load-stopping", (*SHOP, loads.following(loads.RUNNING, asked_to_stop=True)), articles),
    State("load-done", (*SHOP, "l", text("articles.csv"), "ctrl+s", loaded), articles),
    State("load-refused", (*SHOP, loads.following(loads.REFUSED)), articles),
    State("load-stopped", (*SHOP, loads.following(loads.STOPPED)), articles),
    State("load-failed", (*SHOP, loads.following(loads.FAILED)), articles),
    State("load-error", (*SHOP, loads.following(loads.VANISHED)), articles),
)

_SEARCH = (
    State("search-empty", start=Section.SEARCH),
    State("search-form", (*SHOP, "s"), articles),
    State("search", (*SHOP, "s", text("something to ride to work"), "enter"), articles),
    State("search-json", (*SHOP, "s", text("something to ride to work"), "enter", "v"), articles),
    State(
        "search-filter",
        (*SHOP, "s", text("a seat"), "tab", text('{"price": {"$lt": 100}}'), "tab", "backspace", "enter"),
        articles,
    ),
    State("search-vector", (*POINTS, "s", text("[3, 1, 0]"), "enter"), articles),
    State("search-nothing", (*SHOP, "s", text("shoes"), "tab", text('{"price": 1}'), "enter"), articles),
    State("search-invalid", (*SHOP, "s", text("shoes"), "tab", text('{"price": }'), "enter"), articles),
    State("search-no-vector", (*VISITS, "s", text("shoes"), "enter"), articles),
    State("search-busy", (*SHOP, "s", text("shoes"), search_without_end), articles),
    State(
        "search-waiting",
        (
            *(*QUESTIONS, "s", provider.answering(provider.LOADING), text("shoes")),
            provider.press_and_hold("enter", "18 s"),
        ),
        articles,
    ),
    State("search-hybrid-form", (*SHOP, "s", "f3"), articles_with_words),
    State("search-hybrid", (*SHOP, "s", "f3", text("a lamp"), "enter"), articles_with_words),
    State("search-hybrid-json", (*SHOP, "s", "f3", text("a lamp"), "enter", "v"), articles_with_words),
    State("search-hybrid-document", (*SHOP, "s", "f3", text("chair"), "enter", "enter"), articles_with_words),
    State("search-hybrid-reranked", (*SHOP, "s", "f3", text("lamp"), reranked_search), articles_with_words),
    State("search-hybrid-code", (*SHOP, "s", "f3", text("lamp"), "f2", "tab", "tab"), articles_with_words),
    State("search-words", (*SHOP, "s", "f3", "f3", text("a book"), "enter"), articles_with_words),
    State("search-words-nothing", (*SHOP, "s", "f3", "f3", text("book chair"), "enter"), articles_with_words),
    State("search-code", (*SHOP, "s", text("shoes"), "f2"), articles),
    State("search-error", (*SHOP, "s", text("shoes"), reporting(TOKEN_REFUSED)), articles),
)

SIMULATED = _fixed(provider_error(TOKEN_REFUSED))
SIMULATED.simulated = True
LAB = ("2", "f")

_FAILURE_LAB = (
    State("failure-lab-empty", LAB, three_databases),
    State("failure-lab", (*LAB, *("down",) * 3), three_databases, in_trouble),
    State("failure-lab-badge", ("1",), three_databases, in_trouble),
    State("failure-lab-all-off", (*LAB, "x"), three_databases, in_trouble),
    State("simulate", (*LAB, "down", "enter"), three_databases),
    State("simulate-filled", (*LAB, "enter", "tab", text("5"), "tab", text("3")), three_databases),
    State("simulate-no-delay", (*LAB, "enter", choose("vec")), three_databases),
    State("simulate-command", (*LAB, "enter", "tab", text("5"), "f2"), three_databases),
    State("simulate-invalid", (*LAB, "enter", "tab", text("soon"), "tab", text("-3"), "ctrl+s"), three_databases),
    State("simulate-busy", (*LAB, "enter", submit_without_end), three_databases),
    State("simulate-error", (*LAB, "enter", failing_with(REFUSED)), three_databases),
    State("error-simulated", (reporting(SIMULATED),), three_databases, in_trouble),
)

_EVERYWHERE = (
    State("activity-empty", start=Section.ACTIVITY),
    State("activity", (some_commands, "5"), articles),
    State("activity-code", (some_commands, "5", "enter"), articles),
    State("help", ("question_mark",), three_databases),
    State("help-explorer", (*SHOP, "question_mark"), articles),
    State("help-dialog", ("n", "f1"), three_databases),
    State("palette", ("ctrl+p",), three_databases),
    State("error-data-api", (reporting(TOO_MANY),), three_databases),
    State("error-unexpected", (reporting(ZeroDivisionError("division by zero")),), three_databases),
    State("error-day", (reporting(TOKEN_REFUSED),), three_databases, theme=DAY),
)

_SERVER = (
    State("server", ("f7",), three_databases),
    State("server-running", ("f7", serving), three_databases),
    State("server-leave", ("f7", serving, "ctrl+q"), three_databases),
    State("server-start", ("f7", "s"), three_databases),
    State("server-start-invalid", ("f7", "s", "tab", text("x"), "ctrl+s"), three_databases),
    State("server-new-token", ("f7", "n", text("shop-frontend")), three_databases),
)

STATES: tuple[State, ...] = (
    *_DATABASES,
    *INTEGRATIONS,
    *CREDENTIALS,
    *_CONNECTIONS,
    *CONNECTIONS,
    *_EXPLORER,
    *DOCUMENTS,
    *_CREATE_COLLECTION,
    *_LOAD,
    *_SEARCH,
    *_FAILURE_LAB,
    *_SERVER,
    *_EVERYWHERE,
    *SAVING,
    *TABLES,
)
"""All states that are pictured."""
