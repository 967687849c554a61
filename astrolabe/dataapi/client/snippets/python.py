"""Python, with astrapy."""

from __future__ import annotations

from collections.abc import Mapping

from pydantic.alias_generators import to_snake

from astrolabe.dataapi.client.command_builders import PlannedCommand
from astrolabe.dataapi.client.snippets.addresses import TOKEN_VARIABLE
from astrolabe.dataapi.client.snippets.calls import MethodCall, call_of
from astrolabe.dataapi.client.snippets.literals import Dialect
from astrolabe.dataapi.client.snippets.table_calls import TableCall, table_call_of
from astrolabe.dataapi.protocol import Json, JsonValue

_PYTHON = Dialect(true="True", false="False", null="None", indent="    ")
_MOST_COUNTED = 1000
_SHOWN = {"find": ("document", "document"), "findAndRerank": ("result", "result.document, result.scores")}
"""What each round of a cursor's loop has, and what is printed of it."""


def render(planned: PlannedCommand, endpoint: str) -> str:
    """Return a program that sends the command and prints what comes back."""
    return f"{_opening(planned, endpoint)}\n{_body(planned)}\n"


def _opening(planned: PlannedCommand, endpoint: str) -> str:
    keyspace = {} if planned.keyspace is None else {"keyspace": planned.keyspace}
    return (
        "import os\n\n"
        "from astrapy import DataAPIClient\n\n"
        f'client = DataAPIClient(os.environ["{TOKEN_VARIABLE}"])\n'
        f"database = {_called('client.get_database', (endpoint,), keyspace)}"
    )


def _body(planned: PlannedCommand) -> str:
    about_table = table_call_of(planned)
    if about_table is not None:
        return _on_table(planned, about_table)
    content: Json = planned.command[planned.verb] or {}
    if planned.keyspace is not None and planned.name is None and "name" in content:
        if planned.verb == "createCollection":
            definition = {"definition": content["options"]} if content.get("options") else {}
            called = _called("database.create_collection", (content["name"],), definition)
            return f"collection = {called}\nprint(collection.full_name)"
        if planned.verb == "deleteCollection":
            return _called("database.drop_collection", (content["name"],), {})
    call = call_of(planned)
    return _command(planned) if call is None else _on_collection(planned, call)


def _on_collection(planned: PlannedCommand, call: MethodCall) -> str:
    named = {to_snake(name): value for name, value in call.named.items()}
    if call.method == "countDocuments":
        named["upper_bound"] = _MOST_COUNTED
    called = _called(f"collection.{to_snake(call.method)}", call.positional, named)
    lines = [f"collection = {_called('database.get_collection', (planned.name,), {})}"]
    if call.method in _SHOWN:
        one, shown = _SHOWN[call.method]
        lines += [f"cursor = {called}", f"for {one} in cursor:", f"    print({shown})"]
        if named.get("include_sort_vector"):
            lines.append("print(cursor.get_sort_vector())")
    else:
        lines += [f"result = {called}", "print(result)"]
    return "\n".join(lines)


def _on_table(planned: PlannedCommand, about: TableCall) -> str:
    call = about.call
    named = {to_snake(name): value for name, value in call.named.items()}
    method, positional = to_snake(call.method), call.positional
    if about.on_database:
        called = _called(f"database.{method}", positional, named)
        return f"table = {called}\nprint(table.full_name)" if call.method == "createTable" else called
    lines = [f"table = {_called('database.get_table', (planned.name,), {})}"]
    if call.method.endswith("Index"):
        lines.append(_called(f"table.{method}", positional[:1], {"column": positional[1], **named}))
    elif call.method == "find":
        lines += [f"cursor = {_called('table.find', positional, named)}", "for row in cursor:", "    print(row)"]
        lines += ["print(cursor.get_sort_vector())"] if named.get("include_sort_vector") else []
    elif call.method in {"insertOne", "insertMany", "findOne"}:
        lines += [f"result = {_called(f'table.{method}', positional, named)}", "print(result)"]
    else:
        lines.append(_called(f"table.{method}", positional, named))
    return "\n".join(lines)


def _command(planned: PlannedCommand) -> str:
    target: Json = {"keyspace": planned.keyspace}
    if planned.name is not None:
        target["collection_or_table_name"] = planned.name
    return f"answer = {_called('database.command', (planned.command,), target)}\nprint(answer)"


def _called(function: str, positional: tuple[JsonValue, ...], named: Mapping[str, JsonValue]) -> str:
    def arguments(depth: int) -> list[str]:
        by_name = [f"{name}={_PYTHON.literal(value, depth)}" for name, value in named.items()]
        return [*(_PYTHON.literal(value, depth) for value in positional), *by_name]

    return _PYTHON.call(function, arguments(0), arguments(1))
