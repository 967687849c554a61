"""``astrolabe documents get``, ``find`` and ``count``: reading."""

from __future__ import annotations

from astrolabe.errors import NotFoundError
from astrolabe.loading.export import EVERYTHING, Selected
from tui.cli.given import read_object
from tui.cli.output import Format, emit, say, to_json, write_rows
from tui.cli.session import connected, database_of
from tui.cli.verbs.documents.arguments import CountArguments, FindArguments, GetArguments
from tui.cli.verbs.documents.target import filter_of_id, target_of


async def get(args: GetArguments) -> int:
    """Print one document, whole."""
    where = filter_of_id(args.id, args)
    async with target_of(args) as target:
        found = await target.find_one(filter=where, projection=EVERYTHING if args.collection else None)
    if found is None:
        raise NotFoundError(f"There is no document {args.id} in {args.collection or args.table}.", field="id")
    emit([to_json(found, indent=2)])
    return 0


async def find(args: FindArguments) -> int:
    """Print what matches; one object a line is written as it comes."""
    form = Format(args.format)
    async with target_of(args) as target:
        pages = Selected(
            target,
            filter=read_object(args.filter, "--filter"),
            sort=read_object(args.sort, "--sort"),
            projection=read_object(args.projection, "--projection"),
        ).pages(args.limit)
        if form is Format.JSONL:
            async for page in pages:
                emit(to_json(row) for row in page)
            return 0
        rows = [row async for page in pages for row in page]
    write_rows(rows, form, empty="Nothing matches.")
    return 0


async def count(args: CountArguments) -> int:
    """Print how many match: exactly, unless an endpoint elsewhere can only estimate, which is said."""
    where = read_object(args.filter, "--filter")
    async with connected(args) as workspace:
        client = await workspace.connection.client(await database_of(workspace, args.database))
        target = client.collection(args.keyspace, args.collection or args.table or "")
        number = await target.count_exactly(where)
        if args.table is None and not where and not workspace.connection.capabilities.exact_counts:
            counted = await target.count()
            number = max(number, counted.count) if counted.more else counted.count
            if counted.more:
                say(f"An estimate: {workspace.connection.name} counts no further than {counted.count:,}.")
    emit([str(number)])
    return 0
