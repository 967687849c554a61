"""TLS with a certificate and a key from files."""

from __future__ import annotations

import ipaddress
import ssl
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from pydantic import SecretStr

from astrolabe.errors import UsageError
from astrolabe.serving.options import ServerOptions
from astrolabe.serving.server import ServerError
from tests.support.served import TOKEN, served


@pytest.fixture
def files(tmp_path: Path) -> tuple[Path, Path]:
    """Return a certificate for 127.0.0.1 and its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "tests")])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now + timedelta(hours=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]), critical=False)
        .sign(key, hashes.SHA256())
    )
    paths = tmp_path / "certificate.pem", tmp_path / "key.pem"
    paths[0].write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    pem, form = serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8
    paths[1].write_bytes(key.private_bytes(pem, form, serialization.NoEncryption()))
    return paths


def test_requests_go_over_tls(tmp_path: Path, files: tuple[Path, Path]) -> None:
    options = ServerOptions(port=0, token=SecretStr(TOKEN), certificate=files[0], key=files[1])
    with served(tmp_path / "data", options) as server:
        assert server.address.startswith("https://127.0.0.1:")
        context = ssl.create_default_context(cafile=str(files[0]))
        headers = {"Token": TOKEN}
        answer = httpx.post(f"{server.address}/v1", json={"findKeyspaces": {}}, headers=headers, verify=context)
        assert answer.json() == {"status": {"keyspaces": ["default_keyspace"]}}
        with pytest.raises(httpx.TransportError):
            httpx.post(server.address.replace("https", "http") + "/v1", json={})


def test_what_is_no_certificate_is_refused(tmp_path: Path, files: tuple[Path, Path]) -> None:
    for certificate, key, words in (
        (files[1], files[1], "not a PEM certificate"),
        (tmp_path / "missing.pem", files[1], "No such file"),
    ):
        options = ServerOptions(port=0, certificate=certificate, key=key)
        with pytest.raises(ServerError, match=words), served(tmp_path / words, options):
            pass
    with pytest.raises(UsageError), served(tmp_path / "data", ServerOptions(port=0, key=files[1])):
        pass
