"""Clients that number their requests and remember what became of each."""

import asyncio
import collections
import random

from .keep_alive import KeepAlive

CONTENT = b'{"name":"kill"}' * 20


class Client(KeepAlive):
    """Sends requests with numbers."""

    async def ask(self, method: str, number: int) -> str:
        content = CONTENT if method == "POST" else b""
        framing = f"Content-Length: {len(content)}\r\n" if content else ""
        return await self.outcome(
            f"{method} /me/tokens HTTP/1.1\r\nHost: 127.0.0.1\r\nlosantdomain: d0.example\r\nX-Number: {number}\r\n"
            f"{framing}\r\n".encode() + content)


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
            outcome = await client.ask(method, number)
            self.outcomes[method, outcome] += 1
            if method == "POST":
                self.posts[number] = outcome
        client.close()


def is_explained(outcome: str) -> bool:
    """Whether a failure was told as a gateway's must be."""
    return outcome.startswith(("502 ", "504 ")) and not outcome.endswith("without a reason")
