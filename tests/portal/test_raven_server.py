"""RavenDB's own client against a server on the loopback that answers as RavenDB does."""

from __future__ import annotations

import gc
import gzip
import importlib.util
import ipaddress
import socket
import ssl
import tracemalloc
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import pkcs12
from cryptography.x509.oid import NameOID
from pydantic import SecretStr
from ravendb.documents.operations.ai.ai_connection_string import AiConnectionString

from astrolabe.errors import AstrolabeError, NotFoundError, Owner, UsageError
from astrolabe.portal.connection_strings import raven_transport
from astrolabe.portal.connection_strings.connection_string import ConnectionString, ConnectionStringDraft
from astrolabe.portal.connection_strings.exchange import embedding_strings, push_all, take_in_all
from astrolabe.portal.connection_strings.json import read_all, to_json
from astrolabe.portal.connection_strings.raven_server import INSTALL_LINE, RavenPlace, RavenServer
from astrolabe.providers.catalogue.connectors import Connector, FieldKind, load_connectors
from tests.support.portal import SECRET, Organization
from tests.support.proxy import ProxyServer
from tests.support.raven import Raven, raven_server

ROUTE = "/databases/Orders/admin/connection-strings"
OLLAMA = {"Uri": "http://localhost:11434", "Model": "nomic-embed-text"}
FACE = {"Model": "BAAI/bge-small-en-v1.5"}


@pytest.fixture
def raven() -> Iterator[Raven]:
    with raven_server(Raven()) as running:
        yield running


def server(raven: Raven, **place: Any) -> RavenServer:  # noqa: ANN401 - of any member
    return RavenServer(RavenPlace(raven.url, place.pop("database", raven.database), **place))


async def face(portal: Organization, name: str = "Face") -> ConnectionString:
    return await portal.connection_strings.create(
        ConnectionStringDraft(name, "", "HuggingFace", FACE, SecretStr(SECRET), ())
    )


def sample(connector: Connector) -> dict[str, Any]:
    values: dict[FieldKind, Any] = {FieldKind.NUMBER: 3, FieldKind.CHOICE: "V1", FieldKind.ADDRESS: "https://h/v1"}
    secrets = {FieldKind.SECRET, FieldKind.SERVICE_ACCOUNT}
    return {field.key: values.get(field.kind, "x") for field in connector.fields if field.kind not in secrets}


@pytest.mark.parametrize("connector", load_connectors(), ids=lambda one: one.key)
@pytest.mark.parametrize("full", [True, False])
def test_every_json_form_is_what_ravendbs_client_writes(connector: Connector, full: bool) -> None:
    needed = {field.key for field in connector.fields if field.required}
    settings = {key: value for key, value in sample(connector).items() if full or key in needed}
    string = ConnectionString("Näme", "name", connector, settings, "", datetime.now(UTC))
    document = to_json(string, SecretStr("the-key"))
    assert AiConnectionString.from_json(document).to_json() == document
    (draft,) = read_all(document)
    assert (draft.name, draft.identifier, draft.connector) == ("Näme", "name", connector.key)
    if connector.secret is not None:
        assert draft.secret == SecretStr("the-key")


async def test_a_string_is_saved_through_the_documented_route(portal: Organization, raven: Raven) -> None:
    string = await face(portal)
    (outcome,) = await push_all(portal.connection_strings, server(raven), [string], replace=False, with_secrets=True)
    assert outcome.done
    assert raven.requests == [("GET", ROUTE, None), ("PUT", ROUTE, to_json(string, SecretStr(SECRET)))]
    assert raven.requests[1][2]["HuggingFaceSettings"] == {
        "ApiKey": SECRET,
        "Endpoint": None,
        "Model": "BAAI/bge-small-en-v1.5",
        "EmbeddingsMaxConcurrentBatches": None,
    }


async def test_saving_without_secrets_takes_none_away(portal: Organization, raven: Raven) -> None:
    string = await face(portal)
    raven.strings["Face"] = to_json(string, SecretStr("theirs"))
    (refused,) = await push_all(portal.connection_strings, server(raven), [string], replace=False, with_secrets=False)
    assert not refused.done
    assert "replacing was not asked for" in refused.words
    (done,) = await push_all(portal.connection_strings, server(raven), [string], replace=True, with_secrets=False)
    assert done.done
    assert raven.strings["Face"]["HuggingFaceSettings"]["ApiKey"] == "theirs"


async def test_what_would_break_something_there_is_left_alone(portal: Organization, raven: Raven) -> None:
    string = await face(portal)
    for other, words in (({"Identifier": "other"}, "identifier there is 'other'"), ({"ModelType": "Chat"}, "chat")):
        raven.strings["Face"] = to_json(string) | other
        (outcome,) = await push_all(portal.connection_strings, server(raven), [string], replace=True, with_secrets=True)
        assert not outcome.done
        assert words in outcome.words
    assert {method for method, _, _ in raven.requests} == {"GET"}


async def test_strings_are_read_with_their_keys_and_chat_models_left_out(portal: Organization, raven: Raven) -> None:
    string = await face(portal)
    raven.strings = {
        "Face": to_json(string, SecretStr(SECRET)),
        "Chat": to_json(string) | {"Name": "Chat", "ModelType": "Chat"},
        "Local": {"Name": "Local", "Identifier": "local", "Type": "Ai", "OllamaSettings": OLLAMA, "UsedBy": []},
    }
    await portal.connection_strings.remove("face")
    found, skipped = embedding_strings(await server(raven).strings(), None)
    assert skipped == ["Chat"]
    outcomes = await take_in_all(portal.connection_strings, read_all(found), replace=False)
    assert [(one.name, one.done) for one in outcomes] == [("Face", True), ("Local", True)]
    secret = await portal.connection_strings.secret("face")
    assert secret == SecretStr(SECRET)
    again = await take_in_all(portal.connection_strings, read_all(found), replace=False)
    assert not any(one.done for one in again)
    with pytest.raises(NotFoundError, match="no connection string 'other'"):
        embedding_strings(await server(raven).strings(), "other")


@pytest.mark.parametrize(
    ("failure", "words"),
    [
        ((403, b'{"Message": "no"}', {}), "AuthorizationException"),
        ((500, b'{"Type": "System.InvalidOperationException", "Error": "wrong KEY", "Message": "x"}', {}), "wrong"),
        ((200, b"not json", {}), "JSONDecodeError"),
        ((200, b"[]", {}), None),
        ((307, b"", {"Location": "http://127.0.0.1:1/"}), "not followed"),
        ((503, b"", {}), "HTTP 503"),
    ],
)
async def test_failures_are_ours_and_repeat_no_key(
    portal: Organization, raven: Raven, failure: tuple[int, bytes, dict[str, str]], words: str | None
) -> None:
    raven.failure = (failure[0], failure[1].replace(b"KEY", SECRET.encode()), failure[2])
    document = to_json(await face(portal), SecretStr(SECRET))
    if words is None:
        assert await server(raven).strings() == {}
        return
    with pytest.raises(AstrolabeError) as refused:
        await server(raven).put(document, SecretStr(SECRET))
    assert words in refused.value.message
    assert SECRET not in f"{refused.value.message}{refused.value.hint}{refused.value!r}"
    assert refused.value.__cause__ is None
    assert refused.value.__context__ is None


@pytest.mark.parametrize("status", [200, 307, 403, 500, 503])
async def test_no_connection_stays_open_for_the_garbage_collector(raven: Raven, status: int) -> None:
    raven.failure = (status, b"not json", {"Location": "http://127.0.0.1:1/"})
    gc.disable()
    try:
        with pytest.raises(AstrolabeError) as refused:
            await server(raven).strings()
        assert refused.value.message
        assert not [one for one in gc.get_objects() if isinstance(one, socket.socket) and leads_to(one, raven)]
    finally:
        gc.enable()


def leads_to(connection: socket.socket, raven: Raven) -> bool:
    try:
        return bool(connection.getpeername() == ("127.0.0.1", int(raven.url.rpartition(":")[2])))
    except OSError:
        return False


async def test_a_missing_database_and_an_absent_server_are_told_apart(raven: Raven) -> None:
    with pytest.raises(AstrolabeError, match="no such database"):
        await server(raven, database="Other").strings()
    with pytest.raises(AstrolabeError) as gone:
        await RavenServer(RavenPlace("http://127.0.0.1:9", "Orders")).strings()
    assert gone.value.owner is Owner.NETWORK


async def test_the_client_is_named_where_it_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    real = importlib.util.find_spec
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None if name == "ravendb" else real(name))
    with pytest.raises(AstrolabeError) as refused:
        RavenServer(RavenPlace("https://h", "Orders"))
    assert INSTALL_LINE in refused.value.hint
    assert INSTALL_LINE == "pip install 'astrolabe-tui[ravendb]'"


def test_addresses_and_names_are_checked_before_anything_is_sent(tmp_path: Path) -> None:
    for place in (
        RavenPlace("http://raven.example:8080", "Orders"),
        RavenPlace("nonsense", "Orders"),
        RavenPlace("https://h", "a/b"),
        RavenPlace("https://h", "Orders", tmp_path / "missing.pem"),
    ):
        with pytest.raises(UsageError):
            RavenServer(place)
    RavenServer(RavenPlace("http://raven.example:8080", "Orders"), allow_plain_http=True)


def certificate(name: str) -> tuple[rsa.RSAPrivateKey, x509.Certificate]:
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    now = datetime.now(UTC)
    address = x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))])
    made = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now + timedelta(hours=1))
        .add_extension(address, critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    return key, made


def pem(key: rsa.RSAPrivateKey, made: x509.Certificate) -> bytes:
    none = serialization.NoEncryption()
    private = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, none)
    return made.public_bytes(serialization.Encoding.PEM) + private


@pytest.mark.parametrize("kind", ["pem", "pfx"])
async def test_a_secured_server_sees_the_client_certificate(tmp_path: Path, kind: str) -> None:
    (tmp_path / "server.pem").write_bytes(pem(*certificate("server")))
    client = certificate("client")
    (tmp_path / "client.pem").write_bytes(pem(*client))
    (tmp_path / "client.pfx").write_bytes(
        pkcs12.serialize_key_and_certificates(b"c", *client, None, serialization.NoEncryption())
    )
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(tmp_path / "server.pem")
    tls.load_verify_locations(tmp_path / "client.pem")
    tls.verify_mode = ssl.CERT_REQUIRED
    with raven_server(Raven(), tls) as raven:
        place = {"certificate": tmp_path / f"client.{kind}", "authority": tmp_path / "server.pem"}
        assert await server(raven, **place).strings() == {}
        assert "client" in str(raven.certificates)
        with pytest.raises(AstrolabeError) as refused:
            await server(raven, certificate=place["certificate"]).strings()
        assert refused.value.owner is Owner.NETWORK


async def test_a_pfx_file_with_a_password_is_explained(tmp_path: Path, raven: Raven) -> None:
    path = tmp_path / "client.pfx"
    locked = serialization.BestAvailableEncryption(b"x")
    path.write_bytes(pkcs12.serialize_key_and_certificates(b"c", *certificate("client"), None, locked))
    with pytest.raises(AstrolabeError, match="password"):
        await server(raven, certificate=path).strings()


@pytest.fixture
def environment(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    """Begin without a proxy and without certificates."""
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY", "SSL_CERT_FILE", "SSL_CERT_DIR"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.lower(), raising=False)
    return monkeypatch


async def test_a_server_on_this_machine_is_not_reached_through_a_proxy(
    raven: Raven, environment: pytest.MonkeyPatch
) -> None:
    async with ProxyServer() as proxy:
        environment.setenv("HTTP_PROXY", proxy.url)
        environment.setenv("ALL_PROXY", proxy.url)
        assert await server(raven).strings() == {}
    assert proxy.heads == []


async def test_no_password_is_taken_from_elsewhere_and_no_cookie_kept(
    raven: Raven, environment: pytest.MonkeyPatch, tmp_path: Path, portal: Organization
) -> None:
    (tmp_path / "netrc").write_text("machine 127.0.0.1 login ada password secret\n")
    (tmp_path / "netrc").chmod(0o600)
    environment.setenv("NETRC", str(tmp_path / "netrc"))
    raven.extra = {"Set-Cookie": "account=ada; Path=/"}
    await push_all(portal.connection_strings, server(raven), [await face(portal)], replace=True, with_secrets=False)
    assert len(raven.headers) == 2
    assert not any(name in headers for headers in raven.headers for name in ("authorization", "cookie"))


async def test_a_proxy_that_wants_a_password_is_named(environment: pytest.MonkeyPatch) -> None:
    async with ProxyServer(status=407) as proxy:
        environment.setenv("HTTPS_PROXY", proxy.url.replace("//", "//ada:s3cret-password@"))
        with pytest.raises(AstrolabeError) as refused:
            await RavenServer(RavenPlace("https://raven.test", "Orders")).strings()
    assert "407" in refused.value.message
    assert "HTTPS_PROXY" in refused.value.hint
    assert "s3cret-password" not in f"{refused.value} {refused.value.hint}"


@pytest.mark.parametrize(
    ("variable", "value", "problem"),
    [
        ("HTTPS_PROXY", "socks5://127.0.0.1:1", "HTTPS_PROXY names a SOCKS proxy"),
        ("HTTPS_PROXY", "http://a:b:c", "HTTPS_PROXY does not hold the address of a proxy"),
        ("SSL_CERT_FILE", "/nowhere/authorities.pem", "SSL_CERT_FILE names /nowhere/authorities.pem"),
    ],
)
async def test_a_variable_that_is_wrong_is_named(
    environment: pytest.MonkeyPatch, variable: str, value: str, problem: str
) -> None:
    environment.setenv(variable, value)
    with pytest.raises(AstrolabeError, match=problem) as refused:
        await RavenServer(RavenPlace("https://raven.test", "Orders")).strings()
    assert refused.value.owner is Owner.MACHINE


async def test_the_authority_may_come_from_the_environment(environment: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "server.pem").write_bytes(pem(*certificate("server")))
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(tmp_path / "server.pem")
    environment.setenv("SSL_CERT_FILE", str(tmp_path / "server.pem"))
    with raven_server(Raven(), tls) as raven:
        assert await server(raven).strings() == {}


@pytest.mark.parametrize(
    ("encoding", "problem"), [("gzip", "larger than"), ("gzip, gzip", "more than once"), ("br", "was not asked for")]
)
async def test_an_answer_that_becomes_large_is_refused(raven: Raven, encoding: str, problem: str) -> None:
    bomb = gzip.compress(b"[" * (48 * 1024 * 1024), 1)
    bomb = gzip.compress(bomb) if "," in encoding else bomb
    raven.failure = (200, bomb, {"Content-Encoding": encoding})
    tracemalloc.start()
    try:
        with pytest.raises(AstrolabeError, match=problem):
            await server(raven).strings()
        assert tracemalloc.get_traced_memory()[1] < 48 * 1024 * 1024
    finally:
        tracemalloc.stop()


async def test_a_compressed_answer_is_read(raven: Raven) -> None:
    body = gzip.compress(b'{"AiConnectionStrings": {"A": {"Name": "A"}}}')
    raven.failure = (200, body, {"Content-Encoding": "gzip"})
    assert await server(raven).strings() == {"A": {"Name": "A"}}


async def test_an_answer_that_never_ends_is_given_up(raven: Raven, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(raven_transport, "TOTAL_SECONDS", -1.0)
    with pytest.raises(AstrolabeError, match="not complete within"):
        await server(raven).strings()
