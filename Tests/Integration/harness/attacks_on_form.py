"""Attacks on a token's form and header, its key and its signature (RFC 7515, RFC 8725, RFC 4648, published CVEs)."""

import json

from .attack import ALGORITHM, HEADER, INVALID, MALFORMED, UNKNOWN, Attack, Issuer, refused
from .signer import decoded, encoded, mac

ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
# A point of P-256's order, which a verifier has to refuse as r and s.
ORDER = bytes.fromhex("ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551")


def unsigned(issuer: Issuer, algorithm: str) -> str:
    return f"{encoded({'alg': algorithm})}.{encoded(issuer.claims())}."


def with_header(**header):
    return lambda issuer: issuer.ed.sign(issuer.claims(), **header)


def with_header_text(text: str):
    return lambda issuer: issuer.ed.sign_parts(text, issuer.claims())


def confused(form: str, **header):
    """HS256 with a public key as the secret (CVE-2015-9235, CVE-2016-10555)."""
    def make(issuer: Issuer) -> str:
        pem = issuer.rs.public.read_bytes()
        secret = {
            "PEM": pem, "PEM without its last line end": pem.strip(), "JWK": json.dumps(issuer.rs.jwk).encode(),
            "modulus": decoded(issuer.rs.jwk["n"]), "Ed25519": decoded(issuer.ed.jwk["x"]), "nothing": b""}[form]
        text = f"{encoded({'alg': 'HS256', **header})}.{encoded(issuer.claims())}"
        return f"{text}.{encoded(mac(secret, text))}"
    return make


def signed(signer: str, change):
    """A good token whose signature, as bytes, is changed."""
    def make(issuer: Issuer) -> str:
        head, payload, signature = getattr(issuer, signer).sign(issuer.claims()).split(".")
        return f"{head}.{payload}.{encoded(change(decoded(signature)))}"
    return make


def joined(change):
    """The three parts of a good token, changed."""
    return lambda issuer: change(*issuer.parts())


def unused_bits(text: str) -> str:
    return text[:-1] + ALPHABET[ALPHABET.index(text[-1]) | 1]


def mixed(first: str, second: str):
    """The first one's header and payload with the second one's signature, and the header with another payload."""
    def make(issuer: Issuer) -> str:
        a = getattr(issuer, first).sign(issuer.claims(sub="a")).split(".")
        b = getattr(issuer, second).sign(issuer.claims(sub="b")).split(".")
        return f"{a[0]}.{b[1]}.{a[2] if first == second else b[2]}"
    return make


ALGORITHMS = [
    *(refused(f"alg {name!r}, no signature", MALFORMED, lambda issuer, name=name: unsigned(issuer, name))
      for name in ["none", "None", "NONE", "nOnE"]),
    *(refused(f"alg {name!r}, signed", ALGORITHM, with_header(alg=name))
      for name in ["none", "None", "NONE", "nOnE", "none ", "", "eddsa", "ES512", "PS256", "A128KW"]),
    *(refused(f"alg {value!r}", MALFORMED, with_header(alg=value)) for value in [["EdDSA", "none"], 0, True, {}]),
    refused("no alg", MALFORMED, with_header(alg=None)),
    *(refused(f"HS256 with the {form} as secret, kid of the RSA key", ALGORITHM, confused(form, kid="rs"))
      for form in ["PEM", "PEM without its last line end", "JWK", "modulus"]),
    *(refused(f"HS256 with the {form} as secret, no kid", INVALID, confused(form))
      for form in ["PEM", "JWK", "Ed25519", "nothing"]),
    *(refused(f"HS256 with the {form} as secret, kid of the secret", INVALID, confused(form, kid="oct"))
      for form in ["PEM", "nothing"]),
    *(refused(f"{signer} signs, kid of {kid}", ALGORITHM, lambda issuer, signer=signer, kid=kid: getattr(
        issuer, signer).sign(issuer.claims(), kid=kid))
      for signer, kid in [("ed", "ec"), ("ec", "rs"), ("rs", "ed"), ("oct", "ed"), ("oct", "rs")]),
]

HEADERS = [
    refused("a key of its own (jwk, CVE-2018-0114)", HEADER, lambda issuer: issuer.stranger.sign(
        issuer.claims(), kid=None, jwk=issuer.stranger.jwk)),
    refused("a key of its own under a known name", HEADER, lambda issuer: issuer.stranger.sign(
        issuer.claims(), kid="ed", jwk=issuer.stranger.jwk)),
    *(refused(f"{name} {json.dumps(value)} in the header", HEADER, with_header(**{name: value}))
      for name, value in [
          ("jku", "http://127.0.0.1:1/jwks.json"), ("x5u", "http://127.0.0.1:1/cert"), ("x5c", ["MIIBszCCAVmg"]),
          ("zip", "DEF"), ("b64", False), ("crit", ["bork"]), ("crit", []), ("enc", "A256GCM"),
          ("epk", {"kty": "OKP"})]),
    refused("jwk null", HEADER, with_header_text('{"alg":"EdDSA","kid":"ed","jwk":null}')),
    refused("b64 with crit", HEADER, with_header(b64=False, crit=["b64"])),
    *(refused(f"kid {kid!r}", UNKNOWN, with_header(kid=kid)) for kid in [
        "", "ED", "ed\0", "ed ", "../../../../dev/null", "x' UNION SELECT 'k", "|/usr/bin/id", "__proto__",
        "http://127.0.0.1:1/key", "stranger"]),
    refused("kid of an empty file, signed with nothing", UNKNOWN, confused("nothing", kid="../../../dev/null")),
    *(refused(f"kid {type(kid).__name__}", MALFORMED, with_header(kid=kid)) for kid in [1, ["ed"], {"$ne": ""}]),
    refused("kid of 1000 bytes", MALFORMED, with_header(kid="k" * 1000)),
    refused("a stranger under a known name", INVALID, lambda issuer: issuer.stranger.sign(issuer.claims(), kid="ed")),
    refused("a stranger without a name", INVALID, lambda issuer: issuer.stranger.sign(issuer.claims(), kid=None)),
    *(refused(f"typ {kind}", "token_type_refused", with_header(typ=kind)) for kind in ["dpop+jwt", "logout+jwt"]),
    *(refused(name, MALFORMED, with_header_text(text)) for name, text in [
        ("alg twice", '{"alg":"none","alg":"EdDSA","kid":"ed"}'),
        ("alg twice, one escaped", '{"alg":"EdDSA","\\u0061lg":"none","kid":"ed"}'),
        ("kid twice", '{"alg":"EdDSA","kid":"ed","kid":"ec"}'),
        ("header with an end of its own", '{"alg":"EdDSA","kid":"ed"}{"alg":"none"}'),
        ("byte order mark", '\ufeff{"alg":"EdDSA","kid":"ed"}'),
        ("header a list", '[{"alg":"EdDSA"}]'),
        ("header nested 500 deep", '{"alg":"EdDSA","kid":"ed","x":' + "[" * 500 + "]" * 500 + "}")]),
]

FORMS = [
    *(refused(name, MALFORMED, joined(change)) for name, change in [
        ("one part", lambda h, p, s: h), ("two parts", lambda h, p, s: f"{h}.{p}"), ("dots", lambda h, p, s: ".."),
        ("four parts", lambda h, p, s: f"{h}.{p}.{s}.{s}"), ("no signature", lambda h, p, s: f"{h}.{p}."),
        ("no payload", lambda h, p, s: f"{h}..{s}"), ("padded", lambda h, p, s: f"{h}.{p}.{s}=="),
        ("header padded", lambda h, p, s: f"{h}=.{p}.{s}"), ("plain base64", lambda h, p, s: f"{h}.{p}.+/{s[2:]}"),
        ("unused bits", lambda h, p, s: f"{h}.{p}.{unused_bits(s)}"),
        ("no whole number of bytes", lambda h, p, s: f"{h}.{p}.{s}AAA"),
        ("blank inside", lambda h, p, s: f"{h}.{p}. {s}"), ("two tokens", lambda h, p, s: f"{h}.{p}.{s},{h}.{p}.{s}"),
        ("quoted", lambda h, p, s: f'"{h}.{p}.{s}"'), ("percent-encoded", lambda h, p, s: f"{h}%2E{p}%2E{s}"),
        ("a parameter behind", lambda h, p, s: f"{h}.{p}.{s};x=1"), ("swapped parts", lambda h, p, s: f"{p}.{h}.{s}"),
        ("JSON serialisation", lambda h, p, s: json.dumps({"protected": h, "payload": p, "signature": s})),
        ("JSON and compact (CVE-2022-39227)", lambda h, p, s: json.dumps({f"{h}.{p}.": "", "protected": h})),
        ("a thousand dots (CVE-2025-30204)", lambda h, p, s: "." * 1000)]),
    refused("a JWE", MALFORMED, joined(
        lambda h, p, s: f"{encoded({'alg': 'dir', 'enc': 'A128GCM'})}..{s[:16]}.{p}.{s}")),
    refused("tab inside", INVALID, joined(lambda h, p, s: f"{h}.\t{p}.{s}")),
    refused("of 20000 bytes", "token_too_large", lambda issuer: issuer.good(x="x" * 15000)),
    refused("9000 bytes of nothing", "token_too_large", lambda issuer: "e" * 9000),
    refused("a token in a token", MALFORMED, lambda issuer: issuer.ed.sign(issuer.good(), cty="JWT")),
]

SIGNATURES = [
    *(refused(f"ECDSA {name}", INVALID, signed("ec", change)) for name, change in [
        ("all zero (CVE-2022-21449)", lambda s: bytes(64)), ("r zero", lambda s: bytes(32) + s[32:]),
        ("s zero", lambda s: s[:32] + bytes(32)), ("the order", lambda s: ORDER + ORDER),
        ("halves swapped", lambda s: s[32:] + s[:32]), ("cut", lambda s: s[:-1]), ("half", lambda s: s[:32]),
        ("longer", lambda s: s + b"\0")]),
    *(refused(f"{signer} {name}", INVALID, signed(signer, change)) for signer in ["ed", "rs", "oct"]
      for name, change in [
          ("all zero", lambda s: bytes(len(s))), ("cut", lambda s: s[:-1]), ("half", lambda s: s[:len(s) // 2]),
          ("one byte", lambda s: s[:1]), ("a bit flipped", lambda s: s[:-1] + bytes([s[-1] ^ 1])),
          ("longer", lambda s: s + b"\0")]),
    *(refused(f"payload of another token, {signer}", INVALID, mixed(signer, signer))
      for signer in ["ed", "ec", "rs", "oct"]),
    *(refused(f"header of {first}, payload and signature of {second}", INVALID, mixed(first, second))
      for first, second in [("ed", "ec"), ("ec", "rs"), ("oct", "rs")]),
]

ALL: list[Attack] = [*ALGORITHMS, *HEADERS, *FORMS, *SIGNATURES]
