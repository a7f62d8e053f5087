"""Daphne as `manage.py up` runs it: bodies stay in their files, a slow reader is waited for, the log is discreet."""

import resource

from daphne import cli, http_protocol, server, ws_protocol
from daphne.access import AccessLogGenerator
from daphne.cli import CommandLineInterface

from chapterflow_site.core.logs import discreet, one_line

# Loads Django, which the modules below need.
from . import asgi  # noqa: F401
from .web.channel import AnsweringChannel
from .web.gate import BODY, REFUSED, Message, Scope
from .web.request import BoundedRequest
from .web.socket import BoundedSocket


class DiscreetAccessLog(AccessLogGenerator):  # type: ignore[misc]  # daphne has no types
    """Writes a line for each request."""

    def write_entry(self, host: str, date: object, request: str, *details: object, **more: object) -> None:
        """Write it."""
        super().write_entry(host, date, discreet(one_line(request)), *details, **more)


# After a restart every open board comes back within seconds. The system's own limit (somaxconn) may be lower.
_WAITING_CONNECTIONS = 2_048
_MOST_FILES = 65_536
_SENT = {"websocket.send", "http.response.body"}
_SOCKETS = {
    "websocket_connect_timeout": 60,
    "websocket_handshake_timeout": 60,
    "websocket_max_message_size": 65_536,
    "websocket_max_frame_size": 65_536,
}


class Server(server.Server):  # type: ignore[misc]  # daphne has no types
    """Lets many come at once, hands bodies over as files, and lets the application wait for those who do not read."""

    def __init__(self, application: object, endpoints: list[str], **options: object) -> None:
        roomy = [f"{each}:backlog={_WAITING_CONNECTIONS}" for each in endpoints if each.startswith("tcp:")]
        super().__init__(application, roomy or endpoints, **{**options, **_SOCKETS})

    def create_application(self, protocol: object, scope: Scope) -> object:
        """Begin to answer a request or a socket; return the queue of what the application is told."""
        if isinstance(protocol, BoundedRequest):
            scope[BODY] = protocol.take_body()
            scope[REFUSED] = protocol.is_refused
        return super().create_application(protocol, scope)

    async def handle_reply(self, protocol: object, message: Message) -> None:
        """Send what the application says, once there is room for it."""
        if isinstance(protocol, BoundedSocket | BoundedRequest) and message["type"] in _SENT:
            await protocol.valve.wait()
        await super().handle_reply(protocol, message)


def main() -> None:
    """Run Daphne with the arguments of its own command."""
    http_protocol.WebRequest = BoundedRequest
    ws_protocol.WebSocketFactory.protocol = BoundedSocket
    CommandLineInterface.server_class = Server
    http_protocol.HTTPFactory.protocol = AnsweringChannel
    cli.AccessLogGenerator = DiscreetAccessLog
    _allow_many_files()
    CommandLineInterface.entrypoint()


def _allow_many_files() -> None:
    """Each viewer is an open file; what a shell gives is often 1,024."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    most = _MOST_FILES if hard == resource.RLIM_INFINITY else min(hard, _MOST_FILES)
    if soft != resource.RLIM_INFINITY and soft < most:
        resource.setrlimit(resource.RLIMIT_NOFILE, (most, hard))


if __name__ == "__main__":
    main()
