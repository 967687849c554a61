"""What a program sees: failures through the official client, for every trouble, from a server that runs already."""

from __future__ import annotations

import logging
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest
from astrapy import DataAPIClient, Database
from astrapy.exceptions import DataAPIResponseException

from astrolabe.providers.simulated.rules import EVERY_PROVIDER, Rule, SimulatedFailure
from astrolabe.serving.replies import SIMULATED
from tests.serving.conftest import closed_clients
from tests.support.served import CREDENTIAL, KEYSPACE, PROVIDER, TOKEN, Served, served
from tests.support.waiting import LONGEST_WAIT

__all__ = ["closed_clients"]

ROOT = Path(__file__).resolve().parents[2]
EMBEDDED = "embedded"
CODES = {
    SimulatedFailure.UNAUTHORIZED: ("EMBEDDING_PROVIDER_CLIENT_ERROR", "HTTP 401"),
    SimulatedFailure.BILLING: ("EMBEDDING_PROVIDER_CLIENT_ERROR", "HTTP 402"),
    SimulatedFailure.RATE_LIMITED: ("EMBEDDING_PROVIDER_RATE_LIMITED", "HTTP 429"),
    SimulatedFailure.LOADING: ("EMBEDDING_PROVIDER_SERVER_ERROR", "HTTP 503"),
    SimulatedFailure.WRONG_DIMENSION: ("EMBEDDING_PROVIDER_UNEXPECTED_RESPONSE", "dimensions"),
    SimulatedFailure.TIMEOUT: ("EMBEDDING_PROVIDER_TIMEOUT", "safe to retry"),
}
SERVICES = {
    PROVIDER: {
        "provider": PROVIDER,
        "modelName": "endpoint-defined-model",
        "authentication": {"providerKey": CREDENTIAL},
        "parameters": {"endpointName": "e", "regionName": "r", "cloudName": "c"},
    },
    EMBEDDED: {"provider": EMBEDDED, "modelName": "wordllama-l2-supercat-256"},
}
DIMENSIONS = {PROVIDER: 8, EMBEDDED: 256}


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with served(tmp_path_factory.mktemp("served") / "data") as running:
        for provider, service in SERVICES.items():
            vector = {"dimension": DIMENSIONS[provider], "metric": "cosine", "service": service}
            command = {"createCollection": {"name": f"of_{provider}", "options": {"vector": vector}}}
            running.post(f"/v1/{KEYSPACE}", json=command).raise_for_status()
        yield running


@dataclass(frozen=True)
class Lab:
    """Switches troubles of the running server, in its own process."""

    server: Served
    database: Database

    def on(self, rule: Rule) -> None:
        self.server.run(self.server.workspace.lab.switch_on(rule))

    def left(self) -> list[tuple[str, int | None]]:
        return [(one.rule.provider, one.rule.calls) for one in self.server.run(self.server.workspace.lab.rules())]

    def insert(self, provider: str) -> Any:  # noqa: ANN401 - astrapy's result
        return self.database.get_collection(f"of_{provider}").insert_one({"$vectorize": "a text"})

    def refused(self, action: Callable[[], object]) -> tuple[str, str]:
        with pytest.raises(DataAPIResponseException) as caught:
            action()
        error = caught.value.error_descriptors[0]
        return str(error.error_code), str(error.message)


@pytest.fixture
def lab(server: Served) -> Iterator[Lab]:
    yield Lab(server, DataAPIClient(TOKEN).get_database(server.address, keyspace=KEYSPACE))
    server.run(server.workspace.lab.switch_off())


@pytest.mark.parametrize("trouble", CODES)
@pytest.mark.parametrize("provider", SERVICES)
def test_an_application_gets_the_documented_error(lab: Lab, provider: str, trouble: SimulatedFailure) -> None:
    timed = trouble in {SimulatedFailure.RATE_LIMITED, SimulatedFailure.LOADING, SimulatedFailure.TIMEOUT}
    lab.on(Rule(provider, trouble, delay=0 if timed else None))
    before = len(lab.server.provider.requests)
    code, message = lab.refused(lambda: lab.insert(provider))
    expected, words = CODES[trouble]
    assert code == expected
    assert words in message
    assert "simulated" not in message
    assert len(lab.server.provider.requests) == before
    lab.server.run(lab.server.workspace.lab.switch_off(provider))
    lab.insert(provider)


def test_a_number_of_calls_is_used_up_by_retries_and_then_the_provider_answers(lab: Lab) -> None:
    lab.on(Rule(PROVIDER, SimulatedFailure.RATE_LIMITED, delay=0, calls=3))
    before = len(lab.server.provider.requests)
    lab.insert(PROVIDER)
    assert lab.left() == []
    assert len(lab.server.provider.requests) == before + 1


def test_what_is_final_uses_one_call(lab: Lab) -> None:
    lab.on(Rule(PROVIDER, SimulatedFailure.UNAUTHORIZED, calls=2))
    lab.refused(lambda: lab.insert(PROVIDER))
    assert lab.left() == [(PROVIDER, 1)]


def test_searching_fails_like_storing(lab: Lab) -> None:
    lab.on(Rule(EVERY_PROVIDER, SimulatedFailure.BILLING, calls=1))
    collection = lab.database.get_collection(f"of_{EMBEDDED}")
    code, _ = lab.refused(lambda: collection.find({}, sort={"$vectorize": "a text"}).to_list())
    assert code == "EMBEDDING_PROVIDER_CLIENT_ERROR"


def test_the_database_is_full_for_new_collections_only(lab: Lab) -> None:
    lab.on(Rule(EVERY_PROVIDER, SimulatedFailure.COLLECTION_LIMIT))
    code, message = lab.refused(lambda: lab.database.create_collection("one_more"))
    assert code == "TOO_MANY_COLLECTIONS"
    assert "may have 10 collections over all keyspaces and has 10" in message
    lab.insert(EMBEDDED)
    lab.server.run(lab.server.workspace.lab.switch_off())
    lab.database.create_collection("one_more")
    lab.database.drop_collection("one_more")


def test_a_header_and_the_log_tell_a_simulated_error_from_a_real_one(
    lab: Lab, caplog: pytest.LogCaptureFixture
) -> None:
    lab.on(Rule(PROVIDER, SimulatedFailure.UNAUTHORIZED))
    with caplog.at_level(logging.WARNING):
        answer = _insert_raw(lab.server)
    assert answer.headers[SIMULATED] == "true"
    assert "failure lab: unauthorized of huggingfaceDedicated is simulated" in caplog.text
    lab.server.run(lab.server.workspace.lab.switch_off())
    assert SIMULATED not in _insert_raw(lab.server).headers


def test_the_activity_says_that_an_error_was_simulated(lab: Lab) -> None:
    lab.on(Rule(PROVIDER, SimulatedFailure.UNAUTHORIZED))
    lab.refused(lambda: lab.insert(PROVIDER))
    assert lab.server.workspace.activity.entries[-1].simulated


def test_the_command_line_puts_a_running_server_into_trouble_and_out_of_it(lab: Lab) -> None:
    folder = str(lab.server.workspace.options.data_dir)
    _astrolabe(folder, "lab", "on", PROVIDER, "--trouble", "401")
    code = ""
    for _ in range(1000):  # it is noticed within a moment; how soon is shown elsewhere, without a clock
        if SIMULATED in _insert_raw(lab.server).headers:
            code, _ = lab.refused(lambda: lab.insert(PROVIDER))
            break
    assert code == "EMBEDDING_PROVIDER_CLIENT_ERROR"
    _astrolabe(folder, "lab", "off")
    assert any(SIMULATED not in _insert_raw(lab.server).headers for _ in range(1000))


def _insert_raw(server: Served) -> httpx.Response:
    return server.post(f"/v1/{KEYSPACE}/of_{PROVIDER}", json={"insertOne": {"document": {"$vectorize": "a text"}}})


def _astrolabe(folder: str, *words: str) -> None:
    environment = {name: value for name, value in os.environ.items() if not name.startswith("ASTROLABE_")}
    subprocess.run(  # noqa: S603 - our own program
        [sys.executable, "-m", "tui.cli", "--data-dir", folder, *words],
        cwd=ROOT,
        env=environment,
        check=True,
        capture_output=True,
        timeout=LONGEST_WAIT,
    )
