"""HTTP/1.1 by hand: what a test sends and reads is bytes, so nothing is mended on the way."""

import socket
from dataclasses import dataclass, field

# Only a failure ever takes this long.
PATIENCE = 20.0


class Truncated(Exception):
    """The connection ended before the message did."""


@dataclass
class Head:
    """A start line and fields in the order and letter case in which they came."""

    line: str
    fields: list[tuple[str, str]] = field(default_factory=list)

    def all(self, name: str) -> list[str]:
        return [value for key, value in self.fields if key.lower() == name.lower()]

    def get(self, name: str) -> str | None:
        """The value of a field that comes once."""
        values = self.all(name)
        assert len(values) < 2, f"{name} came {len(values)} times: {values}"
        return values[0] if values else None

    @property
    def is_chunked(self) -> bool:
        return (self.get("transfer-encoding") or "").lower() == "chunked"


@dataclass
class Response:
    head: Head
    body: bytes

    @property
    def status(self) -> int:
        return int(self.head.line.split(" ")[1])

    def get(self, name: str) -> str | None:
        return self.head.get(name)


class Connection:
    """A connection that reads messages. Both sides of the tests use it."""

    def __init__(self, peer: socket.socket):
        self.socket = peer
        self.socket.settimeout(PATIENCE)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.buffer = b""
        # Trailer lines of the last chunked message.
        self.trailers: list[bytes] = []

    def send(self, data: bytes) -> None:
        self.socket.sendall(data)

    def close(self) -> None:
        self.socket.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def fill(self) -> bool:
        """Reads more; False at the end."""
        data = self.socket.recv(65536)
        self.buffer += data
        return bool(data)

    def read_until(self, mark: bytes) -> bytes:
        while mark not in self.buffer:
            if not self.fill():
                raise Truncated(self.buffer)
        found, _, self.buffer = self.buffer.partition(mark)
        return found

    def read_exactly(self, count: int) -> bytes:
        while len(self.buffer) < count:
            if not self.fill():
                raise Truncated(self.buffer)
        found, self.buffer = self.buffer[:count], self.buffer[count:]
        return found

    def read_to_end(self) -> bytes:
        while self.fill():
            pass
        found, self.buffer = self.buffer, b""
        return found

    def is_ended(self) -> bool:
        """Whether the peer has closed its side, with nothing more said before; waits for either."""
        try:
            return not self.buffer and not self.fill()
        except ConnectionResetError:
            return True

    def read_head(self) -> Head:
        lines = self.read_until(b"\r\n\r\n").decode("latin-1").split("\r\n")
        fields = []
        for line in lines[1:]:
            name, colon, value = line.partition(":")
            assert colon, f"no field line: {line!r}"
            fields.append((name, value.strip(" \t")))
        return Head(lines[0], fields)

    def read_chunk(self) -> bytes:
        """One chunk; empty for the last one, with which the trailer section is read."""
        size = int(self.read_until(b"\r\n").split(b";")[0], 16)
        if size == 0:
            self.trailers = []
            while line := self.read_until(b"\r\n"):
                self.trailers.append(line)
            return b""
        data = self.read_exactly(size)
        assert self.read_exactly(2) == b"\r\n"
        return data

    def read_chunked(self) -> bytes:
        body = b""
        while chunk := self.read_chunk():
            body += chunk
        return body

    def read_body(self, head: Head) -> bytes:
        """The body of a request, or of a response that has a length or is chunked."""
        if head.is_chunked:
            assert head.get("content-length") is None
            return self.read_chunked()
        return self.read_exactly(int(head.get("content-length") or 0))


class Client(Connection):
    """A connection to the gateway."""

    def __init__(self, port: int):
        super().__init__(socket.create_connection(("127.0.0.1", port), timeout=PATIENCE))

    def request(self, line: str, *fields: str, body: bytes = b"", host: str | None = "example.com") -> None:
        lines = [line, *([f"Host: {host}"] if host else []), *fields]
        self.send("\r\n".join(lines).encode("latin-1") + b"\r\n\r\n" + body)

    def response(self, method: str = "GET") -> Response:
        """The next response, interim ones (1xx) among them."""
        head = self.read_head()
        status = int(head.line.split(" ")[1])
        if method == "HEAD" or status < 200 or status in (204, 304):
            return Response(head, b"")
        if not head.is_chunked and head.get("content-length") is None:
            return Response(head, self.read_to_end())
        return Response(head, self.read_body(head))
