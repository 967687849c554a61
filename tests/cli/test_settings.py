from __future__ import annotations

import re
from dataclasses import fields
from pathlib import Path

import pytest

from astrolabe.dataapi.language.allowances import CommandLimits
from astrolabe.errors import UsageError
from tui.cli.session import options_of, server_options
from tui.settings.sections import LimitsSettings, LogLevel
from tui.settings.settings import load_settings

GUIDE = Path(__file__).resolve().parents[2] / "docs" / "guides" / "serve.md"


def write_config(home: Path, text: str) -> Path:
    file = home / ".config" / "astrolabe" / "config.toml"
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text, encoding="utf-8")
    return file


def refusal(**flags: object) -> str:
    with pytest.raises(UsageError) as caught:
        load_settings(flags)
    assert caught.value.exit_code == 2
    return caught.value.message


def test_defaults_lie_in_the_platforms_folders(empty_home: Path) -> None:
    settings = load_settings()
    assert settings.data_dir == empty_home / ".local" / "share" / "astrolabe"
    assert settings.mouse
    assert settings.log_level is LogLevel.INFO
    assert settings.providers == {}


def test_a_flag_wins_over_the_environment_and_that_over_the_file(
    empty_home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_config(empty_home, 'theme = "from-file"\nlog_level = "error"\nmouse = false\n')
    monkeypatch.setenv("ASTROLABE_THEME", "from-environment")
    monkeypatch.setenv("ASTROLABE_LOG_LEVEL", "warning")
    settings = load_settings({"theme": "from-flag", "log_level": None})
    assert settings.theme == "from-flag"
    assert settings.log_level is LogLevel.WARNING
    assert not settings.mouse


def test_a_providers_name_may_be_spelled_in_any_case_and_the_environment_still_wins(
    empty_home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_config(empty_home, '[providers.HuggingFaceDedicated]\nurl = "https://file.example/{endpointName}"\n')
    monkeypatch.setenv("ASTROLABE_PROVIDERS__huggingfaceDEDICATED__URL", "http://127.0.0.1:9/{endpointName}/embed")
    assert load_settings().provider_urls == {"huggingfaceDedicated": "http://127.0.0.1:9/{endpointName}/embed"}


def test_a_server_of_ones_own_can_stand_behind_openai(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ASTROLABE_PROVIDERS__OPENAI__BASE_URL", "http://127.0.0.1:11434/v1/")
    monkeypatch.setenv("ASTROLABE_PROVIDERS__openai__models", '[{"name": "nomic-embed-text", "dimension": 768}]')
    monkeypatch.setenv("ASTROLABE_PROVIDERS__openai__KEY", "sk-own-server")
    settings = load_settings()
    setup = settings.provider_setups["openai"]
    assert settings.provider_urls == {"openai": "http://127.0.0.1:11434/v1/embeddings"}
    assert [(model.name, model.dimension) for model in setup.models] == [("nomic-embed-text", 768)]
    assert setup.key is not None
    assert setup.key.get_secret_value() == "sk-own-server"
    assert "sk-own-server" not in repr(settings)


@pytest.mark.parametrize(
    ("value", "regions"),
    [("us-east-2, eu-west-1", ("us-east-2", "eu-west-1")), ('["us-east-2"]', ("us-east-2",)), ("[]", ())],
)
def test_regions_are_a_list_in_a_variable(
    monkeypatch: pytest.MonkeyPatch, value: str, regions: tuple[str, ...]
) -> None:
    monkeypatch.setenv("ASTROLABE_PROVIDERS__nvidia__KEY", "nvapi-1")
    monkeypatch.setenv("ASTROLABE_PROVIDERS__nvidia__REGIONS", value)
    assert load_settings().provider_setups["nvidia"].regions == regions


def test_regions_and_models_of_the_file(empty_home: Path) -> None:
    write_config(
        empty_home,
        'unlisted_models = true\n[providers.nvidia]\nurl = "http://127.0.0.1:8000/v1/embeddings"\n'
        'regions = ["eu-west-1"]\n[[providers.nvidia.models]]\nname = "mine"\ndimension = 8\n',
    )
    settings = load_settings()
    assert settings.unlisted_models
    setup = settings.provider_setups["nvidia"]
    assert (setup.regions, setup.models[0].name) == (("eu-west-1",), "mine")


def test_two_addresses_for_one_provider_are_refused(empty_home: Path) -> None:
    write_config(empty_home, '[providers.openai]\nurl = "https://a.example/x"\nbase_url = "https://b.example/v1"\n')
    assert "exclude each other" in refusal()


def test_an_empty_variable_counts_as_not_set(empty_home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ASTROLABE_DATA_DIR", "")
    assert load_settings().data_dir.is_relative_to(empty_home)


def test_the_data_folder_of_a_file_is_relative_to_the_file(empty_home: Path) -> None:
    file = write_config(empty_home, 'data_dir = "kept"\n')
    assert load_settings().data_dir == file.parent / "kept"


def test_a_tilde_stands_for_the_home_folder(empty_home: Path) -> None:
    assert load_settings({"data_dir": Path("~/elsewhere")}).data_dir == empty_home / "elsewhere"


def test_a_misspelt_variable_is_refused_with_the_right_spelling(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ASTROLABE_DATADIR", "/somewhere")
    message = refusal()
    assert "ASTROLABE_DATADIR" in message
    assert "Did you mean ASTROLABE_DATA_DIR?" in message


def test_a_misspelt_key_is_refused_with_the_file_and_the_right_spelling(empty_home: Path) -> None:
    file = write_config(empty_home, "mause = true\n")
    message = refusal()
    assert f"mause in {file}" in message
    assert "Did you mean mouse?" in message


def test_a_misspelt_part_of_a_provider_is_refused(empty_home: Path) -> None:
    write_config(empty_home, '[providers.openai]\nurl = "https://a.example/v1"\nulr = "https://b.example/v1"\n')
    assert "providers.openai.ulr" in refusal()


def test_an_unknown_provider_is_refused_with_the_variable_that_names_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ASTROLABE_PROVIDERS__huggingfaceDedicate__URL", "https://a.example/v1")
    message = refusal()
    assert "ASTROLABE_PROVIDERS__huggingfaceDedicate" in message
    assert "Did you mean huggingfaceDedicated?" in message


@pytest.mark.parametrize(
    ("variable", "value", "words"),
    [
        ("ASTROLABE_MOUSE", "perhaps", "valid boolean"),
        ("ASTROLABE_LOG_LEVEL", "loud", "'debug', 'info', 'warning' or 'error'"),
        ("ASTROLABE_PROVIDERS__openai__URL", "ftp://files.example", "whole address"),
        ("ASTROLABE_PROVIDERS__openai__URL", "https://me:word@host.example/v1", "user name or password"),
        ("ASTROLABE_PROVIDERS__openai__BASE_URL", "127.0.0.1:11434/v1", "whole address"),
        ("ASTROLABE_PROVIDERS__openai__BASE_URL", "http://127.0.0.1:11434/v1/embeddings", "leave /embeddings out"),
        ("ASTROLABE_PROVIDERS__openai__BASE_URL", "http://127.0.0.1:11434/v1?key=1", "ends with a path"),
        ("ASTROLABE_PROVIDERS__mistral__BASE_URL", "http://127.0.0.1:11434/v1", "only openai has"),
        ("ASTROLABE_PROVIDERS__mistral__KEY", "sk-me:word", "from a credential"),
        ("ASTROLABE_PROVIDERS__mistral__REGIONS", "us-east-2", "only hosted providers have"),
        ("ASTROLABE_PROVIDERS__nvidia__REGIONS", "us-east-2,us-est-2", "there is no region 'us-est-2'"),
        ("ASTROLABE_PROVIDERS__openai__MODELS", '[{"name": "m"}]', "field required"),
        ("ASTROLABE_PROVIDERS__openai__MODELS", '[{"name": "m", "dimension": 0}]', "greater than or equal to 1"),
        ("ASTROLABE_PROVIDERS__embedded__URL", "http://127.0.0.1:1/v1", "runs on this machine"),
        ("ASTROLABE_UNLISTED_MODELS", "perhaps", "valid boolean"),
        ("ASTROLABE_PROVIDERS__openai", "https://host.example/v1", "ASTROLABE_PROVIDERS__openai"),
        ("ASTROLABE_PROVIDERS", "https://host.example/v1", "not a JSON object"),
    ],
)
def test_a_wrong_value_is_refused_with_its_variable(
    monkeypatch: pytest.MonkeyPatch, variable: str, value: str, words: str
) -> None:
    monkeypatch.setenv(variable, value)
    message = refusal()
    assert variable in message
    assert words in message
    assert "me:word" not in message


def test_a_wrong_value_in_the_file_hides_behind_a_right_flag(empty_home: Path) -> None:
    write_config(empty_home, 'log_level = "loud"\n')
    assert load_settings({"log_level": "debug"}).log_level is LogLevel.DEBUG
    assert "log_level in" in refusal()


def test_every_problem_is_told_at_once(empty_home: Path) -> None:
    write_config(empty_home, 'mause = 1\nlog_level = "loud"\n')
    message = refusal()
    assert "mause" in message
    assert "log_level" in message


def test_a_settings_file_that_is_named_must_exist(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    missing = tmp_path / "missing.toml"
    with pytest.raises(UsageError, match="There is no settings file"):
        load_settings(config=missing)
    monkeypatch.setenv("ASTROLABE_CONFIG", str(missing))
    assert str(missing) in refusal()


def test_a_file_that_is_not_toml_is_refused_with_the_place(empty_home: Path) -> None:
    write_config(empty_home, 'theme = "x"\nmouse = = true\n')
    assert "line 2, column 9" in refusal()


def test_a_file_that_cannot_be_read_is_refused(empty_home: Path) -> None:
    write_config(empty_home, "").unlink()
    (empty_home / ".config" / "astrolabe" / "config.toml").mkdir()
    assert "cannot be read" in refusal()


def test_a_reranker_is_reached_as_the_environment_says(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ASTROLABE_RERANKERS__NVIDIA__URL", "http://127.0.0.1:9/v1/ranking")
    monkeypatch.setenv("ASTROLABE_RERANKERS__NVIDIA__KEY", "nv-secret")
    settings = load_settings()
    access = settings.reranker_access["nvidia"]
    assert (access.url, access.forward_token) == ("http://127.0.0.1:9/v1/ranking", False)
    assert access.key is not None
    assert access.key.get_secret_value() == "nv-secret"
    assert "nv-secret" not in repr(settings)


@pytest.mark.parametrize(
    ("variable", "value", "words"),
    [
        ("ASTROLABE_RERANKERS__nvida__URL", "http://127.0.0.1:9/", "There are: nvidia"),
        ("ASTROLABE_RERANKERS__nvidia__URL", "127.0.0.1", "whole address"),
        ("ASTROLABE_RERANKERS__nvidia__KEY", "x", "rerankers"),
        ("ASTROLABE_RERANKERS__nvidia__TOKEN", "x", "no setting"),
    ],
)
def test_a_wrong_setting_of_a_reranker(monkeypatch: pytest.MonkeyPatch, variable: str, value: str, words: str) -> None:
    monkeypatch.setenv(variable, value)
    with pytest.raises(UsageError, match="(?i)" + words):
        load_settings()


def limits_of_the_guide() -> dict[str, int]:
    """Return the settings in the guide's table of limits, each with its default."""
    rows = re.findall(r"^\| [^|]+ \| (\d+) \| `((?:limits|server)\.\w+)` \|", GUIDE.read_text("utf-8"), re.MULTILINE)
    return {name: int(default) for default, name in rows}


def test_the_guide_has_every_limit_with_its_default() -> None:
    settings = load_settings()
    sizes = {f"limits.{name}": getattr(settings.limits, name) for name in LimitsSettings.model_fields}
    rates = ("connections", "largest_request_mb", "requests_per_second")
    assert limits_of_the_guide() == sizes | {f"server.{name}": getattr(settings.server, name) for name in rates}


def test_every_limit_on_commands_reaches_the_databases_and_the_server(monkeypatch: pytest.MonkeyPatch) -> None:
    wanted = {limit.name: 1000 + number for number, limit in enumerate(fields(CommandLimits))} | {"document_depth": 99}
    for name, value in wanted.items():
        monkeypatch.setenv(f"ASTROLABE_LIMITS__{name.upper()}", str(value))
    for name, rate in {"CONNECTIONS": "9", "LARGEST_REQUEST_MB": "3", "REQUESTS_PER_SECOND": "7"}.items():
        monkeypatch.setenv(f"ASTROLABE_SERVER__{name}", rate)
    settings = load_settings()
    assert options_of(settings).limits.commands == CommandLimits(**wanted)
    options = server_options(settings)
    assert (options.connections, options.largest_request, options.requests_per_second) == (9, 3 << 20, 7)
