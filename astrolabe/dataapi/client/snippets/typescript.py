"""TypeScript, with astra-db-ts."""

from __future__ import annotations

from astrolabe.dataapi.client.command_builders import PlannedCommand
from astrolabe.dataapi.client.snippets.addresses import TOKEN_VARIABLE
from astrolabe.dataapi.client.snippets.calls import MethodCall, call_of
from astrolabe.dataapi.client.snippets.literals import Dialect
from astrolabe.dataapi.client.snippets.table_calls import TableCall, table_call_of
from astrolabe.dataapi.protocol import Json, JsonValue

_TYPESCRIPT = Dialect(true="true", false="false", null="null", indent="  ")
_MOST_COUNTED = 1000
_SHOWN = {
    "find": ("document", "document"),
    "findAndRerank": ("{ document, scores }", "{ document, scores }"),
}
"""What each round of a cursor's loop has, and what is printed of it."""


def render(planned: PlannedCommand, endpoint: str) -> str:
    """Return a program that sends the command and prints what comes back."""
    return f"{_opening(planned, endpoint)}\n{_body(planned)}\n"


def _opening(planned: PlannedCommand, endpoint: str) -> str:
    keyspace = () if planned.keyspace is None else ({"keyspace": planned.keyspace},)
    return (
        'import { DataAPIClient } from "@datastax/astra-db-ts";\n\n'
        f"const client = new DataAPIClient(process.env.{TOKEN_VARIABLE});\n"
        f"const db = {_called('client.db', endpoint, *keyspace)};"
    )


def _body(planned: PlannedCommand) -> str:
    about_table = table_call_of(planned)
    if about_table is not None:
        return _on_table(planned, about_table)
    content: Json = planned.command[planned.verb] or {}
    if planned.keyspace is not None and planned.name is None and "name" in content:
        if planned.verb == "createCollection":
            options = (content["options"],) if content.get("options") else ()
            called = _called("await db.createCollection", content["name"], *options)
            return f"const collection = {called};\nconsole.log(collection.name);"
        if planned.verb == "deleteCollection":
            return f"{_called('await db.dropCollection', content['name'])};"
    call = call_of(planned)
    return _command(planned) if call is None else _on_collection(planned, call)


def _on_collection(planned: PlannedCommand, call: MethodCall) -> str:
    arguments = [*call.positional]
    if call.method == "countDocuments":
        arguments.append(_MOST_COUNTED)
    if call.named:
        arguments.append(dict(call.named))
    lines = [f"const collection = {_called('db.collection', planned.name)};"]
    if call.method in _SHOWN:
        one, shown = _SHOWN[call.method]
        lines.append(f"const cursor = {_called(f'collection.{call.method}', *arguments)};")
        if call.named.get("includeSortVector"):  # the cursor forgets it once it has been read to its end
            lines.append("console.log(await cursor.getSortVector());")
        lines += [
            f"for await (const {one} of cursor) {{",
            f"  console.dir({shown}, {{ depth: null }});",
            "}",
        ]
    else:
        lines += [
            f"const result = {_called(f'await collection.{call.method}', *arguments)};",
            "console.dir(result, { depth: null });",
        ]
    return "\n".join(lines)


def _on_table(planned: PlannedCommand, about: TableCall) -> str:
    call = about.call
    arguments = [*call.positional, *([dict(call.named)] if call.named else [])]
    if about.on_database:
        called = _called(f"await db.{call.method}", *arguments)
        return f"const table = {called};\nconsole.log(table.name);" if call.method == "createTable" else f"{called};"
    lines = [f"const table = {_called('db.table', planned.name)};"]
    if call.method == "alter":
        lines.append(f"{_called('await table.alter', {'operation': call.positional[0]})};")
    elif call.method == "find":
        lines.append(f"const cursor = {_called('table.find', *arguments)};")
        lines += ["console.log(await cursor.getSortVector());"] if call.named.get("includeSortVector") else []
        lines += ["for await (const row of cursor) {", "  console.dir(row, { depth: null });", "}"]
    elif call.method in {"insertOne", "insertMany", "findOne"}:
        lines += [
            f"const result = {_called(f'await table.{call.method}', *arguments)};",
            "console.dir(result, { depth: null });",
        ]
    else:
        lines.append(f"{_called(f'await table.{call.method}', *arguments)};")
    return "\n".join(lines)


def _command(planned: PlannedCommand) -> str:
    target: Json = {"keyspace": planned.keyspace}
    if planned.name is not None:
        target["collection"] = planned.name
    called = _called("await db.command", planned.command, target)
    return f"const answer = {called};\nconsole.dir(answer, {{ depth: null }});"


def _called(function: str, *arguments: JsonValue) -> str:
    line, broken = ([_TYPESCRIPT.literal(value, depth) for value in arguments] for depth in (0, 1))
    return _TYPESCRIPT.call(function, line, broken)
