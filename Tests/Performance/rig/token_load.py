"""Clients that use tokens of rotating keys, and what became of their requests."""

import asyncio
import collections
import random
import time

from .keep_alive import KeepAlive
from .rotating_keys import Rotation


class TokenLoad:
    """Half of the connections use the newest key at once and wait for it with the gateway; the others keep up the load
    with published keys that were taken before."""

    def __init__(self, port: int, rotation: Rotation, choice: random.Random):
        self.port, self.rotation, self.choice = port, rotation, choice
        self.over = False
        self.outcomes = collections.Counter()
        # Refusals of tokens whose key had been withdrawn when the refusal came.
        self.overtaken = 0
        # Answers to tokens of withdrawn keys and of keys that never were published.
        self.withdrawn, self.unknown = collections.Counter(), collections.Counter()
        # How long after its withdrawal a key was still used with success.
        self.latest = 0.0

    def start(self, connections: int, probes: int) -> list[asyncio.Task]:
        workers = [asyncio.create_task(self.use_published(index % 2 == 0)) for index in range(connections)]
        return workers + [asyncio.create_task(self.use_withdrawn()) for _ in range(probes)]

    async def use_published(self, newest: bool) -> None:
        client = KeepAlive(self.port)
        while not self.over:
            published = self.rotation.published
            taken = [key for key in published if key.used < float("inf")]
            key = published[-1] if newest or not taken else self.choice.choice(taken)
            outcome = await client.with_token(key.any_token(self.choice))
            now = time.monotonic()
            if outcome == "200":
                key.used = min(key.used, now)
            elif key.withdrawn <= now:
                self.overtaken += 1
                continue
            self.outcomes[outcome] += 1
        client.close()

    async def use_withdrawn(self) -> None:
        """The key that was withdrawn last, most of the time, or an older one."""
        client = KeepAlive(self.port)
        while not self.over:
            if not self.rotation.withdrawn:
                await asyncio.sleep(0.01)
                continue
            key = self.choice.choice(self.rotation.withdrawn[-2:])
            begun = time.monotonic()
            outcome = await client.with_token(key.any_token(self.choice))
            if outcome == "200":
                self.latest = max(self.latest, begun - key.withdrawn)
            self.withdrawn[outcome] += 1
        client.close()

    async def use_unknown(self, until: float, tokens: list[str]) -> None:
        """Tokens of keys that nobody published, until a moment of the monotonic clock."""
        client = KeepAlive(self.port)
        while time.monotonic() < until:
            self.unknown[await client.with_token(self.choice.choice(tokens))] += 1
            await asyncio.sleep(0.01)
        client.close()
