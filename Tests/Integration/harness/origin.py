"""An origin that does what a test tells it and remembers what it was sent."""

import contextlib
import socket
import threading
from collections.abc import Callable
from dataclasses import dataclass

from .wire import Connection, Head, Truncated


@dataclass
class Request:
    head: Head
    body: bytes

    @property
    def method(self) -> str:
        return self.head.line.split(" ")[0]

    @property
    def target(self) -> str:
        return self.head.line.split(" ")[1]


def reply(body: bytes = b"", status: str = "200 OK", *fields: str) -> bytes:
    """A response with a length."""
    lines = [f"HTTP/1.1 {status}", f"Content-Length: {len(body)}", *fields]
    return "\r\n".join(lines).encode("latin-1") + b"\r\n\r\n" + body


class Origin:
    """Listens on the port, or a free one; each connection has a thread that calls `answer` for each request."""

    def __init__(self, answer: Callable[[Request, Connection], None] | None = None, port: int = 0):
        # Every request whose head came; `served` counts those that came whole.
        self.requests: list[Request] = []
        self.served = 0
        self.connections = 0
        self.failures: list[BaseException] = []
        self.answer = answer or (lambda request, peer: peer.send(reply(request.target.encode())))
        self.listener = socket.create_server(("127.0.0.1", port), backlog=64)
        self.port = self.listener.getsockname()[1]
        self.open: set[Connection] = set()
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self) -> None:
        while True:
            try:
                peer, _ = self.listener.accept()
            except OSError:
                return
            self.connections += 1
            threading.Thread(target=self.converse, args=(Connection(peer),), daemon=True).start()

    def converse(self, peer: Connection) -> None:
        """Serves one connection until it ends."""
        self.open.add(peer)
        try:
            self.serve(peer)
        except (Truncated, OSError):
            pass  # The gateway closed it; a test that minds looks at what was recorded.
        except BaseException as error:  # noqa: BLE001 - told by the fixture at the test's end
            self.failures.append(error)
        finally:
            self.open.discard(peer)
            peer.close()

    def serve(self, peer: Connection) -> None:
        while True:
            if not peer.buffer and not peer.fill():
                return
            head = peer.read_head()
            request = Request(head, b"")
            self.requests.append(request)
            if head.get("expect"):
                self.continued(peer)
            request.body = peer.read_body(head)
            self.served += 1
            self.answer(request, peer)

    def continued(self, peer: Connection) -> None:
        peer.send(b"HTTP/1.1 100 Continue\r\n\r\n")

    def close(self) -> None:
        # Wakes the thread that accepts; closing alone would leave it, and the port, as they are.
        with contextlib.suppress(OSError):
            self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()
        for peer in list(self.open):
            peer.close()
