"""The recipes of the guide to clients, run as they stand there: each prints what the guide says."""

from __future__ import annotations

import importlib.util
import os
import re
import shutil
import sys
import warnings
from collections.abc import Iterator
from pathlib import Path

import pytest
from pydantic import SecretStr

from astrolabe.dataapi.client.snippets import TOKEN_VARIABLE
from astrolabe.serving.authority import Authority, host_names
from astrolabe.serving.options import ServerOptions
from tests.support.official_clients import CLIENTS, needs_node, run
from tests.support.recipes import Recipe, recipes, recipes_of
from tests.support.served import DATABASE, KEYSPACE, TOKEN, Served, served

PYTHON = {"astrapy": "astrapy", "LangChain": "langchain_astradb", "Haystack": "haystack_integrations"}
"""The module that each recipe in Python needs, where it can be imported beside the others."""

NODE = {"astra-db-ts": CLIENTS, "Mongoose": CLIENTS, "Mastra": CLIENTS / "mastra"}
"""The folder with the packages that each recipe for Node needs."""

LLAMA = CLIENTS / "llama-index"

PACKAGES = re.compile(r"(?:from |require\()'([^']+)'")

pytestmark = pytest.mark.skipif(
    importlib.util.find_spec("wordllama") is None, reason="the recipes embed with wordllama, which is not installed"
)


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """Serve one folder for all recipes: by address, and under Astra DB's host names."""
    options = ServerOptions(port=0, token=SecretStr(TOKEN), astra_port=0)
    with served(tmp_path_factory.mktemp("recipes") / "data", options) as running:
        yield running


@pytest.fixture(autouse=True)
def no_collections(server: Served) -> None:
    """Take away what another recipe created: ten collections are as many as Astra DB has."""
    for name in server.post(f"/v1/{KEYSPACE}", json={"findCollections": {}}).json()["status"]["collections"]:
        server.post(f"/v1/{KEYSPACE}", json={"deleteCollection": {"name": name}})


def told(server: Served) -> dict[str, str]:
    """Return the variables that the guide sets."""
    return {"ASTRA_DB_API_ENDPOINT": server.address, TOKEN_VARIABLE: TOKEN}


def test_every_recipe_of_the_guide_is_run_here() -> None:
    elsewhere = {"Java"}  # test_official_clients.py: with its other programs, because compiling takes longest
    assert {recipe.heading for recipe in recipes()} == {*PYTHON, *NODE, "curl", "LlamaIndex"} | elsewhere


@pytest.mark.parametrize(
    "recipe",
    [recipe for recipe in recipes() if recipe.heading in PYTHON],
    ids=lambda recipe: f"{recipe.heading}-{recipe.text.count(chr(10))}",
)
def test_the_recipe_in_python(
    server: Served, recipe: Recipe, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    pytest.importorskip(PYTHON[recipe.heading])
    for name, value in told(server).items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("HAYSTACK_TELEMETRY_ENABLED", "False")
    if recipe.heading == "LangChain":
        monkeypatch.setenv("ASTRA_DB_KEYSPACE", KEYSPACE)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # what libraries warn of is theirs
        exec(compile(recipe.text, recipe.heading, "exec"), {"__name__": "__main__"})  # noqa: S102 - the guide's text
    assert capsys.readouterr().out == recipe.prints


@pytest.mark.skipif(shutil.which("curl") is None, reason="there is no curl on this machine")
def test_the_recipe_for_curl(server: Served, tmp_path: Path) -> None:
    [recipe] = recipes_of("curl")
    assert run(("sh", "-c", recipe.text), tmp_path, told(server)) == recipe.prints


@needs_node
@pytest.mark.parametrize("heading", NODE)
def test_the_recipe_for_node(server: Served, heading: str, tmp_path: Path) -> None:
    [recipe] = recipes_of(heading)
    packages = NODE[heading] / "node_modules"
    if not all((packages / name).is_dir() for name in PACKAGES.findall(recipe.text)):
        pytest.skip(f"{heading} is not installed: `make recipes` does that")
    (tmp_path / "node_modules").symlink_to(packages)
    file = tmp_path / ("recipe.cjs" if "require(" in recipe.text else "recipe.mjs")
    file.write_text(recipe.text, encoding="utf-8")
    assert run(("node", file.name), tmp_path, told(server)) == recipe.prints


@pytest.mark.skipif(not LLAMA.is_dir(), reason="`make recipes` installs LlamaIndex with its own astrapy")
def test_the_recipe_for_llama_index(server: Served, tmp_path: Path) -> None:
    [recipe] = recipes_of("LlamaIndex")
    host = host_names(server.run(server.workspace.databases.find(DATABASE)))[0]
    variables = {
        "ASTRA_DB_API_ENDPOINT": f"https://{host}",
        TOKEN_VARIABLE: TOKEN,
        "SSL_CERT_FILE": str(Authority(server.workspace.options.data_dir).certificate),
        "PYTHONPATH": os.pathsep.join([str(LLAMA), str(Path(__file__).parents[2])]),
    }
    port = server.server.doors.astra_port
    assert port is not None
    (tmp_path / "recipe.py").write_text(f"{_HOSTS_FILE.format(host=host, port=port)}\n{recipe.text}", encoding="utf-8")
    assert run((sys.executable, "recipe.py"), tmp_path, variables) == recipe.prints


_HOSTS_FILE = """\
import socket
look_up = socket.getaddrinfo
def in_hosts_file(host, port, *args, **named):
    return look_up("127.0.0.1", {port}, *args, **named) if host == "{host}" else look_up(host, port, *args, **named)
socket.getaddrinfo = in_hosts_file
"""
"""What the lines in the hosts file do, and port 443, which a test may not have."""
