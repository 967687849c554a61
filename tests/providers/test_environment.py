"""The way to a provider, as the environment lays it: proxies, exceptions from them, and certificates."""

from __future__ import annotations

import asyncio
import os
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from pydantic import SecretStr

from astrolabe.errors import Owner, ProviderError, ProviderFailure
from astrolabe.providers.catalogue.catalogue import load_catalogue
from astrolabe.providers.catalogue.provider_info import Direction
from astrolabe.providers.embedding.engine import EmbeddingEngine
from astrolabe.providers.wire.environment import Proxies, ProxyProblem
from tests.providers.setup import KEY, SUBJECTS
from tests.support.certificates import CertificateFiles, self_signed
from tests.support.provider_server import ProviderServer, vector_of
from tests.support.proxy import ProxyServer

OPENAI = SUBJECTS["openai"]
HOST = "provider.test"
NAMES = ("http", "https", "all", "no")
BODY = b'{"data": [{"index": 0, "embedding": %s}]}' % str(vector_of("a text", OPENAI.dimension)).encode()


@pytest.fixture(autouse=True)
def clean(monkeypatch: pytest.MonkeyPatch) -> None:
    """Begin without a proxy and without certificates."""
    for name in (*(f"{name}_proxy" for name in NAMES), "ssl_cert_file", "ssl_cert_dir"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)


async def embed(url: str) -> None:
    engine = EmbeddingEngine(load_catalogue(), urls={"openai": url}, allow_plain_http=True)
    try:
        await engine.embed(OPENAI.spec, ["a text"], Direction.STORE, SecretStr(KEY))
    finally:
        await engine.close()


async def fail(url: str = f"https://{HOST}/v1/embeddings") -> ProviderError:
    with pytest.raises(ProviderError) as caught:
        await embed(url)
    assert KEY not in str(caught.value)
    return caught.value


@asynccontextmanager
async def tls_provider(files: CertificateFiles) -> AsyncIterator[str]:
    """Answer one vector to anybody over TLS; yield where, as host and port."""

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\nconnection: close\r\n\r\n" + BODY)
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(answer, "127.0.0.1", 0, ssl=files.server_context())
    async with server:
        yield f"127.0.0.1:{server.sockets[0].getsockname()[1]}"


@pytest.mark.parametrize("variable", ["HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"])
async def test_a_key_for_this_machine_never_goes_through_a_proxy(
    server: ProviderServer, monkeypatch: pytest.MonkeyPatch, variable: str
) -> None:
    port = server.url.rpartition(":")[2]
    server.dimension = OPENAI.dimension
    async with ProxyServer() as proxy:
        monkeypatch.setenv(variable, proxy.url)
        for host in ("127.0.0.1", "localhost", "LocalHost", "127.1", "0x7f000001", "[::ffff:127.0.0.1]"):
            await embed(f"http://{host}:{port}/v1/embeddings")
    assert proxy.heads == []
    assert len(server.requests) == 6


async def test_a_key_goes_through_the_tunnel_of_a_proxy_and_not_to_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    files = self_signed(tmp_path, HOST)
    async with tls_provider(files) as place, ProxyServer(place) as proxy:
        monkeypatch.setenv("HTTPS_PROXY", proxy.url.replace("http://", "http://ada:pass%40word@"))
        monkeypatch.setenv("SSL_CERT_FILE", str(files.certificate))
        await embed(f"https://{HOST}/v1/embeddings")
    (head,) = proxy.heads
    assert head.startswith(f"CONNECT {HOST}:443 ")
    assert "YWRhOnBhc3NAd29yZA==" in head, "the name and the password of the proxy's address"
    assert KEY not in head


async def test_a_provider_whose_certificate_nobody_vouches_for_is_not_given_the_key(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with tls_provider(self_signed(tmp_path, HOST)) as place, ProxyServer(place) as proxy:
        monkeypatch.setenv("HTTPS_PROXY", proxy.url)
        error = await fail()
    assert error.failure is ProviderFailure.TLS
    assert "SSL_CERT_FILE" in error.hint


@pytest.mark.parametrize("exception", [HOST, ".test", "*", f"other, {HOST}:443"])
async def test_no_proxy_leaves_hosts_out(monkeypatch: pytest.MonkeyPatch, exception: str) -> None:
    def unknown(*_: object, **__: object) -> None:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    async with ProxyServer(status=403) as proxy:
        monkeypatch.setenv("HTTPS_PROXY", proxy.url)
        monkeypatch.setenv("NO_PROXY", exception)
        monkeypatch.setattr(socket, "getaddrinfo", unknown)
        error = await fail()
    assert proxy.heads == []
    assert error.failure is ProviderFailure.UNKNOWN_HOST


@pytest.mark.parametrize(
    ("exceptions", "url", "direct"),
    [
        ("example.com", "https://example.com/", True),
        ("example.com", "https://api.example.com/", True),
        ("example.com", "https://badexample.com/", False),
        (".example.com", "https://api.example.com/", True),
        ("*.example.com", "https://api.example.com/", True),
        ("EXAMPLE.com", "https://api.Example.COM/", True),
        ("https://example.com", "https://example.com/", True),
        ("example.com:8443", "https://example.com/", False),
        ("example.com:8443", "https://example.com:8443/", True),
        ("10.0.0.0/8", "https://10.1.2.3/", True),
        ("10.0.0.0/8", "https://11.1.2.3/", False),
        ("10.1.2.3", "https://10.1.2.3/", True),
        ("10.1.2.3:443", "https://10.1.2.3/", True),
        ("fd00::/8", "https://[fd00::1]/", True),
        ("fd00::1", "https://[fd00::1]/", True),
        ("[fd00::1]:444", "https://[fd00::1]/", False),
        ("a b,c", "https://b/", True),
        ("", "https://b/", False),
        (",", "https://b/", False),
        (".", "https://b/", False),
    ],
)
def test_the_exceptions_are_read_as_curl_reads_them(exceptions: str, url: str, direct: bool) -> None:
    found = Proxies({"https": "http://proxy.test:3128", "no": exceptions}).of(url)
    assert (found is None) is direct


# Over plain http nobody knows of another status whether the proxy or the provider says it.
@pytest.mark.parametrize(("scheme", "status"), [("https", 403), ("https", 407), ("https", 502), ("http", 407)])
async def test_a_proxy_that_refuses_is_named_and_not_the_provider(
    monkeypatch: pytest.MonkeyPatch, scheme: str, status: int
) -> None:
    async with ProxyServer(status=status) as proxy:
        place = proxy.url.removeprefix("http://")
        monkeypatch.setenv(f"{scheme.upper()}_PROXY", f"http://ada:s3cret-password@{place}")
        error = await fail(f"{scheme}://{HOST}/v1/embeddings")
    assert error.failure is ProviderFailure.UNREACHABLE
    assert error.owner is Owner.NETWORK
    assert f"the proxy {place} ({scheme.upper()}_PROXY)" in error.message
    assert f"(HTTP {status})" in error.message
    assert "NO_PROXY" in error.hint
    assert ("NAME:PASSWORD" in error.hint) is (status == 407)
    assert "s3cret-password" not in f"{error} {error.hint} {error!r}"
    assert error.attempts == (4 if status == 502 else 1)


async def test_a_proxy_that_is_not_there_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    async with ProxyServer() as proxy:
        place = proxy.url.removeprefix("http://")
    monkeypatch.setenv("ALL_PROXY", f"http://{place}")
    error = await fail()
    assert f"the proxy {place} (ALL_PROXY) refused the connection" in error.message


@pytest.mark.parametrize(
    ("address", "problem"),
    [
        ("socks5://127.0.0.1:1080", "HTTPS_PROXY names a SOCKS proxy"),
        ("SOCKS5H://127.0.0.1:1080", "HTTPS_PROXY names a SOCKS proxy"),
        ("http://", "HTTPS_PROXY does not hold the address of a proxy"),
        ("http://proxy:port", "HTTPS_PROXY does not hold the address of a proxy"),
        ("http://[::1", "HTTPS_PROXY does not hold the address of a proxy"),
        ("ftp://proxy.test", "HTTPS_PROXY does not hold the address of a proxy"),
        ("http://two words:1", "HTTPS_PROXY does not hold the address of a proxy"),
        ("http://x:99999", "HTTPS_PROXY does not hold the address of a proxy"),
    ],
)
async def test_a_proxy_that_cannot_be_spoken_to_is_named_by_its_variable(
    monkeypatch: pytest.MonkeyPatch, server: ProviderServer, address: str, problem: str
) -> None:
    monkeypatch.setenv("HTTPS_PROXY", address)
    error = await fail()
    assert problem in error.message
    assert error.owner is Owner.MACHINE
    server.dimension = OPENAI.dimension
    await embed(f"{server.url}/v1/embeddings")  # which needs no proxy


@pytest.mark.parametrize("kind", ["missing", "empty", "folder", "no certificate", "pipe"])
async def test_a_file_without_certificates_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, server: ProviderServer, kind: str
) -> None:
    path = tmp_path / "authorities.pem"
    match kind:
        case "empty":
            path.touch()
        case "folder":
            path.mkdir()
        case "no certificate":
            path.write_text("-----BEGIN CERTIFICATE-----\nnothing\n-----END CERTIFICATE-----\n")
        case "pipe":
            os.mkfifo(path)
    monkeypatch.setenv("SSL_CERT_FILE", str(path))
    error = await fail()
    assert error.failure is ProviderFailure.TLS
    assert error.owner is Owner.MACHINE
    assert f"SSL_CERT_FILE names {path}" in error.message
    server.dimension = OPENAI.dimension
    await embed(f"{server.url}/v1/embeddings")  # which needs no certificate


async def test_a_folder_of_certificates_that_is_missing_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SSL_CERT_DIR", str(tmp_path / "nowhere"))
    assert f"SSL_CERT_DIR names {tmp_path / 'nowhere'}" in (await fail()).message


def test_a_proxy_without_a_scheme_is_one_over_http() -> None:
    found = Proxies({"all": "proxy.test:3128"}).of("https://b/")
    assert found is not None
    assert found.url == "http://proxy.test:3128"
    assert found.label.startswith("proxy.test:3128")


def test_the_address_of_a_proxy_is_in_no_representation() -> None:
    found = Proxies({"all": "http://ada:pass@proxy.test"}).of("https://b/")
    assert "pass" not in repr(found)
    with pytest.raises(ProxyProblem) as caught:
        Proxies({"all": "http://ada:pass@proxy.test:x"}).of("https://b/")
    assert caught.value.__cause__ is None
    assert "pass" not in str(caught.value)
