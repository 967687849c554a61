"""Astra DB's host names with TLS: who trusts the authority is answered, and it is good for nothing else."""

from __future__ import annotations

import logging
import ssl
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec
from pydantic import SecretStr

from astrolabe.portal.organization import Database, DatabaseDraft
from astrolabe.serving import authority as made
from astrolabe.serving import doors
from astrolabe.serving.authority import Authority, host_names
from astrolabe.serving.options import ServerOptions
from astrolabe.workspace import Workspace
from tests.support.served import DATABASE, TOKEN, Served, served
from tests.support.waiting import LONGEST_WAIT, wait_until

STRANGER = "0b7a5a4e-0000-4000-8000-000000000001-us-east-2.apps.astra.datastax.com"


@pytest.fixture
def secured(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Served]:
    monkeypatch.setattr(doors, "_LOOKS", 0.02)
    options = ServerOptions(port=0, token=SecretStr(TOKEN), astra_port=0)
    with served(tmp_path / "data", options) as running:
        yield running


def authority_of(server: Served) -> Authority:
    return Authority(server.workspace.options.data_dir)


def database_of(server: Served, name: str = DATABASE) -> Database:
    return server.run(server.workspace.databases.find(name))


def ask(server: Served, host: str, context: ssl.SSLContext | None = None) -> httpx.Response:
    """Ask for the keyspaces as a program does that the hosts file leads here."""
    port = server.server.doors.astra_port
    with httpx.Client(verify=context or ssl.create_default_context(), timeout=LONGEST_WAIT) as client:
        return client.post(
            f"https://127.0.0.1:{port}/api/json/v1",
            json={"findKeyspaces": {}},
            headers={"Token": TOKEN, "Host": host},
            extensions={"sni_hostname": host},
        )


def trusting(server: Served) -> ssl.SSLContext:
    return ssl.create_default_context(cafile=str(authority_of(server).certificate))


def test_a_program_that_trusts_the_authority_is_answered_under_both_names(secured: Served) -> None:
    for host in host_names(database_of(secured)):
        assert ask(secured, host, trusting(secured)).json() == {"status": {"keyspaces": ["default_keyspace"]}}
        with pytest.raises(httpx.ConnectError, match="certificate verify failed"):
            ask(secured, host)


def test_a_database_that_is_made_meanwhile_is_answered_with_the_same_key(secured: Served) -> None:
    key = authority_of(secured).key.read_bytes()
    database = secured.run(secured.workspace.create_database(DatabaseDraft("later")))
    host = host_names(database)[0]
    wait_until(lambda: host in authority_of(secured).names(), "the new database has no certificate")
    wait_until(lambda: answers(secured, host), "the new certificate is not shown")
    assert authority_of(secured).key.read_bytes() == key


def answers(server: Served, host: str) -> bool:
    try:
        return ask(server, host, trusting(server)).status_code == 200
    except httpx.ConnectError:
        return False


@pytest.mark.parametrize("host", ["shop.example.com", "apps.astra.datastax.com", STRANGER, "localhost"])
def test_another_name_is_refused_by_the_constraint_even_when_it_is_signed(secured: Served, host: str) -> None:
    authority = authority_of(secured)
    key = serialization.load_pem_private_key(authority.key.read_bytes(), None)
    assert isinstance(key, ec.EllipticCurvePrivateKey)
    leaf = ec.generate_private_key(ec.SECP256R1())
    pair = authority.folder / "stolen.pem"
    certificate = made._leaf(key, leaf.public_key(), [host])
    pair.write_bytes(made._pem(certificate) + made._private_pem(leaf))
    with pytest.raises(ssl.SSLCertVerificationError, match="permitted subtree violation"):
        handshake(pair, trusting(secured), host)


def test_an_address_is_refused_by_the_constraint(secured: Served) -> None:
    root = x509.load_pem_x509_certificate(authority_of(secured).certificate.read_bytes())
    constraints = root.extensions.get_extension_for_class(x509.NameConstraints)
    assert constraints.critical
    assert [str(name.value) for name in constraints.value.excluded_subtrees or ()] == ["0.0.0.0/0", "::/0"]


def handshake(pair: Path, client: ssl.SSLContext, host: str) -> None:
    """Let a client and a server with a certificate greet each other, in memory."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(pair)
    to_client, to_server = ssl.MemoryBIO(), ssl.MemoryBIO()
    sides = [
        client.wrap_bio(to_client, to_server, server_hostname=host),
        context.wrap_bio(to_server, to_client, server_side=True),
    ]
    for _ in range(10):
        for side in sides:
            try:
                side.do_handshake()
            except ssl.SSLWantReadError:
                continue


def test_keys_are_their_owners_alone_and_in_no_log(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    options = ServerOptions(port=0, token=SecretStr(TOKEN), astra_port=0)
    with caplog.at_level(logging.DEBUG), served(tmp_path / "data", options) as server:
        ask(server, host_names(database_of(server))[0], trusting(server))
        authority = authority_of(server)
        for file in (authority.key, authority.server):
            assert file.stat().st_mode & 0o777 == 0o600
            secret = [line for line in file.read_text().splitlines() if "-" not in line]
            assert not any(line in caplog.text for line in secret)
        assert authority.folder.stat().st_mode & 0o777 == 0o700


def test_it_is_made_once(tmp_path: Path) -> None:
    options = ServerOptions(port=0, token=SecretStr(TOKEN), astra_port=0)
    contents = []
    for _ in range(2):
        with served(tmp_path / "data", options, prepare=create_once) as server:
            authority = authority_of(server)
            contents.append([file.read_bytes() for file in (authority.key, authority.certificate, authority.server)])
    assert contents[0] == contents[1]


async def create_once(workspace: Workspace) -> None:
    if not await workspace.databases.list():
        await workspace.create_database(DatabaseDraft(DATABASE))
