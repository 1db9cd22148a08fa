"""Tokens that end under load, and clients that go on using them."""

import asyncio
import collections
import random
import time

from .keep_alive import KeepAlive


class Watched:
    """A token, when its end was told, and what became of the requests with it."""

    def __init__(self, token: str, reason: str, identifier: str = ""):
        self.token, self.identifier, self.refusal = token, identifier, f"401 {reason}"
        self.ended = float("inf")
        self.outcomes = collections.Counter()
        # Answers with 200 to requests that began after the end, and when the last of them came.
        self.late, self.last = 0, 0.0
        self.passed: set[int] = set()
        self.refused: set[int] = set()
        # Passes on a connection, and so on an event loop, that had refused it before.
        self.returned = 0

    def note(self, connection: int, begun: float, outcome: str) -> None:
        self.outcomes[outcome] += 1
        if outcome == self.refusal:
            self.refused.add(connection)
        if outcome != "200":
            return
        self.passed.add(connection)
        self.returned += connection in self.refused
        if begun >= self.ended:
            self.late += 1
            self.last = time.monotonic()

    @property
    def delay(self) -> float:
        """Seconds from its end to the last pass."""
        return max(self.last - self.ended, 0.0)

    @property
    def wrong(self) -> int:
        """Answers that are neither a pass nor the right refusal."""
        return self.outcomes.total() - self.outcomes["200"] - self.outcomes[self.refusal]


class Watch:
    """Connections that use the tokens of a list, which may change, again and again."""

    def __init__(self, port: int, connections: int, choice: random.Random):
        self.port, self.connections, self.choice = port, connections, choice
        self.tokens: list[Watched] = []
        self.over = False

    def start(self) -> list[asyncio.Task]:
        return [asyncio.create_task(self.use(connection)) for connection in range(self.connections)]

    async def use(self, connection: int) -> None:
        client, turn = KeepAlive(self.port), connection
        while not self.over:
            if not self.tokens:
                await asyncio.sleep(0.01)
                continue
            turn += 1
            watched, begun = self.tokens[turn % len(self.tokens)], time.monotonic()
            watched.note(connection, begun, await client.with_token(watched.token))
        client.close()

    async def until_all(self, what: str, patience: float) -> bool:
        """Until each connection has seen each token pass (`passed`), or be refused (`refused`)."""
        deadline = time.monotonic() + patience
        while any(len(getattr(watched, what)) < self.connections for watched in self.tokens):
            if time.monotonic() > deadline:
                return False
            await asyncio.sleep(0.02)
        return True
