"""Addresses at which no provider answers."""

import datetime
import ipaddress
import socket
import ssl
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from unittest.mock import patch

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from tests.workflow.agents.llm.wires import WireServer


@contextmanager
def refused() -> Iterator[str]:
    """A port at which nobody listens."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        yield f"http://127.0.0.1:{taken.getsockname()[1]}"


@contextmanager
def unknown_name() -> Iterator[str]:
    """A name that nobody knows, whatever the network of this machine makes of it."""
    nobody = socket.gaierror(socket.EAI_NONAME, "Name or service not known")
    with patch.object(socket, "getaddrinfo", side_effect=nobody):
        yield "http://models.invalid"


@contextmanager
def self_signed() -> Iterator[str]:
    """A server that nobody vouches for."""
    server = WireServer()
    with tempfile.TemporaryDirectory() as folder:
        server.secure(_context(Path(folder)))
        yield f"https://127.0.0.1:{server.port}"
    server.close()


@contextmanager
def without_tls() -> Iterator[str]:
    """A server that is asked by https: and knows only http:."""
    server = WireServer()
    yield f"https://127.0.0.1:{server.port}"
    server.close()


# By name: where, and what stands in the message.
ADDRESSES: Mapping[str, tuple[Callable[[], AbstractContextManager[str]], str]] = {
    "connection refused": (refused, ""),
    "unknown name": (unknown_name, "Name or service not known"),
    "certificate nobody signed": (self_signed, "certificate"),
    "no TLS there": (without_tls, ""),
}


def _context(folder: Path) -> ssl.SSLContext:
    """Make a certificate for 127.0.0.1 that nobody else has signed."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "models.example")])
    now = datetime.datetime.now(datetime.UTC)
    loopback = x509.IPAddress(ipaddress.ip_address("127.0.0.1"))
    certificate = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(hours=1))
        .not_valid_after(now + datetime.timedelta(hours=1))
        .add_extension(x509.SubjectAlternativeName([loopback]), critical=False)
        .sign(key, hashes.SHA256())
    )
    file = folder / "both.pem"
    form = (serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    private = key.private_bytes(serialization.Encoding.PEM, *form)
    file.write_bytes(private + certificate.public_bytes(serialization.Encoding.PEM))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(file)
    return context
