"""A certificate authority of one data folder, for the host names that Astra DB would give its databases.

Programs that insist on such a name are led here by the hosts file, and want TLS. Whoever has this authority's key could
speak for every name that a program trusts it with. So its certificate is good for the host names of this folder's
databases and for nothing else, its key is readable by its owner alone, and no system's trust store is touched: each
program is told to trust it by itself.
"""

from __future__ import annotations

import contextlib
import ipaddress
import os
import shutil
from collections.abc import Collection, Iterable, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from astrolabe.portal.organization import Database

DOMAIN = "apps.astra.datastax.com"
"""The domain of Astra DB's databases."""

FOLDER = "authority"
"""Its folder in the data folder."""

_VALID = timedelta(days=3650)
_LEAF_VALID = timedelta(days=397)
_RENEWED_BEFORE = timedelta(days=30)
_BEFORE = timedelta(hours=1)
_SUBJECT = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Astrolabe, databases of one data folder")])
_LEAF_SUBJECT = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Astrolabe")])
_EVERY_ADDRESS = (ipaddress.ip_network("0.0.0.0/0"), ipaddress.ip_network("::/0"))


def host_names(database: Database) -> tuple[str, str]:
    """Return both forms of the host name that Astra DB would give a database: with its region, and without."""
    return f"{database.id}-{database.region}.{DOMAIN}", f"{database.id}.{DOMAIN}"


class Authority:
    """The files of an authority.

    Args:
        data_dir: The data folder.
    """

    def __init__(self, data_dir: Path) -> None:
        self.folder = data_dir / FOLDER
        self.key = self.folder / "authority.key"
        self.certificate = self.folder / "authority.pem"
        """What programs have to trust."""
        self.server = self.folder / "server.pem"
        """The server's certificate and its key."""

    @property
    def exists(self) -> bool:
        """Whether it was made."""
        return self.key.exists()

    def prepare(self, databases: Sequence[Database]) -> bool:
        """Make what is missing or about to expire, and return whether programs have to read the certificate anew.

        The key is made once. The certificate is renewed, with the same key, when there is a database that it is not
        good for; then it is good for those there are now.

        Raises:
            OSError: A file cannot be read or written.
            ValueError: A file is not what it should be.
        """
        names = sorted(name for database in databases for name in host_names(database))
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        key = self._key()
        renewed = not _is_good_for(self._read(self.certificate), names, key.public_key())
        if renewed:
            _write(self.certificate, _pem(_authority(key, names)), 0o644)
        if renewed or not _is_good_for(self._read(self.server), names, None):
            leaf = ec.generate_private_key(ec.SECP256R1())
            _write(self.server, _pem(_leaf(key, leaf.public_key(), names)) + _private_pem(leaf), 0o600)
        return renewed

    def remove(self) -> bool:
        """Delete it and return whether there was one; programs that trust its certificate trust nobody by it then."""
        existed = self.folder.exists()
        shutil.rmtree(self.folder, ignore_errors=True)
        return existed

    def names(self) -> list[str]:
        """Return the host names that its certificate is good for."""
        certificate = self._read(self.certificate)
        return _permitted(certificate) if certificate is not None else []

    def _key(self) -> ec.EllipticCurvePrivateKey:
        if not self.key.exists():
            key = ec.generate_private_key(ec.SECP256R1())
            _write(self.key, _private_pem(key), 0o600)
            return key
        found = serialization.load_pem_private_key(self.key.read_bytes(), None)
        if not isinstance(found, ec.EllipticCurvePrivateKey):
            raise ValueError("the key is of another kind")  # noqa: TRY004 - of the file's content
        return found

    @staticmethod
    def _read(file: Path) -> x509.Certificate | None:
        try:
            return x509.load_pem_x509_certificate(file.read_bytes())
        except (FileNotFoundError, ValueError):
            return None


def _is_good_for(
    certificate: x509.Certificate | None, names: Collection[str], key: ec.EllipticCurvePublicKey | None
) -> bool:
    """Return whether a certificate is of a key (any, for None), has all names, and is valid for a while."""
    if certificate is None or certificate.not_valid_after_utc - datetime.now(UTC) < _RENEWED_BEFORE:
        return False
    if key is not None:
        return certificate.public_key() == key and set(names) <= set(_permitted(certificate))
    own = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    return set(names) <= set(own.get_values_for_type(x509.DNSName))


def _permitted(certificate: x509.Certificate) -> list[str]:
    found = certificate.extensions.get_extension_for_class(x509.NameConstraints).value.permitted_subtrees or ()
    return [str(name.value) for name in found if isinstance(name, x509.DNSName)]


def _authority(key: ec.EllipticCurvePrivateKey, names: Sequence[str]) -> x509.Certificate:
    """Return the certificate of an authority: for these host names only, and for no address at all."""
    nobody = [x509.DNSName("nobody.invalid")]
    permitted = [x509.DNSName(name) for name in names] or nobody
    constraints = x509.NameConstraints(permitted, [x509.IPAddress(network) for network in _EVERY_ADDRESS])
    usage = _usage(signs_certificates=True)
    builder = _begun(_SUBJECT, key.public_key(), _VALID)
    builder = builder.add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
    builder = builder.add_extension(constraints, critical=True).add_extension(usage, critical=True)
    return builder.sign(key, hashes.SHA256())


def _leaf(key: ec.EllipticCurvePrivateKey, public: ec.EllipticCurvePublicKey, names: Iterable[str]) -> x509.Certificate:
    others = x509.SubjectAlternativeName([x509.DNSName(name) for name in names])
    builder = _begun(_LEAF_SUBJECT, public, _LEAF_VALID)
    builder = builder.add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
    builder = builder.add_extension(others, critical=False)
    builder = builder.add_extension(_usage(signs_certificates=False), critical=True)
    builder = builder.add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
    issuer = x509.AuthorityKeyIdentifier.from_issuer_public_key(key.public_key())
    return builder.add_extension(issuer, critical=False).sign(key, hashes.SHA256())


def _begun(subject: x509.Name, public: ec.EllipticCurvePublicKey, valid: timedelta) -> x509.CertificateBuilder:
    now = datetime.now(UTC)
    builder = x509.CertificateBuilder().subject_name(subject).issuer_name(_SUBJECT).public_key(public)
    builder = builder.serial_number(x509.random_serial_number())
    builder = builder.not_valid_before(now - _BEFORE).not_valid_after(now + valid)
    return builder.add_extension(x509.SubjectKeyIdentifier.from_public_key(public), critical=False)


def _usage(*, signs_certificates: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not signs_certificates,
        key_cert_sign=signs_certificates,
        crl_sign=signs_certificates,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        encipher_only=False,
        decipher_only=False,
    )


def _pem(certificate: x509.Certificate) -> bytes:
    return certificate.public_bytes(serialization.Encoding.PEM)


def _private_pem(key: ec.EllipticCurvePrivateKey) -> bytes:
    pem, form = serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8
    return key.private_bytes(pem, form, serialization.NoEncryption())


def _write(file: Path, content: bytes, mode: int) -> None:
    """Write a file whole or not at all; nobody else can read it at any moment if the mode says so."""
    new = file.with_name(f"{file.name}.{os.getpid()}")
    with contextlib.suppress(FileNotFoundError):
        new.unlink()
    descriptor = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
    try:
        with os.fdopen(descriptor, "wb") as stream:
            stream.write(content)
        new.replace(file)
    finally:
        new.unlink(missing_ok=True)
