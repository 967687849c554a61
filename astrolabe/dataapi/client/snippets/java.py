"""Java, with astra-db-java: the command itself, which needs no class for every option.

The Java client sends commands on keyspaces and collections. Those on the database go out with the JDK's own client.
"""

from __future__ import annotations

import simplejson

from astrolabe.dataapi.client.command_builders import PlannedCommand
from astrolabe.dataapi.client.snippets.addresses import TOKEN_VARIABLE, command_path
from astrolabe.dataapi.client.snippets.table_calls import table_call_of
from astrolabe.dataapi.protocol import JsonValue

JAVA_CLASS = "Example"
"""The name of every program's class."""

_INDENT = " " * 8
_CLIENT = """\
import com.datastax.astra.client.DataAPIClient;
import com.datastax.astra.client.collections.definition.documents.Document;
import com.datastax.astra.client.core.commands.Command;
import com.datastax.astra.client.databases.Database;

public class {program} {{
    public static void main(String[] args) {{
        DataAPIClient client = new DataAPIClient(System.getenv("{variable}"));
        Database database = client.getDatabase({endpoint}, {keyspace});
        Document content = Document.parse({content});
        var answer = {target}.runCommand(new Command({verb}, content));
        {printing};
    }}
}}
"""
_HTTP = """\
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;

public class {program} {{
    public static void main(String[] args) throws Exception {{
        String command = {command};
        HttpRequest request = HttpRequest.newBuilder(URI.create({address}))
            .header("Token", System.getenv("{variable}"))
            .header("Content-Type", "application/json")
            .POST(HttpRequest.BodyPublishers.ofString(command))
            .build();
        HttpResponse<String> answer = HttpClient.newHttpClient().send(request, HttpResponse.BodyHandlers.ofString());
        System.out.println(answer.body());
    }}
}}
"""
_DOCUMENTS = frozenset({"find", "findAndRerank"})
_DOCUMENT = frozenset({"findOne", "findOneAndUpdate", "findOneAndReplace", "findOneAndDelete"})


def render(planned: PlannedCommand, endpoint: str) -> str:
    """Return a program that sends the command and prints what comes back."""
    if planned.keyspace is None:
        address = _string(endpoint + command_path(planned))
        return _HTTP.format(
            program=JAVA_CLASS, command=_block(planned.command), address=address, variable=TOKEN_VARIABLE
        )
    getter = "getTable" if planned.is_table or table_call_of(planned) is not None else "getCollection"
    target = "database" if planned.name is None else f"database.{getter}({_string(planned.name)})"
    return _CLIENT.format(
        program=JAVA_CLASS,
        variable=TOKEN_VARIABLE,
        endpoint=_string(endpoint),
        keyspace=_string(planned.keyspace),
        content=_block(planned.command[planned.verb] or {}),
        target=target,
        verb=_string(planned.verb),
        printing=_printing(planned.verb),
    )


def _printing(verb: str) -> str:
    """Return the statement that prints what is interesting of the answer: its documents, or its status."""
    if verb in _DOCUMENTS:
        return "answer.getData().getDocuments().forEach(System.out::println)"
    part = "getData().getDocument()" if verb in _DOCUMENT else "getStatus().getPayload()"
    return f"System.out.println(answer.{part})"


def _string(text: str) -> str:
    """Return a string literal; JSON's escapes mean the same in Java, where no raw backslash comes before a ``u``."""
    written: str = simplejson.dumps(text, ensure_ascii=False)
    return written


def _block(value: JsonValue) -> str:
    """Return JSON as a text block: every backslash is doubled, and three quotes never follow each other in JSON."""
    text: str = simplejson.dumps(value, indent=2, ensure_ascii=False, use_decimal=True).replace("\\", "\\\\")
    lines = "".join(f"{_INDENT}    {line}\n" for line in text.split("\n"))
    return f'"""\n{lines}{_INDENT}    """'
