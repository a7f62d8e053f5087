"""What may lie between a browser and the server: it passes everything, no websockets, nothing, or falls silent."""

import socket
import threading
from contextlib import suppress

PASSING, WITHOUT_SOCKETS, AWAY, SILENT = "passing", "without sockets", "away", "silent"


class Proxy:
    """Listens on a port of its own for the server's; `mode` may change at any time."""

    def __init__(self, server_port: int) -> None:
        self.mode = PASSING
        self._server_port = server_port
        self._open: set[socket.socket] = set()
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    @property
    def address(self) -> str:
        """The address that a browser opens."""
        return f"http://127.0.0.1:{self.port}"

    def go_away(self) -> None:
        """Drop every connection, and each new one at once."""
        self.mode = AWAY
        for each in list(self._open):
            with suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)

    def close(self) -> None:
        """Stop listening and drop every connection."""
        self.go_away()
        self._listener.close()

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                browser, _ = self._listener.accept()
                threading.Thread(target=self._serve, args=[browser], daemon=True).start()

    def _serve(self, browser: socket.socket) -> None:
        with browser, suppress(OSError):
            head = b"" if self.mode in {AWAY, SILENT} else browser.recv(65_536)
            if self.mode == WITHOUT_SOCKETS and b"upgrade: websocket" in head.lower():
                browser.sendall(b"HTTP/1.1 400 Bad Request\r\nConnection: close\r\nContent-Length: 0\r\n\r\n")
                return
            if self.mode == AWAY or not head:
                return
            with socket.create_connection(("127.0.0.1", self._server_port)) as server:
                self._open |= {browser, server}
                # One request for each connection, so that each is looked at.
                is_socket = b"upgrade: websocket" in head.lower()
                server.sendall(
                    head if is_socket else head.replace(b"Connection: keep-alive", b"Connection: close")
                )
                threading.Thread(target=self._pass_on, args=[browser, server], daemon=True).start()
                self._pass_on(server, browser)
                self._open -= {browser, server}

    def _pass_on(self, source: socket.socket, target: socket.socket) -> None:
        with suppress(OSError):
            while data := source.recv(65_536):
                # Silent is what a cut cable is: nobody hears that the connection is gone.
                if self.mode != SILENT:
                    target.sendall(data)
        with suppress(OSError):
            target.shutdown(socket.SHUT_WR)
