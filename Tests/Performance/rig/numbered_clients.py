"""Clients that number their requests and remember what became of each."""

import asyncio
import collections
import json
import random

CONTENT = b'{"name":"kill"}' * 20
# Only a failure ever takes this long.
PATIENCE = 20.0


class Client:
    """A keep-alive connection that sends one request after the other, and connects again when it was closed."""

    def __init__(self, port: int):
        self.port = port
        self.writer: asyncio.StreamWriter | None = None

    async def ask(self, method: str, number: int) -> tuple[int, bytes]:
        """Status and content of the answer."""
        if self.writer is None:
            self.reader, self.writer = await asyncio.open_connection("127.0.0.1", self.port)
        content = CONTENT if method == "POST" else b""
        framing = f"Content-Length: {len(content)}\r\n" if content else ""
        self.writer.write(
            f"{method} /me/tokens HTTP/1.1\r\nHost: 127.0.0.1\r\nlosantdomain: d0.example\r\nX-Number: {number}\r\n"
            f"{framing}\r\n".encode() + content)
        head = (await self.reader.readuntil(b"\r\n\r\n")).decode("latin-1").lower()
        length = int(head.split("content-length:")[1].split("\r\n")[0])
        body = await self.reader.readexactly(length)
        if "connection: close" in head:
            self.close()
        return int(head.split(" ")[1]), body

    def close(self) -> None:
        if self.writer:
            self.writer.close()
        self.writer = None


class Tally:
    """What the clients saw: outcome by method, and by number for POST."""

    def __init__(self):
        self.outcomes = collections.Counter()
        self.posts: dict[int, str] = {}
        self.number = 0

    async def work(self, port: int, until: float, choice: random.Random, share: int) -> None:
        loop, client = asyncio.get_running_loop(), Client(port)
        while loop.time() < until:
            self.number += 1
            number, method = self.number, "POST" if choice.random() * 100 < share else "GET"
            try:
                async with asyncio.timeout(PATIENCE):
                    outcome = told(*await client.ask(method, number))
            except (OSError, asyncio.IncompleteReadError, TimeoutError) as error:
                outcome = f"no answer ({type(error).__name__})"
                client.close()
            self.outcomes[method, outcome] += 1
            if method == "POST":
                self.posts[number] = outcome
        client.close()


def told(status: int, body: bytes) -> str:
    """An outcome: the status, with the reason code of an answer that is the gateway's own."""
    if status == 200:
        return "200"
    try:
        return f"{status} {json.loads(body)['reason']}"
    except (ValueError, KeyError, TypeError):
        return f"{status} without a reason"


def is_explained(outcome: str) -> bool:
    """Whether a failure was told as a gateway's must be."""
    return outcome.startswith(("502 ", "504 ")) and not outcome.endswith("without a reason")
