from __future__ import annotations

import argparse
import inspect
import re
import typing
from collections.abc import Iterator

import pytest

from astrolabe.errors import UsageError
from tests.cli.conftest import ROOT, Program
from tui.cli import verb
from tui.cli.arguments import settings_options
from tui.cli.parser import build_parser, parse
from tui.cli.words import verbs_of

HEAVY = ("textual", "rich", "numpy", "httpx", "pydantic_settings", "aiosqlite", "cryptography", "tokenizers")


def verbs(parser: argparse.ArgumentParser, name: str = "") -> Iterator[tuple[str, str]]:
    """Yield the words of every verb with what it runs."""
    run = parser.get_default("run")
    if run is not None:
        yield name, run
    for action in parser._actions:
        if isinstance(action, argparse._SubParsersAction):
            for word, child in action.choices.items():
                yield from verbs(child, f"{name} {word}".strip())


VERBS = dict(verbs(build_parser()))


def parsers(parser: argparse.ArgumentParser) -> Iterator[argparse.ArgumentParser]:
    """Yield a parser and those of all verbs after it."""
    yield parser
    for child in verbs_of(parser).values():
        yield from parsers(child)


def test_the_help_of_no_verb_is_cut_at_80_columns(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    helps = [parser.format_help() for parser in parsers(build_parser())]
    assert [line for text in helps for line in text.splitlines() if len(line) > 80] == []
    long = next(text for text in helps if text.startswith("usage: astrolabe load"))
    assert "\n".join(long.splitlines()[-5:]) == (
        "Into a table, each column gets the field of its name, converted to the\n"
        "column's type; a row whose key is there is written over. A vector column with\n"
        "a service takes texts, the others arrays of numbers:\n"
        "  astrolabe load notes.csv --database library --table notes \\\n"
        "      --map meaning=body --map shape=outline"
    )


def imported(program: Program, *argv: str) -> set[str]:
    """Return the packages that a command imports."""
    code = (
        "import sys\nfrom tui.cli import main\n"
        f"main({argv!r})\n"
        "print(*sorted({name.split('.')[0] for name in sys.modules}), file=sys.stderr)"
    )
    outcome = program.python(code)
    return set(outcome.err.splitlines()[-1].split())


CONTRACT = {
    "",
    "demo",
    "audit",
    "lab list",
    "lab off",
    "lab on",
    "doctor",
    "databases create",
    "databases delete",
    "databases list",
    "keyspaces create",
    "keyspaces delete",
    "keyspaces list",
    "collections create",
    "collections list",
    "collections show",
    "collections delete",
    "completion bash",
    "completion fish",
    "completion words",
    "completion zsh",
    "integrations list",
    "integrations remove",
    "connections add",
    "connections list",
    "connections remove",
    "connections test",
    "connections use",
    "connection-strings list",
    "connection-strings create",
    "connection-strings edit",
    "connection-strings remove",
    "connection-strings test",
    "connection-strings export",
    "connection-strings import",
    "connection-strings pull",
    "connection-strings push",
    "credentials add",
    "credentials reencrypt",
    "credentials rehearse",
    "credentials remove",
    "credentials rotate",
    "credentials test",
    "credentials list",
    "scopes add",
    "scopes remove",
    "scopes list",
    "help",
    "indexes create",
    "indexes drop",
    "indexes list",
    "tables alter",
    "tables create",
    "tables drop",
    "tables list",
    "tables show",
    "types alter",
    "types create",
    "types drop",
    "types list",
    "documents get",
    "documents find",
    "documents count",
    "documents insert",
    "documents update",
    "documents delete",
    "documents export",
    "api",
    "authority remove",
    "authority show",
    "load",
    "search",
    "serve",
    "tokens create",
    "tokens list",
    "tokens revoke",
    "cache",
    "cache clear",
    "info",
}
"""What scripts may rely on."""


def test_the_verbs_are_those_of_the_contract() -> None:
    told = "a verb came or went: change this list, docs/guides/command-line.md and CHANGELOG.md with it"
    assert set(VERBS) == CONTRACT, told


def test_the_guide_has_every_verb() -> None:
    guide = (ROOT / "docs" / "guides" / "command-line.md").read_text("utf-8")
    told = re.findall(r"^\| `astrolabe ?([a-z -]*[a-z])?", guide, re.MULTILINE)
    assert set(VERBS) - {words.strip() for words in told} == set(), "docs/guides/command-line.md has a row of each verb"


@pytest.mark.parametrize("words", sorted(VERBS))
def test_every_verb_declares_what_it_takes(words: str) -> None:
    """The class beside a verb has what the parser gives, each with its type, and nothing else."""
    parser = build_parser()
    for word in words.split():
        parser = next(one for one in parser._actions if isinstance(one, argparse._SubParsersAction)).choices[word]
    declared = typing.get_type_hints(parser.get_default("arguments"))
    settings = {action.dest for action in settings_options()._actions}
    leaf = [one for one in parser._actions if not isinstance(one, argparse._SubParsersAction | argparse._HelpAction)]
    given = {one.dest: one for one in leaf if one.dest not in settings | {"version"}}
    assert set(declared) == set(given)
    for name, action in given.items():
        if not action.required and action.default is not argparse.SUPPRESS:
            value = parser.get_default(name)
            assert value is None or isinstance(value, typing.get_origin(declared[name]) or declared[name]), name
            assert value is not None or type(None) in typing.get_args(declared[name]), name


@pytest.mark.parametrize("run", sorted(set(VERBS.values())))
def test_every_verb_names_a_coroutine_function(run: str) -> None:
    assert inspect.iscoroutinefunction(verb(run))


@pytest.mark.parametrize("words", sorted(set(VERBS) - {""}))
def test_every_verb_explains_itself(words: str, program: Program) -> None:
    outcome = program.done(*words.split(), "--help")
    assert outcome.out.startswith(f"usage: astrolabe {words}")
    assert outcome.err == ""


def test_help_and_version_import_nothing_heavy(program: Program) -> None:
    for argv in (["--help"], ["--version"], ["search", "--help"]):
        assert not set(HEAVY) & imported(program, *argv), argv


@pytest.mark.parametrize(
    "argv", [["info"], ["databases", "list"], ["search", "x", "--database", "a", "--collection", "b"]]
)
def test_verbs_do_not_import_the_terminal_framework(argv: list[str], program: Program) -> None:
    assert not {"textual", "rich"} & imported(program, *argv)


def test_the_version_is_printed(program: Program) -> None:
    outcome = program.done("--version")
    assert outcome.out == "astrolabe 0.1.0\n"


def test_settings_may_stand_before_or_after_the_verb() -> None:
    before = parse(["--data-dir", "/x", "databases", "list"])
    after = parse(["databases", "list", "--data-dir", "/x"])
    assert before.data_dir == after.data_dir
    assert not hasattr(parse(["databases", "list"]), "data_dir")


@pytest.mark.parametrize(
    "argv",
    [
        ["serch", "x"],
        ["databases"],
        ["databases", "create"],
        ["search", "x", "--collection", "c"],
        ["search", "x", "--database", "d", "--collection", "c", "--limit", "0"],
        ["search", "x", "--database", "d", "--collection", "c", "--limit", "ten"],
        ["search", "x", "--database", "d", "--collection", "c", "--format", "xml"],
        ["collections", "create", "c", "--database", "d", "--metric", "COSINE"],
        ["credentials", "add", "k", "--provider", "openai", "--secret-stdin", "--secret-env", "K"],
        ["info", "--frmat", "json"],
    ],
)
def test_wrong_usage_ends_with_2_and_says_where_help_is(argv: list[str], program: Program) -> None:
    outcome = program(*argv)
    assert outcome.code == 2
    assert outcome.out == ""
    assert "--help" in outcome.err
    assert "Traceback" not in outcome.err


def test_a_secret_cannot_be_an_argument() -> None:
    with pytest.raises(UsageError):
        parse(["credentials", "add", "main", "--provider", "openai", "--secret", "sk-1234"])


def test_a_hostile_argument_is_neutralised(program: Program) -> None:
    outcome = program("\x1b]0;owned\x07")
    assert outcome.code == 2
    assert not {"\x1b", "\x07"} & set(outcome.err)


@pytest.mark.parametrize("given", [["--secret", "hf_SENTINEL"], ["--secret=hf_SENTINEL"], ["hf_SENTINEL"]])
def test_a_secret_that_was_given_as_an_argument_is_not_printed(program: Program, given: list[str]) -> None:
    outcome = program("credentials", "add", "name", "--provider", "openai", *given)
    assert outcome.code == 2
    assert "unrecognized arguments" in outcome.err.lower()
    assert ("--secret" in outcome.err) == given[0].startswith("--")
    assert "SENTINEL" not in outcome.out + outcome.err


@pytest.mark.parametrize(
    ("argv", "meant"),
    [
        (["colections", "list"], "collections"),
        (["collections", "lst"], "list"),
        (["databases", "list", "--formt", "json"], "--format"),
        (["search", "x", "--database", "a", "--collection", "b", "--limt", "3"], "--limit"),
    ],
)
def test_a_slip_of_the_fingers_is_told_what_was_meant(argv: list[str], meant: str, program: Program) -> None:
    outcome = program(*argv)
    assert outcome.code == 2
    assert f"Did you mean {meant}?" in outcome.err


def test_help_and_a_verb_are_the_verb_and_its_help(program: Program) -> None:
    assert program.done("help", "collections", "create").out == program.done("collections", "create", "--help").out
    assert program.done("help").out == program.done("--help").out
    assert program("help", "nothing").code == 2


def test_the_version_has_a_letter(program: Program) -> None:
    assert program.done("-V").out == program.done("--version").out
