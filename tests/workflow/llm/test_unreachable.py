"""Addresses where no provider answers: refused, unknown, not the one it says it is, no TLS at all."""

import datetime
import ipaddress
import socket
import ssl
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from tests.workflow.llm.tasks import task
from tests.workflow.llm.wires import WIRES, Wire, WireServer
from workflow.agents.llm import ModelWriter, Timeouts
from workflow.agents.types import AgentError

for _package in ("anthropic", "google.genai", "mistralai"):
    pytest.importorskip(_package)

pytestmark = pytest.mark.parametrize("wire", WIRES.values(), ids=lambda wire: wire.kind)
Fails = Callable[[Wire, str], AgentError]


@pytest.fixture
def failure_at(monkeypatch: pytest.MonkeyPatch) -> Fails:
    """Return how writing fails where the provider's address is another one."""

    def failure(wire: Wire, address: str) -> AgentError:
        monkeypatch.setenv(wire.address, f"{address}{wire.root}")
        monkeypatch.setenv(wire.key, "sk-none-of-yours")
        with pytest.raises(AgentError) as failed:
            ModelWriter(wire.writer, timeouts=Timeouts(5, 5, 10)).write(task(), lambda text: None)
        return failed.value

    return failure


@pytest.fixture(scope="module")
def self_signed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    """The port of a server that vouches for itself."""
    server = WireServer()
    server.secure(self_signed_context(tmp_path_factory.mktemp("certificate")))
    yield server.port
    server.close()


def self_signed_context(folder: Path) -> ssl.SSLContext:
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


def test_refused_connection(wire: Wire, failure_at: Fails) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))

        failure = failure_at(wire, f"http://127.0.0.1:{free.getsockname()[1]}")

    assert failure.code == "connection_refused"


def test_unknown_name(wire: Wire, failure_at: Fails, monkeypatch: pytest.MonkeyPatch) -> None:
    def nobody(*args: object, **kwargs: object) -> None:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", nobody)

    failure = failure_at(wire, "http://models.invalid")

    assert failure.code == "connection_refused"
    assert "Name or service not known" in failure.message


def test_certificate_that_nobody_signed(wire: Wire, failure_at: Fails, self_signed: int) -> None:
    failure = failure_at(wire, f"https://127.0.0.1:{self_signed}")

    assert failure.code == "connection_refused"
    assert "certificate" in failure.message.lower()


def test_server_without_tls(wire: Wire, failure_at: Fails) -> None:
    server = WireServer()

    failure = failure_at(wire, f"https://127.0.0.1:{server.port}")

    server.close()
    assert failure.code == "connection_refused"
