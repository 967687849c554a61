"""The settings: flags, then the environment, then ``config.toml``, then defaults; the first that has a value wins.

Every field can be given in all three places: ``--data-dir``, ``ASTROLABE_DATA_DIR``, ``data_dir = "…"``; nested ones
with two underscores: ``ASTROLABE_PROVIDERS__huggingfaceDedicated__URL`` and ``[providers.huggingfaceDedicated]``.
What is unknown or wrong is refused, and the error names the setting, the place it came from and the nearest valid name.
"""

from __future__ import annotations

import difflib
import os
import tomllib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

from pydantic import (
    AfterValidator,
    Field,
    ValidationError,
    field_validator,
)
from pydantic_core import ErrorDetails
from pydantic_settings import (
    BaseSettings,
    EnvSettingsSource,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    SettingsError,
)

from astrolabe.errors import UsageError
from astrolabe.portal.failure_lab import lab_providers
from astrolabe.providers.catalogue.catalogue import load_catalogue
from astrolabe.providers.catalogue.connectors import connector_addresses
from astrolabe.providers.catalogue.setup import ProviderSetup
from astrolabe.providers.rerank.catalogue import load_rerankers
from astrolabe.providers.rerank.engine import RerankerAccess
from astrolabe.providers.simulated.rules import EVERY_PROVIDER, Rule
from astrolabe.text.safe_text import display_text
from tui.settings import paths
from tui.settings.lab import SimulatedFailureSettings
from tui.settings.providers import ProviderSettings
from tui.settings.rerankers import RerankerSettings, known_reranker
from tui.settings.sections import (
    EmbeddedSettings,
    EmbeddingCacheSettings,
    LimitsSettings,
    LogLevel,
    SecretsSettings,
    ServerSettings,
)

PREFIX = "ASTROLABE_"
CONFIG_VARIABLE = "ASTROLABE_CONFIG"
"""Names the settings file itself, so it is no setting in it."""


def _known_provider(name: str) -> str:
    known = [provider.key for provider in load_catalogue().providers] + connector_addresses()
    if name not in known:
        raise ValueError(f"there is no provider of that name.{_nearest(name, known)}")
    return name


def _known_in_lab(name: str) -> str:
    known = [*(provider.key for provider in lab_providers(load_catalogue())), EVERY_PROVIDER]
    if name not in known:
        raise ValueError(f"there is no provider of that name.{_nearest(name, known)}")
    return name


class Settings(BaseSettings):
    """All settings, validated; :func:`load_settings` makes them."""

    model_config = SettingsConfigDict(
        env_prefix=PREFIX, env_nested_delimiter="__", env_ignore_empty=True, extra="forbid", frozen=True
    )

    data_dir: Path = Field(default_factory=paths.default_data_dir)
    """Folder of everything that is kept."""
    theme: str | None = None
    """Theme of the console; None takes the one chosen last."""
    mouse: bool = True
    """Whether the console takes the mouse; without it the terminal's own selection works."""
    log_level: LogLevel = LogLevel.INFO
    """How much is written to the log file."""
    allow_plain_http: bool = False
    """Whether a provider on another machine may be spoken to without TLS."""
    read_only: bool = False
    """Whether every change is refused."""
    connection: str | None = None
    """Connection whose databases the verbs work on; None takes the one that `connections use` has chosen."""
    unlisted_models: bool = False
    """Whether models are offered that the providers have today and Astra DB does not list."""
    secrets: SecretsSettings = Field(default_factory=SecretsSettings)
    """How stored secrets are kept."""
    embedding_cache: EmbeddingCacheSettings = Field(default_factory=EmbeddingCacheSettings)
    """Vectors of texts that were embedded before."""
    embedded: EmbeddedSettings = Field(default_factory=EmbeddedSettings)
    """The models of the Embedded provider."""
    limits: LimitsSettings = Field(default_factory=LimitsSettings)
    """What every database may hold."""
    server: ServerSettings = Field(default_factory=ServerSettings)
    """Where ``astrolabe serve`` listens, and whom it answers."""
    providers: dict[Annotated[str, AfterValidator(_known_provider)], ProviderSettings] = Field(default_factory=dict)
    """By provider key, spelled as the Data API spells it."""
    failure_lab: dict[Annotated[str, AfterValidator(_known_in_lab)], SimulatedFailureSettings] = Field(
        default_factory=dict
    )
    """Troubles of this process by provider key, or for ``all``."""
    rerankers: dict[Annotated[str, AfterValidator(known_reranker)], RerankerSettings] = Field(default_factory=dict)
    """Reranking models, by provider key; one without an address is not asked."""

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],  # noqa: ARG003 - the signature is the library's
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,  # noqa: ARG003
        dotenv_settings: PydanticBaseSettingsSource,  # noqa: ARG003
        file_secret_settings: PydanticBaseSettingsSource,  # noqa: ARG003
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Take only what :func:`load_settings` has merged: it must know which place a wrong value came from."""
        return (init_settings,)

    @field_validator("data_dir")
    @classmethod
    def _whole_path(cls, path: Path) -> Path:
        return path.expanduser().absolute()

    @field_validator("providers")
    @classmethod
    def _fit_their_providers(cls, providers: dict[str, ProviderSettings]) -> dict[str, ProviderSettings]:
        for key, given in providers.items():
            given.check_for(key)
        return providers

    @property
    def provider_setups(self) -> dict[str, ProviderSetup]:
        """What is set for providers, by provider key."""
        return {key: given.setup for key, given in self.providers.items()}

    @property
    def provider_urls(self) -> dict[str, str]:
        """The addresses set in place of the catalogue's, by provider key."""
        return {key: setup.address for key, setup in self.provider_setups.items() if setup.address}

    @property
    def troubles(self) -> tuple[Rule, ...]:
        """What the failure lab answers in this process."""
        return tuple(Rule(key, one.trouble, one.delay, one.calls) for key, one in self.failure_lab.items())

    @property
    def reranker_access(self) -> dict[str, RerankerAccess]:
        """How reranking models are reached, by provider key."""
        return {key: RerankerAccess(found.url, found.key, found.forward_token) for key, found in self.rerankers.items()}


@dataclass(frozen=True, slots=True)
class _Layer:
    """One place that settings come from: its values, and what a setting is called there."""

    values: dict[str, Any]
    name_of: Callable[[tuple[str, ...]], str]


def chosen_config_file(flag: Path | None = None) -> Path:
    """Return the settings file: the flag's, the environment's, or the platform's."""
    named = flag or os.environ.get(CONFIG_VARIABLE)
    return Path(named).expanduser().absolute() if named else paths.config_file()


def load_settings(flags: Mapping[str, Any] | None = None, *, config: Path | None = None) -> Settings:
    """Read and validate the settings.

    Args:
        flags: What the command line gave, by field name; None values count as not given.
        config: The settings file named on the command line.

    Raises:
        UsageError: A setting is unknown or wrong, or the file named does not exist or cannot be read.
    """
    _refuse_unknown_variables()
    file = chosen_config_file(config)
    given = {name: value for name, value in (flags or {}).items() if value is not None}
    layers = (
        _Layer(given, _flag_name),
        _Layer(_canonical(_from_environment()), _variable_name),
        _Layer(
            _canonical(_from_file(file, must_exist=file != paths.config_file())), lambda where: _key_in(file, where)
        ),
    )
    merged: dict[str, Any] = {}
    for layer in reversed(layers):
        merged = _merge(merged, layer.values)
    try:
        return Settings(**merged)
    except ValidationError as error:
        problems = [_problem(details, layers) for details in error.errors(include_url=False)]
        raise UsageError("\n".join(problems), hint="`astrolabe info` lists where settings are read from.") from None


def _merge(weak: Mapping[str, Any], strong: Mapping[str, Any]) -> dict[str, Any]:
    merged = dict(weak)
    for name, value in strong.items():
        below = merged.get(name)
        merged[name] = _merge(below, value) if isinstance(below, dict) and isinstance(value, dict) else value
    return merged


def _from_environment() -> dict[str, Any]:
    try:
        return dict(EnvSettingsSource(Settings)())
    except SettingsError as error:
        raise UsageError(
            "ASTROLABE_PROVIDERS is not a JSON object.",
            hint="Set one part at a time: ASTROLABE_PROVIDERS__<provider>__URL.",
        ) from error


def _refuse_unknown_variables() -> None:
    """A misspelt variable must not be ignored: the data would go to the wrong place."""
    known = [PREFIX + name.upper() for name in Settings.model_fields]
    for variable in os.environ:
        name = variable.upper()
        if name.startswith(PREFIX) and name != CONFIG_VARIABLE and name.split("__")[0] not in known:
            raise UsageError(
                f"The environment variable {display_text(variable)} is no setting of Astrolabe."
                f"{_nearest(name, [*known, CONFIG_VARIABLE])}"
            )


def _from_file(file: Path, *, must_exist: bool) -> dict[str, Any]:
    try:
        values = tomllib.loads(file.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        if must_exist:
            hint = f"It was named by --config or {CONFIG_VARIABLE}."
            raise UsageError(f"There is no settings file {file}.", hint=hint) from error
        return {}
    except OSError as error:
        raise UsageError(f"The settings file {file} cannot be read: {error.strerror}.") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise UsageError(f"The settings file {file} is not valid TOML: {error}.") from error
    if isinstance(values.get("data_dir"), str):
        values["data_dir"] = str(file.parent / Path(values["data_dir"]).expanduser())
    return values


def _canonical(values: dict[str, Any]) -> dict[str, Any]:
    """Spell the providers' names as the catalogue does; unknown ones stay as they are and are refused later."""
    rerankers = [provider.key for provider in load_rerankers().providers]
    known = (*(provider.key for provider in lab_providers(load_catalogue())), EVERY_PROVIDER, *rerankers)
    spelling = {key.casefold(): key for key in known}
    groups = {
        name: values[name] for name in ("providers", "failure_lab", "rerankers") if isinstance(values.get(name), dict)
    }
    return values | {
        group: {spelling.get(name.casefold(), name): given for name, given in members.items()}
        for group, members in groups.items()
    }


def _problem(details: ErrorDetails, layers: Sequence[_Layer]) -> str:
    """Say what is wrong with one setting, and where it was set."""
    where = tuple(str(part) for part in details["loc"] if part != "[key]")
    layer = max(layers, key=lambda candidate: _depth(candidate.values, where))
    name = display_text(layer.name_of(where))
    if details["type"] == "extra_forbidden":
        groups = {"providers": ProviderSettings.model_fields, "secrets": SecretsSettings.model_fields}
        groups |= {"server": ServerSettings.model_fields, "embedding_cache": EmbeddingCacheSettings.model_fields}
        groups["failure_lab"] = SimulatedFailureSettings.model_fields
        groups["embedded"] = EmbeddedSettings.model_fields
        groups["rerankers"] = RerankerSettings.model_fields
        valid = groups[where[0]] if len(where) > 1 else Settings.model_fields
        return f"{name} is no setting of Astrolabe.{_nearest(where[-1], list(valid))}"
    words = details["msg"].removeprefix("Value error, ")
    return f"The setting {name} is wrong: {words[:1].lower()}{words[1:]}{'' if words.endswith(('?', '.')) else '.'}"


def _depth(values: object, where: tuple[str, ...]) -> int:
    """Return how far along the path the values go."""
    if not where or not isinstance(values, dict) or where[0] not in values:
        return 0
    return 1 + _depth(values[where[0]], where[1:])


def _flag_name(where: tuple[str, ...]) -> str:
    """Return the flag; those of the server's verb have no group in their names."""
    return "--" + "-".join(where[1:] if where[0] == "server" else where).replace("_", "-")


def _variable_name(where: tuple[str, ...]) -> str:
    """Return the variable as the user spelled it: this very one, one that goes further down, or one that holds it."""
    name = (PREFIX + "__".join(where)).casefold()
    exact = [variable for variable in os.environ if variable.casefold() == name]
    deeper = [variable for variable in os.environ if variable.casefold().startswith(name + "__")]
    around = [variable for variable in os.environ if name.startswith(variable.casefold() + "__")]
    return next(iter(exact + deeper + sorted(around, key=len, reverse=True)), name.upper())


def _key_in(file: Path, where: tuple[str, ...]) -> str:
    return f"{'.'.join(where)} in {file}"


def _nearest(name: str, valid: list[str]) -> str:
    """Return a sentence with the nearest valid spelling, or with all of them when nothing is near."""
    found = difflib.get_close_matches(name, valid, n=1, cutoff=0.5)
    return f" Did you mean {found[0]}?" if found else f" There are: {', '.join(valid)}."
