"""Signs tokens (RFC 7515, compact form) as their issuer would, or as somebody who attacks would."""

import base64
import hashlib
import hmac
import json
import os
import subprocess
from pathlib import Path

PATIENCE = 30.0
KEYS = {
    "EdDSA": ["-algorithm", "ed25519"],
    "ES256": ["-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256"],
    "RS256": ["-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:2048"],
}


def encoded(value: bytes | str | dict | list) -> str:
    """Base64url without padding; of JSON, when the value is none yet."""
    if isinstance(value, (dict, list)):
        value = json.dumps(value)
    data = value.encode() if isinstance(value, str) else value
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def decoded(part: str) -> bytes:
    return base64.urlsafe_b64decode(part + "=" * (-len(part) % 4))


def mac(secret: bytes, text: str) -> bytes:
    return hmac.new(secret, text.encode(), hashlib.sha256).digest()


class Signer:
    """A key and its algorithm. Asymmetric keys are the openssl command's, which keeps them in a folder."""

    def __init__(self, algorithm: str, kid: str, folder: Path, secret: bytes = b""):
        self.algorithm, self.kid = algorithm, kid
        self.secret = secret or os.urandom(32)
        if algorithm == "HS256":
            self.jwk = {"kty": "oct", "k": encoded(self.secret)}
        else:
            self.key, self.public = folder / f"{kid}.key", folder / f"{kid}.pem"
            openssl("genpkey", *KEYS[algorithm], "-out", self.key)
            openssl("pkey", "-in", self.key, "-pubout", "-out", self.public)
            self.jwk = self.public_jwk()
        self.jwk.update(alg=algorithm, kid=kid, use="sig")

    def public_jwk(self) -> dict:
        info = openssl("pkey", "-pubin", "-in", self.public, "-outform", "DER")
        match self.algorithm:
            case "EdDSA":
                return {"kty": "OKP", "crv": "Ed25519", "x": encoded(info[-32:])}
            case "ES256":
                return {"kty": "EC", "crv": "P-256", "x": encoded(info[-64:-32]), "y": encoded(info[-32:])}
            case _:
                said = openssl("rsa", "-pubin", "-in", self.public, "-modulus", "-noout").decode()
                return {"kty": "RSA", "n": encoded(bytes.fromhex(said.strip().split("=")[1])), "e": "AQAB"}

    def signature(self, text: str) -> bytes:
        """In the form of a JWS."""
        match self.algorithm:
            case "HS256":
                return mac(self.secret, text)
            case "EdDSA":
                # Signing at one go, the openssl command wants to know the length before: no pipe.
                file = self.key.with_suffix(".text")
                file.write_text(text)
                return openssl("pkeyutl", "-sign", "-rawin", "-inkey", self.key, "-in", file)
            case "ES256":
                return pair(openssl("dgst", "-sha256", "-sign", self.key, stdin=text.encode()))
            case _:
                return openssl("dgst", "-sha256", "-sign", self.key, stdin=text.encode())

    def sign(self, claims, **header) -> str:
        """A token; `header` adds to the usual one, and None takes a member away. A text is taken as it is."""
        whole = {"alg": self.algorithm, "kid": self.kid, **header}
        return self.sign_parts({key: value for key, value in whole.items() if value is not None}, claims)

    def sign_parts(self, header, claims) -> str:
        text = f"{encoded(header)}.{encoded(claims)}"
        return f"{text}.{encoded(self.signature(text))}"


def pair(der: bytes) -> bytes:
    """r and s of an ECDSA signature in DER, 32 bytes each."""
    numbers, at = [], 2
    for _ in range(2):
        size = der[at + 1]
        numbers.append(int.from_bytes(der[at + 2:at + 2 + size]))
        at += 2 + size
    return b"".join(number.to_bytes(32) for number in numbers)


def openssl(*arguments, stdin: bytes = b"") -> bytes:
    done = subprocess.run(
        ["openssl", *map(str, arguments)], input=stdin, capture_output=True, timeout=PATIENCE)
    assert done.returncode == 0, done.stderr.decode(errors="replace")
    return done.stdout
