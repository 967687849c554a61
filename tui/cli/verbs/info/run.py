"""``astrolabe info``: the version, every path, and what is optional and present."""

from __future__ import annotations

import os
import platform
import sys
from collections.abc import Sequence
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from astrolabe.errors import StorageError, UsageError
from astrolabe.portal.organization import Database
from astrolabe.providers.catalogue.catalogue import EMBEDDED, load_catalogue
from astrolabe.providers.local.models import LocalModels
from astrolabe.providers.rerank.catalogue import load_rerankers
from astrolabe.serving.ports import known_ports
from astrolabe.workspace import Workspace, base_address
from storage.sqlite.store_file import SQLITE_VERSION
from tui.cli.output import Format, write_rows
from tui.cli.session import options_of, settings_of
from tui.cli.verbs.info.arguments import InfoArguments
from tui.settings import paths
from tui.settings.settings import PREFIX, Settings, chosen_config_file

_PACKAGES = ("textual", "numpy", "httpx", "pydantic", "pydantic-settings", "cryptography")
_OPTIONAL = {"wordllama": "the Embedded provider: vectors without a key and without a network"}


async def info(args: InfoArguments) -> int:
    """Print everything one needs to know about this installation; works with wrong settings too."""
    problem: UsageError | None = None
    settings: Settings | None = None
    try:
        settings = settings_of(args)
    except UsageError as error:
        problem = error
    facts = (
        _program()
        + _paths(args, settings)
        + await _addresses(settings)
        + _optional()
        + _providers(settings)
        + _rerankers(settings)
    )
    rows = [{"subject": subject, "value": value, "note": note} for subject, value, note in facts]
    write_rows(rows, Format(args.format), whole=True)
    if problem is not None:
        raise problem
    return 0


_Fact = tuple[str, str, str]


def _program() -> list[_Fact]:
    python = f"{platform.python_implementation()} {platform.python_version()}"
    return [
        ("astrolabe", version("astrolabe-tui"), ""),
        ("python", python, sys.executable),
        ("platform", platform.platform(), ""),
        ("sqlite", SQLITE_VERSION, ""),
        *((name, version(name), "") for name in _PACKAGES),
    ]


def _paths(args: InfoArguments, settings: Settings | None) -> list[_Fact]:
    config = chosen_config_file(getattr(args, "config", None))
    variables = sorted(name for name in os.environ if name.upper().startswith(PREFIX))
    places = [("settings file", config), ("log file", paths.log_file())]
    if settings is not None:
        places.insert(1, ("data folder", settings.data_dir))
        places.insert(2, ("embedding cache", settings.data_dir / "embeddings.db"))
    return [
        *((subject, str(path), _presence(path)) for subject, path in places),
        ("environment", " ".join(variables) or "-", f"variables that begin with {PREFIX}"),
    ]


def _presence(path: Path) -> str:
    try:
        return "exists" if path.exists() else "not there yet"
    except OSError as error:
        return f"cannot be looked at: {error.strerror}"


async def _addresses(settings: Settings | None) -> list[_Fact]:
    """Return where the server answers, and under which address each database; nothing is created for it."""
    if settings is None:
        return []
    facts = [("server", settings.server.address, "answers while `astrolabe serve` runs")]
    if _presence(settings.data_dir / "catalog.db") == "exists":
        try:
            async with Workspace.opened(options_of(settings)) as workspace:
                databases = await workspace.databases.list()
                facts += [(f"database: {database.name}", workspace.endpoint(database), "") for database in databases]
                facts += await _ports(workspace, databases, settings)
        except StorageError as error:
            facts.append(("databases", "cannot be read", error.message))
    return facts


async def _ports(workspace: Workspace, databases: Sequence[Database], settings: Settings) -> list[_Fact]:
    """Return the databases' own addresses, of those that were given a port."""
    ports, server = await known_ports(workspace, databases), settings.server
    tls = server.certificate is not None
    return [
        (f"own port: {database.name}", base_address(server.host, ports[database.id], tls=tls), "--port-per-database")
        for database in databases
        if database.id in ports
    ]


def _optional() -> list[_Fact]:
    return [(f"optional: {name}", _version_or_absent(name), purpose) for name, purpose in _OPTIONAL.items()]


def _version_or_absent(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return "not installed"


def _providers(settings: Settings | None) -> list[_Fact]:
    setups = settings.provider_setups if settings is not None else {}
    urls = settings.provider_urls if settings is not None else {}
    folder = settings.embedded.minilm_dir if settings is not None else None
    catalogue = load_catalogue(setups=setups, local_models=LocalModels(minilm_folder=folder))
    providers = [
        (
            f"provider: {provider.key}",
            "available" if provider.available else "unavailable",
            urls.get(provider.key) or provider.unavailable_reason,
        )
        for provider in catalogue.providers
    ]
    return providers + [
        (f"model: {model.name}", "available" if model.available else "unavailable", model.unavailable_reason)
        for model in catalogue.get(EMBEDDED).models
    ]


def _rerankers(settings: Settings | None) -> list[_Fact]:
    urls = {key: found.url for key, found in settings.rerankers.items()} if settings is not None else {}
    return [
        (
            f"reranker: {provider.key}",
            "set up" if provider.key in urls else "not set up",
            urls.get(provider.key) or "results of hybrid searches are fused by rank",
        )
        for provider in load_rerankers().providers
    ]
