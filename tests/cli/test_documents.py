"""The guides, the Makefile and the locks say what is so."""

from __future__ import annotations

import re
import shlex
import subprocess
import tomllib
from collections.abc import Iterator

import pytest
from pydantic import BaseModel

from tests.cli.conftest import ROOT, Program
from tests.cli.test_arguments import VERBS
from tui.settings.settings import Settings

COMMAND_LINE = (ROOT / "docs/guides/command-line.md").read_text(encoding="utf-8")
SETTINGS = (ROOT / "docs/guides/settings.md").read_text(encoding="utf-8")
SERVE = (ROOT / "docs/guides/serve.md").read_text(encoding="utf-8")
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
LOCKS = {name: (ROOT / name).read_text(encoding="utf-8") for name in ("requirements.lock", "requirements-dev.lock")}


def pins(lock: str) -> dict[str, set[str]]:
    """Return the pinned versions by package."""
    found: dict[str, set[str]] = {}
    for name, version in re.findall(r"^([a-z0-9._-]+)==([^ ;\\]+)", lock, re.MULTILINE):
        found.setdefault(name, set()).add(version)
    return found


def names(requirements: list[str]) -> set[str]:
    """Return the packages of a list of requirements."""
    return {re.split(r"[^A-Za-z0-9._-]", requirement)[0].lower() for requirement in requirements}


@pytest.mark.parametrize("words", sorted(VERBS))
def test_the_guide_has_every_verb(words: str) -> None:
    assert f"| `astrolabe {words}".rstrip() in COMMAND_LINE


def test_the_guides_walk_leads_to_a_result(program: Program, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    block = re.search(r"## From nothing to a search\n\n```sh\n(.*?)```", COMMAND_LINE, re.DOTALL)
    assert block is not None
    outcome = None
    for line in block[1].splitlines():
        command, *argv = shlex.split(line)
        assert command == "astrolabe"
        outcome = program.done(*argv)
    assert outcome is not None
    assert "saw" in outcome.out.splitlines()[1].lower()


def settings(model: type[BaseModel], prefix: str = "") -> Iterator[str]:
    """Yield the names of the settings, with those inside a group; providers are groups without fixed names."""
    for name, field in model.model_fields.items():
        if isinstance(field.annotation, type) and issubclass(field.annotation, BaseModel):
            yield from settings(field.annotation, f"{prefix}{name}.")
        elif name not in {"providers", "failure_lab", "rerankers"}:
            yield prefix + name


@pytest.mark.parametrize("name", sorted(settings(Settings)))
def test_the_guide_has_every_setting(name: str) -> None:
    if name.startswith("limits.") and f"| `{name}` |" not in SETTINGS:
        assert "`ASTROLABE_LIMITS__NAME`" in SETTINGS
        assert f"| `{name}` |" in SERVE  # the guide to the server has them one by one
        return
    assert f"| `{name}` |" in SETTINGS
    assert f"`ASTROLABE_{name.upper().replace('.', '__')}`" in SETTINGS


def test_the_guides_settings_file_is_a_right_one(program: Program) -> None:
    block = re.search(r"```toml\n(.*?)```", SETTINGS, re.DOTALL)
    assert block is not None
    file = program.home / "config.toml"
    file.write_text(block[1], encoding="utf-8")
    facts = {
        row["subject"]: row["value"] for row in program.done("info", "--config", str(file), "--format", "json").rows
    }
    assert facts["data folder"] == str(program.home / "astrolabe")


def test_every_target_of_the_makefile_explains_itself() -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    phony = re.search(r"^\.PHONY: (.*)$", makefile, re.MULTILINE)
    assert phony is not None
    # The tests may be run by make themselves: a make inside a make would print where it is.
    command = ["make", "--no-print-directory", "help"]
    shown = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)  # noqa: S603 - our own Makefile
    assert {line.split()[0] for line in shown.stdout.splitlines()[1:]} == set(phony[1].split())


@pytest.mark.parametrize("name", sorted(LOCKS))
def test_a_lock_pins_hashes_and_names_no_registry(name: str) -> None:
    assert "://" not in LOCKS[name]
    assert "-url" not in LOCKS[name]
    for entry in re.split(r"^(?=[a-z0-9])", LOCKS[name], flags=re.MULTILINE)[1:]:
        assert "--hash=sha256:" in entry, entry.splitlines()[0]


def test_the_locks_have_everything_that_the_project_asks_for() -> None:
    groups = PROJECT["dependency-groups"]
    needed = names(PROJECT["project"]["dependencies"] + groups["build"])
    assert needed <= pins(LOCKS["requirements.lock"]).keys()
    assert needed | names(groups["dev"] + groups["bench"]) <= pins(LOCKS["requirements-dev.lock"]).keys()


def test_the_two_locks_agree() -> None:
    development = pins(LOCKS["requirements-dev.lock"])
    assert {name: development[name] for name in pins(LOCKS["requirements.lock"])} == pins(LOCKS["requirements.lock"])
