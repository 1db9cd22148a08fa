"""Attacks with claims, with the place of the token in the request, and with scopes (RFC 7519, RFC 6750, RFC 8725)."""

import json

from .attack import AUDIENCE, DOMAIN, ISSUER, MALFORMED, OTHER, Attack, Issuer, refused


def claims(**more):
    return lambda issuer: issuer.good(**more)


def at(**offsets):
    """Claims of time, in seconds from now."""
    return lambda issuer: issuer.good(**{name: issuer.now + offset for name, offset in offsets.items()})


def more_text(text: str):
    """Good claims with a text added before their end."""
    return lambda issuer: issuer.ed.sign(json.dumps(issuer.claims())[:-1] + text + "}")


def replaced(**texts):
    """Claims whose values are texts of JSON that a serialiser would not write."""
    def make(issuer: Issuer) -> str:
        rest = json.dumps(issuer.claims(**dict.fromkeys(texts)))[:-1]
        return issuer.ed.sign(rest + "".join(f',"{name}":{text}' for name, text in texts.items()) + "}")
    return make


EXPIRED, EARLY = "token_expired", "token_not_yet_valid"

TIMES = [
    refused("expired", EXPIRED, at(exp=-3600)), refused("expired in 1970", EXPIRED, claims(exp=0)),
    refused("expired before 1970", EXPIRED, claims(exp=-1)), refused("expiry a fraction", EXPIRED, claims(exp=1e-300)),
    refused("expired, with an exponent", EXPIRED, replaced(exp="1.5e9")),
    refused("not yet valid", EARLY, at(nbf=3600)), refused("valid in no time", EARLY, replaced(nbf="1e300")),
    refused("issued in the future", EARLY, at(iat=3600)),
    *(refused(f"{claim} {text[:20]}", MALFORMED, replaced(**{claim: text}))
      for claim in ["exp", "nbf", "iat"]
      for text in ['"never"', '"4102444800"', "null", "true", "[4102444800]", "1e999", "NaN", "+1", "9" * 1000]),
    refused("exp twice", MALFORMED, more_text(',"exp":4102444800')),
    refused("exp twice, one escaped", MALFORMED, more_text(',"\\u0065xp":4102444800')),
]

NAMES = [
    *(refused(f"issuer {name!r}", "token_issuer_unknown", claims(iss=name))
      for name in [None, "", "id.exampl", "id.example/", "ID.example", "id.example.evil", "https://id.example", "*"]),
    refused("issuer a list (CVE-2025-30144)", MALFORMED, claims(iss=[ISSUER, "evil.example"])),
    *(refused(f"audience {name!r}", "token_audience_wrong", claims(aud=name))
      for name in [None, "", [], [""], AUDIENCE + "/", AUDIENCE.upper(), "*", ["a", "b"]]),
    *(refused(f"audience {json.dumps(value)}", MALFORMED, claims(aud=value))
      for value in [1, {"0": AUDIENCE}, [AUDIENCE, None]]),
    refused("token of another domain", "token_wrong_domain", claims(tenant=OTHER)),
    refused("good token, other losantdomain", "token_wrong_domain", claims(), domain=OTHER),
    *(refused(f"domain claim {value!r}", "token_wrong_domain", claims(tenant=value))
      for value in [None, "", "EXAMPLE.com.", "example.com.evil", f"{DOMAIN},{OTHER}", "*", [OTHER, "a"]]),
    refused("domain claim twice", MALFORMED, more_text(f',"tenant":"{OTHER}"')),
]

CONTENTS = [
    *(refused(f"scope {json.dumps(value)}", MALFORMED, claims(scope=value))
      for value in [1, True, {"scope": ["all.User"]}, ["all.User", 1], [["all.User"]], ["all.User me.get"], [""],
                    ["\u0430ll.User"], "all.User\tme.get", "all.User\0"]),
    refused("scope twice", MALFORMED, more_text(',"scope":["all.User"]')),
    refused("scope twice, one escaped", MALFORMED, more_text(',"sc\\u006fpe":["all.User"]')),
    refused("subject a number", MALFORMED, claims(sub=1)),
    refused("claims nested 1000 deep", MALFORMED, more_text(',"x":' + "[" * 1000 + "]" * 1000)),
    refused("objects nested 400 deep", MALFORMED, more_text(',"x":' + '{"a":' * 400 + "1" + "}" * 400)),
    refused("300 members", MALFORMED, more_text("".join(f',"m{index}":0' for index in range(300)))),
    refused("lone surrogate", MALFORMED, more_text(',"x":"\\ud800"')),
    refused("claims no object", MALFORMED, lambda issuer: issuer.ed.sign('"all.User"')),
    refused("two objects", MALFORMED, lambda issuer: issuer.ed.sign(json.dumps(issuer.claims()) * 2)),
]


def bearer(issuer: Issuer, **more) -> str:
    return f"Authorization: Bearer {issuer.good(**more)}"


PLACES = [
    refused("no token", "token_missing", lambda issuer: []),
    *(refused(f"scheme {scheme!r}", MALFORMED, lambda issuer, scheme=scheme: [
        f"Authorization: {scheme}{issuer.good()}"]) for scheme in [
            "Basic ", "Token ", "DPoP ", "Bearer", "Bearer: ", "Bearer,", "BearerX ", "", "Bearer Bearer "]),
    refused("credentials alone", MALFORMED, lambda issuer: ["Authorization: Basic dXNlcjpwYXNz"]),
    refused("field empty", MALFORMED, lambda issuer: ["Authorization:"]),
    refused("scheme alone", MALFORMED, lambda issuer: ["Authorization: Bearer"]),
    *(Attack(f"{name} in the query{', and in the field' if both else ''}", 400, "token_in_query",
             lambda issuer, both=both: [bearer(issuer)] if both else [],
             target=lambda issuer, name=name: f"/me/tokens?{name}={issuer.good()}")
      for both in [False, True]
      for name in ["access_token", "jwt", "acc%65ss_token", "%6Awt", "JWT", "a=b&jwt", "access_token[]", "a;jwt"]),
    *(refused(f"token in the field {name} only", "token_missing", lambda issuer, name=name: [
        f"{name}: Bearer {issuer.good()}"]) for name in ["X-Authorization", "Proxy-Authorization", "Cookie"]),
]

TWICE = [
    Attack(f"Authorization twice: {name}", 400, "field_repeated", make) for name, make in [
        ("two good tokens", lambda issuer: [bearer(issuer), bearer(issuer)]),
        ("a good token and a bad one", lambda issuer: [bearer(issuer), "Authorization: Bearer a.b.c"]),
        ("a bad token and a good one", lambda issuer: ["Authorization: Bearer a.b.c", bearer(issuer)]),
        ("a good token and Basic", lambda issuer: [bearer(issuer), "authorization: Basic dXNlcjpwYXNz"])]]

SMALL = "scope_insufficient"
SCOPES = [
    *(Attack(f"scope {value!r} for an operation of all.User", 403, SMALL, claims(scope=value), method="POST")
      for value in [None, [], "", "all.UserX", "all.Use", "ALL.USER", "all.User.read", "all.User.bounded", "all.*", "*",
                    "all", "all.User,only.User", ["userApiTokens.get"], ["userApiToken.*"], ["User"]]),
    Attack("scopes under another name", 403, SMALL, claims(scope=None, scopes=["all.User"], scp="all.User")),
    Attack("scope in a member", 403, SMALL, claims(scope=None, realm={"scope": ["all.User"]})),
    *(Attack(f"kind {kind} where no OAuth token may", 403, "oauth_token_denied", claims(subtype=kind), method="POST")
      for kind in ["userOauthToken", "UserOAuthToken", "oauth"]),
    Attack("operation that does not exist", 403, "operation_unknown", claims(), target="/me/token"),
    Attack("path with dots", 403, "operation_unknown", claims(), target="/me/tokens/../../admin"),
    Attack("path in capitals", 403, "operation_unknown", claims(), target="/ME/tokens"),
    Attack("method of no operation", 403, "operation_unknown", claims(), method="PUT"),
]

ALL: list[Attack] = [*TIMES, *NAMES, *CONTENTS, *PLACES, *TWICE, *SCOPES]
