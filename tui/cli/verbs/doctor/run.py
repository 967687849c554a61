"""``astrolabe doctor``: settings, stores, secrets, providers: what is wrong, and what to do about it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

from astrolabe.dataapi.language.name_lists import listed
from astrolabe.errors import AstrolabeError, SecretUnreadableError, UsageError
from astrolabe.portal.credentials.connection_test import NothingToAskError
from astrolabe.portal.organization import Credential, Database
from astrolabe.providers.catalogue.catalogue import EMBEDDED
from astrolabe.providers.catalogue.provider_info import ModelInfo
from astrolabe.providers.local.protocol import LocalModelError
from astrolabe.providers.local.transformer import MINILM
from astrolabe.providers.simulated.rules import lasting
from astrolabe.workspace import Workspace
from storage.sqlite.errors import lacks_room
from tui.cli.output import Format, say, write_rows
from tui.cli.process import FAILED
from tui.cli.session import options_of, require_this_machine, settings_of
from tui.cli.verbs.cache.run import megabytes
from tui.cli.verbs.doctor.arguments import DoctorArguments
from tui.cli.verbs.doctor.file_modes import file_modes
from tui.cli.verbs.doctor.finding import Finding, State


async def doctor(args: DoctorArguments) -> int:
    """Print one line for each check; exit 1 when there is a problem."""
    require_this_machine(args)
    findings = [finding async for finding in _findings(args)]
    form = Format(args.format)
    write_rows([row for found in findings for row in _rows(found, form)], form, whole=True)
    problems = sum(found.state is State.PROBLEM for found in findings)
    warnings = sum(found.state is State.WARNING for found in findings)
    say(f"{problems} problems, {warnings} warnings." if problems or warnings else "Everything is in order.")
    return FAILED if problems else 0


def _rows(found: Finding, form: Format) -> list[dict[str, str]]:
    """Return a finding; in a table, what to do is a line of its own, so that there is one column of prose."""
    row = {"check": found.check, "state": found.state.value, "detail": found.detail}
    if form is not Format.TABLE:
        return [row | {"fix": found.fix}]
    return [row, {"check": "", "state": "", "detail": f"→ {found.fix}"}] if found.fix else [row]


async def _findings(args: DoctorArguments) -> AsyncIterator[Finding]:
    try:
        settings = settings_of(args)
    except UsageError as error:
        yield _problem("settings", error)
        return
    yield Finding("settings", State.OK, "understood")
    if not settings.data_dir.exists():
        yield Finding("data folder", State.OK, f"{settings.data_dir} is not there yet; the first change creates it")
        return
    for finding in file_modes(settings.data_dir):
        yield finding
    try:
        async with Workspace.opened(options_of(settings)) as workspace:
            async for finding in _inside(workspace, ask_providers=args.ask_providers):
                yield finding
    except AstrolabeError as error:
        yield _problem("data folder", error)


async def _inside(workspace: Workspace, *, ask_providers: bool) -> AsyncIterator[Finding]:
    """Look at everything that needs the data folder open."""
    yield _sound("catalog", await workspace.integrity())
    for database in await workspace.databases.list():
        for finding in await _database(workspace, database):
            yield finding
    yield _disk(workspace)
    yield await _loads(workspace)
    for model in workspace.catalogue.get(EMBEDDED).models:
        yield await _local_model(workspace, model)
    yield await _cache(workspace)
    for finding in await _lab(workspace):
        yield finding
    credentials = [one for found in await workspace.integrations.list() for one in found.credentials]
    for credential in credentials:
        yield await _secret(workspace, credential)
    for database in await workspace.databases.list():
        async for finding in _disabled(workspace, database):
            yield finding
    if ask_providers:
        for credential in credentials:
            yield await _provider(workspace, credential)


async def _database(workspace: Workspace, database: Database) -> list[Finding]:
    """Look at the file of a database and at its indexes."""
    check = f"database {database.name}"
    found: list[Finding] = []
    try:
        found.append(_sound(check, await workspace.integrity(database)))
        found.append(_indexes(database, await workspace.index_problems(database)))
        found += _incomplete(database, await workspace.incomplete_indexes(database))
    except AstrolabeError as error:
        found.append(_problem(check, error))
    return found


def _disk(workspace: Workspace) -> Finding:
    """Look whether the disk has room for the data folder to grow."""
    if lacks_room(workspace.options.data_dir / "catalog.db"):
        return Finding("disk", State.PROBLEM, "it is full: nothing can be added", "Free some space on it.")
    return Finding("disk", State.OK, "not full")


async def _loads(workspace: Workspace) -> Finding:
    """Look whether the ledger of loads can be used; without it, everything works but loading."""
    if workspace.options.read_only:
        return Finding("loads", State.OK, "not looked at in read-only mode")
    try:
        return _sound("loads", await workspace.ledger.integrity_check())
    except AstrolabeError as error:
        return _problem("loads", error)


async def _cache(workspace: Workspace) -> Finding:
    """Look whether the cache of embeddings can be used; without it, everything works, and costs more."""
    check = "embedding cache"
    if workspace.options.cache_bytes is None:
        return Finding(check, State.OK, "switched off by the settings")
    facts = await workspace.embedding_cache.facts()
    if facts.problem is not None:
        return Finding(check, State.WARNING, facts.problem.message, facts.problem.hint)
    return Finding(check, State.OK, f"{facts.entries:,} vectors, {megabytes(facts.size)} of {megabytes(facts.most)}")


async def _lab(workspace: Workspace) -> list[Finding]:
    """Warn of failures that are simulated: they look like real ones."""
    return [
        Finding(
            f"failure lab {one.rule.provider}",
            State.WARNING,
            f"{one.rule.trouble.value} is simulated {lasting(one.rule)}",
            "Take failure_lab out of the settings." if one.from_settings else f"astrolabe lab off {one.rule.provider}",
        )
        for one in await workspace.lab.rules()
    ]


async def _local_model(workspace: Workspace, model: ModelInfo) -> Finding:
    """Load a model of this machine, which compares its files with what they should be; one may also do without it."""
    check = f"model {model.name}"
    if not model.available:
        wanted = workspace.options.minilm_folder is not None and model.name == MINILM.name
        return Finding(check, State.PROBLEM if wanted else State.OK, f"not here: {model.unavailable_reason}")
    try:
        await asyncio.to_thread(workspace.catalogue.local_models.verify, model.name)
    except (LocalModelError, OSError) as error:
        return Finding(check, State.PROBLEM, str(error))
    return Finding(check, State.OK, f"sound, {model.dimension} dimensions")


async def _disabled(workspace: Workspace, database: Database) -> AsyncIterator[Finding]:
    """Name the collections of a database that cannot generate embeddings now; a damaged one hides no other."""
    try:
        found = await workspace.credential_usage.disabled(database)
    except AstrolabeError as error:
        yield _problem(f"collections of {database.name}", error)
        return
    for one in found:
        yield Finding(f"collection {one.dependent.label}", State.PROBLEM, "$vectorize is disabled", one.reason)


def _sound(check: str, problems: list[str]) -> Finding:
    if not problems:
        return Finding(check, State.OK, "sound")
    return Finding(check, State.PROBLEM, " ".join(problems), "Put the file back from a backup.")


def _indexes(database: Database, problems: list[str]) -> Finding:
    check = f"vector indexes {database.name}"
    if not problems:
        return Finding(check, State.OK, "sound, or built at the next search")
    fix = "Nothing is lost: the next search builds the index anew. If this comes again, check the disk."
    return Finding(check, State.PROBLEM, " ".join(problems), fix)


def _incomplete(database: Database, names: list[str]) -> list[Finding]:
    """Name indexes of tables that a program is filling, or was when it ended; nobody searches in them yet."""
    if not names:
        return []
    detail = f"not complete: {listed(names)}; searches do without"
    fix = "A program that uses the table fills it in the background; if none does: astrolabe serve."
    return [Finding(f"indexes {database.name}", State.WARNING, detail, fix)]


async def _secret(workspace: Workspace, credential: Credential) -> Finding:
    """Try whether a stored secret can be decrypted; what is read from elsewhere is read only when it is used."""
    check = f"secret {credential.provider}/{credential.name}"
    try:
        stored = await workspace.integrations.check_secret(credential.provider, credential.name)
    except SecretUnreadableError as error:
        return _problem(check, error)
    return Finding(check, State.OK, "stored, readable" if stored else f"read at each use from {credential.masked}")


async def _provider(workspace: Workspace, credential: Credential) -> Finding:
    check = f"provider {credential.provider}/{credential.name}"
    try:
        tested = await workspace.credential_usage.test(credential.provider, credential.name)
    except NothingToAskError as error:  # it may be as good as any
        return Finding(check, State.OK, f"not asked. {error.message}")
    except AstrolabeError as error:
        return _problem(check, error)
    for one in tested:
        if one.error is not None:
            return _problem(check, one.error)
        if not one.right_dimension:
            found = f"{one.model} gives vectors of {one.dimension} dimensions, not {one.expected}."
            return Finding(check, State.PROBLEM, found, "Compare the collections' dimension with the model's.")
    return Finding(check, State.OK, ", ".join(f"{one.model} answered in {one.seconds:.2f} s" for one in tested))


def _problem(check: str, error: AstrolabeError) -> Finding:
    return Finding(check, State.PROBLEM, error.message, error.hint)
