"""``astrolabe lab``, the setting beside it, and what the doctor says about both."""

from __future__ import annotations

import pytest

from tests.cli.conftest import Program


def test_a_trouble_is_switched_on_listed_and_switched_off(program: Program) -> None:
    program.done("lab", "on", "OpenAI", "--trouble", "429", "--delay", "5", "--calls", "3")
    assert program.done("lab", "list", "--format", "json").rows == [
        {"provider": "openai", "trouble": "rate-limited", "delay": 5, "calls_left": 3, "set_by": "lab"}
    ]
    assert "openai" in program.done("lab", "off", "openai").err
    assert program.done("lab", "list", "--format", "json").rows == []
    assert program("lab", "off", "openai").code == 1


def test_without_a_provider_everything_is_switched_off(program: Program) -> None:
    program.done("lab", "on", "all", "--trouble", "collection-limit")
    program.done("lab", "on", "embedded", "--trouble", "timeout")
    program.done("lab", "off")
    assert program.done("lab", "list", "--format", "json").rows == []


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (("opena", "--trouble", "429"), 1, "no embedding provider 'opena'"),
        (("openai", "--trouble", "418"), 2, "no trouble '418'"),
        (("openai", "--trouble", "billing", "--delay", "1"), 1, "has no delay"),
        (("openai", "--trouble", "429", "--delay", "-1"), 2, "--delay"),
        (("openai", "--trouble", "429", "--calls", "0"), 2, "--calls"),
    ],
)
def test_what_means_nothing_is_refused(program: Program, words: tuple[str, ...], code: int, said: str) -> None:
    outcome = program("lab", "on", *words)
    assert (outcome.code, outcome.out) == (code, "")
    assert said in outcome.err


def test_the_doctor_warns_while_it_is_on(program: Program) -> None:
    program.done("lab", "on", "openai", "--trouble", "401")
    found = {row["check"]: row for row in program.done("doctor", "--format", "json").rows}
    assert found["failure lab openai"]["state"] == "warning"
    assert found["failure lab openai"]["fix"] == "astrolabe lab off openai"


def test_a_setting_switches_it_on_for_its_process(program: Program, monkeypatch: pytest.MonkeyPatch) -> None:
    program.done("lab", "list")
    monkeypatch.setenv("ASTROLABE_FAILURE_LAB__voyageAI", "503")
    monkeypatch.setenv("ASTROLABE_FAILURE_LAB__all__TROUBLE", "timeout")
    monkeypatch.setenv("ASTROLABE_FAILURE_LAB__all__CALLS", "7")
    rows = program.done("lab", "list", "--format", "json").rows
    assert [(row["provider"], row["trouble"], row["calls_left"], row["set_by"]) for row in rows] == [
        ("voyageAI", "loading", None, "settings"),
        ("all", "timeout", 7, "settings"),
    ]
    assert "settings" in program.done("lab", "off").err


def test_the_settings_file_switches_it_on_too(program: Program) -> None:
    file = program.home / "lab.toml"
    file.write_text('[failure_lab]\nopenai = "429"\nmistral = {trouble = "loading", delay = 3.5, calls = 2}\n')
    rows = program.done("--config", str(file), "lab", "list", "--format", "json").rows
    assert [(row["provider"], row["delay"], row["calls_left"]) for row in rows] == [
        ("mistral", 3.5, 2),
        ("openai", 1, None),
    ]


@pytest.mark.parametrize(
    ("variable", "value", "said"),
    [
        ("ASTROLABE_FAILURE_LAB__voyageAI", "418", "there is no such trouble"),
        ("ASTROLABE_FAILURE_LAB__voyage", "429", "Did you mean voyageAI?"),
        ("ASTROLABE_FAILURE_LAB__openai__TROUBEL", "429", "Did you mean trouble?"),
    ],
)
def test_a_wrong_setting_is_named(
    program: Program, monkeypatch: pytest.MonkeyPatch, variable: str, value: str, said: str
) -> None:
    monkeypatch.setenv(variable, value)
    outcome = program("lab", "list")
    assert outcome.code == 2
    assert variable in outcome.err
    assert said in outcome.err
