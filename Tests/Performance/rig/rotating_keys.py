"""Keys that come and go, each with tokens that it signed."""

import random
import time
from pathlib import Path

from .signing import Signer

# Each key is of the next of these.
ALGORITHMS = ["HS256", "ES256", "EdDSA"]
TOKENS = 12


class Key:
    """A key, its tokens, and when it was published and withdrawn."""

    def __init__(self, number: int, folder: Path):
        self.signer = Signer(ALGORITHMS[number % len(ALGORITHMS)], f"key-{number}", folder)
        self.made = 0
        # What openssl signs takes a process each: made before they are wanted.
        self.tokens = [] if self.signer.algorithm == "HS256" else [self.token() for _ in range(TOKENS)]
        self.published = self.withdrawn = float("inf")
        # When the first token of it got through.
        self.used = float("inf")

    def token(self) -> str:
        self.made += 1
        name = f"{self.signer.kid}.{self.made}"
        return self.signer.sign({"sub": "user", "jti": name, "exp": int(time.time()) + 3600})

    def any_token(self, choice: random.Random) -> str:
        """One that was used before, or a new one."""
        if self.signer.algorithm == "HS256" and (len(self.tokens) < TOKENS or choice.random() < 0.1):
            self.tokens.append(self.token())
        return choice.choice(self.tokens)


class Rotation:
    """Keys by age. The key server reads `published` in threads of its own; the list is never changed, only replaced."""

    def __init__(self, count: int, folder: Path):
        self.stock = [Key(number, folder) for number in range(count)]
        self.published: list[Key] = []
        self.withdrawn: list[Key] = []

    def jwks(self) -> list[dict]:
        return [key.signer.jwk for key in self.published]

    def publish_next(self, keep: int) -> Key:
        """A new key is published, and in the same moment those above `keep` are withdrawn."""
        key, now = self.stock.pop(0), time.monotonic()
        whole = [*self.published, key]
        for old in whole[:-keep]:
            old.withdrawn = now
            self.withdrawn.append(old)
        self.published = whole[-keep:]
        key.published = time.monotonic()
        return key
