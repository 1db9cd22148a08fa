"""A client's keep-alive connection, and what an answer means."""

import asyncio
import json

# Only a failure ever takes this long.
PATIENCE = 20.0


class KeepAlive:
    """A connection that sends one request after the other, and connects again when it was closed."""

    def __init__(self, port: int):
        self.port = port
        self.writer: asyncio.StreamWriter | None = None

    async def exchange(self, message: bytes) -> tuple[int, bytes]:
        """Status and content of the answer."""
        if self.writer is None:
            self.reader, self.writer = await asyncio.open_connection("127.0.0.1", self.port)
        self.writer.write(message)
        head = (await self.reader.readuntil(b"\r\n\r\n")).decode("latin-1").lower()
        length = int(head.split("content-length:")[1].split("\r\n")[0])
        body = await self.reader.readexactly(length)
        if "connection: close" in head:
            self.close()
        return int(head.split(" ")[1]), body

    async def outcome(self, message: bytes) -> str:
        """What became of a request, in words: the status, a reason code, or that there was no answer."""
        try:
            async with asyncio.timeout(PATIENCE):
                return told(*await self.exchange(message))
        except (OSError, asyncio.IncompleteReadError, TimeoutError) as error:
            self.close()
            return f"no answer ({type(error).__name__})"

    async def with_token(self, token: str, path: str = "/me/tokens") -> str:
        return await self.outcome(
            f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nlosantdomain: d0.example\r\n"
            f"Authorization: Bearer {token}\r\n\r\n".encode())

    def close(self) -> None:
        if self.writer:
            self.writer.close()
        self.writer = None


def told(status: int, body: bytes) -> str:
    """An outcome: the status, with the reason code of an answer that is the gateway's own."""
    if status == 200:
        return "200"
    try:
        return f"{status} {json.loads(body)['reason']}"
    except (ValueError, KeyError, TypeError):
        return f"{status} without a reason"
