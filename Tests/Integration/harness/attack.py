"""What an attack on a gateway's tokens is made of."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from .signer import Signer

ISSUER, AUDIENCE, DOMAIN, OTHER = "id.example", "https://api.example", "example.com", "other.example"
MALFORMED, INVALID = "token_malformed", "token_signature_invalid"
ALGORITHM, HEADER, UNKNOWN = "token_algorithm_refused", "token_header_refused", "token_key_unknown"


class Issuer:
    """The keys that the gateway knows, and one that it does not."""

    def __init__(self, folder: Path):
        self.now = int(time.time())
        self.ed = Signer("EdDSA", "ed", folder)
        self.ec = Signer("ES256", "ec", folder)
        self.rs = Signer("RS256", "rs", folder)
        self.oct = Signer("HS256", "oct", folder, secret=b"a secret of more than thirty-two bytes, known to few")
        self.stranger = Signer("EdDSA", "stranger", folder)
        self.all = [self.ed, self.ec, self.rs, self.oct]

    def claims(self, **more) -> dict:
        """Good ones; None takes a claim away."""
        whole = {
            "iss": ISSUER, "aud": AUDIENCE, "tenant": DOMAIN, "sub": "user", "subtype": "apiToken",
            "scope": ["all.User"], "iat": self.now - 60, "exp": self.now + 3600, **more}
        return {key: value for key, value in whole.items() if value is not None}

    def good(self, **more) -> str:
        return self.ed.sign(self.claims(**more))

    def parts(self, **more) -> list[str]:
        return self.good(**more).split(".")


@dataclass
class Attack:
    """A request that must be refused, and how. `make` gives its lines after the Host field, or a token alone."""

    name: str
    status: int
    reason: str
    make: Callable[[Issuer], str | list[str]]
    method: str = "GET"
    target: str | Callable[[Issuer], str] = "/me/tokens"
    domain: str = DOMAIN

    def request(self, issuer: Issuer) -> bytes:
        made = self.make(issuer)
        fields = [f"Authorization: Bearer {made}"] if isinstance(made, str) else made
        target = self.target if isinstance(self.target, str) else self.target(issuer)
        length = ["Content-Length: 0"] if self.method == "POST" else []
        lines = [f"{self.method} {target} HTTP/1.1", "Host: gateway", f"losantdomain: {self.domain}", *fields, *length]
        return "\r\n".join(lines).encode() + b"\r\n\r\n"


def refused(name: str, reason: str, make: Callable[[Issuer], str | list[str]], **more) -> Attack:
    """One that gets 401."""
    return Attack(name, 401, reason, make, **more)
