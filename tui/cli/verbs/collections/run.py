"""``astrolabe collections``: create, list and delete collections."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from astrolabe.dataapi.client.command_builders import collection_options
from astrolabe.dataapi.client.target_info import TargetInfo
from astrolabe.errors import NotFoundError, Problem, RuleError, UsageError
from astrolabe.portal.databases import collection_form as form
from astrolabe.portal.databases.collection_form import CollectionDraft
from astrolabe.portal.organization import Credential, Database, VectorizeChoice
from astrolabe.portal.rules import collection_name_warnings, with_article
from astrolabe.providers.catalogue.provider_info import Hosting
from astrolabe.workspace import Workspace
from storage.shapes import Metric
from tui.cli.confirm import confirm_name
from tui.cli.output import Format, emit, say, to_json, write_rows
from tui.cli.session import client_of, connected, database_of, existing_collection
from tui.cli.verbs.collections.arguments import CreateArguments, DeleteArguments, ListArguments, ShowArguments

_OPTIONS = {"name": "NAME", "credential": "--key", "model": "--model", "dimension": "--dimension"}
"""What a field of the form is called here; the others are parameters."""


async def create(args: CreateArguments) -> int:
    """Create a collection, checked by the same rules as the dialog's."""
    if args.analyzer is not None and args.lexical is False:
        raise UsageError("--analyzer and --no-lexical exclude each other.")
    async with connected(args) as workspace:
        database = await database_of(workspace, args.database)
        choice = await _choice(workspace, database, args.provider, args.key)
        draft = _draft(args, choice)
        _refuse(draft)
        options = collection_options(
            dimension=form.dimension_of(draft),
            metric=form.metric_of(draft),
            service=form.service_of(draft),
            default_id=args.default_id,
            lexical=args.lexical,
            analyzer=args.analyzer,
            rerank=args.rerank,
        )
        client = await workspace.connection.client(database)
        there = args.name in {info.name for info in await client.collections(args.keyspace)}
        await client.create_collection(args.keyspace, args.name, options)
        kept_there = not workspace.connection.capabilities.manages_credentials
    if choice is not None and choice.provider.hosting is not Hosting.HOSTED and kept_there and not draft.credential:
        say(f"No key was named: each command has to bring one for {choice.provider.label}; --key names one kept there.")
    for warning in collection_name_warnings(args.name):
        say(warning)
    what = f"The collection {args.keyspace}.{args.name}"
    say(f"{what} was there already, with these settings." if there else f"{what} was created in {database.name}.")
    return 0


async def list_all(args: ListArguments) -> int:
    """List the collections of a keyspace."""
    async with client_of(args) as client:
        collections = await client.collections(args.keyspace)
    empty = f"The keyspace {args.keyspace} has no collection yet."
    write_rows([_row(info) for info in collections], Format(args.format), empty=empty)
    return 0


async def show(args: ShowArguments) -> int:
    """Print a collection: its options as the Data API explains them, and how many documents it has."""
    async with client_of(args) as client:
        info = await existing_collection(client, args.keyspace, args.name)
        count = await client.collection(args.keyspace, info.name).estimated_count()
    emit([to_json({"name": info.name, "options": info.options, "documents": count}, indent=2)])
    return 0


async def delete(args: DeleteArguments) -> int:
    """Delete a collection, after its name was typed or ``--yes`` was given."""
    async with client_of(args) as client:
        info = await existing_collection(client, args.keyspace, args.name)
        lost = f"All documents of {info.keyspace}.{info.name} are deleted; this cannot be undone."
        await confirm_name(info.name, "collection", [lost], yes=args.yes)
        await client.delete_collection(args.keyspace, args.name)
    say(f"The collection {args.keyspace}.{args.name} was deleted.")
    return 0


async def _choice(
    workspace: Workspace, database: Database, provider: str | None, key: str | None
) -> VectorizeChoice | None:
    """Return what the database may choose of that provider; None when none is asked for."""
    if provider is None:
        return None
    info = workspace.catalogue.get(provider)
    choices = await workspace.connection.choices(database)
    found = next((choice for choice in choices if choice.provider.key == provider), None)
    capabilities = workspace.connection.capabilities
    if found is None and not capabilities.manages_credentials:
        offered = ", ".join(choice.provider.key for choice in choices) or "none"
        raise NotFoundError(
            f"{info.label} is not offered by {workspace.connection.name}.",
            field="provider",
            hint=f"It offers: {offered}.",
        )
    if found is not None and key is not None and not capabilities.manages_credentials:
        # Credentials are kept there, and nobody here knows their names: it is taken as it was typed.
        return replace(found, credentials=(Credential(0, provider, key, "", datetime.now(UTC)),))
    if found is None:
        elsewhere = f"It is offered to databases in: {', '.join(info.regions)}."
        scope = (
            f"Add the database to the scope of {with_article(info.credential_noun)}: "
            f"`astrolabe scopes add CREDENTIAL --provider {provider} --database {database.name}`."
        )
        raise NotFoundError(
            f"{info.label} is not available to the database {database.name}.",
            field="provider",
            hint=info.unavailable_reason or (scope if info.offered_in(database.region) else elsewhere),
        )
    return found


def _draft(args: CreateArguments, choice: VectorizeChoice | None) -> CollectionDraft:
    """Return the draft; a model or credential that is the only one, or a default one, need not be named."""
    credentials = [credential.name for credential in choice.credentials] if choice else []
    credential = args.key or (credentials[0] if len(credentials) == 1 else None)
    models = [model.name for model in choice.models_of(credential)] if choice else []
    default = choice.provider.default_model if choice else ""
    return CollectionDraft(
        name=args.name,
        vector_enabled=choice is not None or args.dimension is not None,
        choice=choice,
        credential=credential,
        model=args.model or (models[0] if len(models) == 1 else default or None),
        parameters=parameters_of(args.param),
        dimension="" if args.dimension is None else str(args.dimension),
        metric=Metric(args.metric or Metric.COSINE),
    )


def parameters_of(given: list[str]) -> dict[str, str]:
    """Return NAME=VALUE arguments by name.

    Raises:
        UsageError: One has no value.
    """
    pairs = [text.partition("=") for text in given]
    for name, equals, _ in pairs:
        if not equals:
            raise UsageError(f"--param {name} has no value.", hint="Write it as NAME=VALUE.")
    return {name: value for name, _, value in pairs}


def _refuse(draft: CollectionDraft) -> None:
    """Refuse a draft with problems, all at once, by option; and options that would otherwise be ignored.

    Raises:
        UsageError: An option is wrong in any database.
        RuleError: It is wrong in this one.
    """
    if draft.choice is None and (draft.credential or draft.model):
        raise UsageError("--key and --model need --provider.")
    found = form.problems(draft)
    known = {info.name for info in form.parameters_of(draft.choice, form.chosen_model(draft))}
    found |= {name: f"There is no parameter '{name}' here." for name in draft.parameters if name not in known}
    if not found:
        return
    message = " ".join(f"{_OPTIONS.get(field, f'--param {field}')}: {words}" for field, words in found.items())
    if found.keys() == {"dimension"}:
        raise UsageError(message)
    hint = f"It takes: {', '.join(sorted(known))}." if known else ""
    problems = [Problem(words, field) for field, words in found.items()]
    raise RuleError(message, field=problems[0].field, problems=problems, hint=hint)


def _row(info: TargetInfo) -> dict[str, Any]:
    return {
        "name": info.name,
        "dimension": info.vector.dimension if info.vector else None,
        "metric": info.vector.metric.value if info.vector else None,
        "provider": info.service.provider if info.service else None,
        "model": info.service.model if info.service else None,
        "credential": info.service.credential_name if info.service else None,
        "lexical": info.lexical,
        "rerank": info.rerank,
    }
