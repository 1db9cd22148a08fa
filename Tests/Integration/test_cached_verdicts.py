"""Rule 1: what a gateway remembers of a token changes no verdict.

Tokens are used on routes and domains with different rules, in random orders, on both event loops of one gateway. Each
answer has to be the one that a gateway gives which has never seen a request.
"""

import json
import random
from concurrent.futures import ThreadPoolExecutor

import pytest

from harness.gateway import Gateway
from harness.origin import reply
from harness.signer import Signer
from harness.token_service import CATALOG
from harness.wire import Client

ONE, TWO = "one.example", "two.example"
CONNECTIONS = 16
REQUESTS = 2000
# Domain, method, path: judged by different settings.
ASKED = [
    (ONE, "GET", "/me"), (ONE, "GET", "/me/tokens"), (ONE, "POST", "/me/tokens"), (ONE, "GET", "/me/invites"),
    (ONE, "GET", "/nowhere"), (TWO, "GET", "/me"), (TWO, "POST", "/me/tokens"), (TWO, "GET", "/me/tokens"),
]


def scopes(**more) -> dict:
    return {"scopes": {"operations": "losant", **more}}


def configuration(signer: Signer, origin: int) -> dict:
    keys = {"pem": str(signer.public), "algorithm": "ES256"}
    return {
        "upstreams": {"origin": {"endpoints": [f"http://127.0.0.1:{origin}"]}},
        "catalogs": {"losant": CATALOG},
        "domains": [
            {"name": ONE, "upstream": "origin",
             "use": [{"authentication": {"keys": keys, "domain_claim": "aud"}}, scopes()],
             "routes": [
                 {"match": {"method": "GET", "path": "/me"}, "use": [scopes(any=["me.get"])]},
                 {"match": {"method": "GET", "path": "/me/tokens"},
                  "use": [scopes(all=["all.User.read", "own.scope"])]},
                 {"match": {"path": "/me/invites"}, "use": [scopes(mode="shadow", deprecated="deny")]}]},
            # The same key, but other claims count here, other kinds and times.
            {"name": TWO, "upstream": "origin",
             "use": [{"authentication": {"keys": keys, "scope_claim": "more", "kinds": ["apiToken"],
                                         "require_expiry": True}}, scopes(unlisted="allow")]}]}


@pytest.fixture
def signer(tmp_path):
    return Signer("ES256", "key", tmp_path)


def tokens(signer: Signer) -> list[str]:
    """Tokens that agree in much and differ in what one of the rules asks for."""
    base = {"sub": "user", "aud": [ONE, TWO], "subtype": "apiToken", "exp": 4102444800}
    made = [
        {**base, "scope": ["all.User"], "more": ["me.get"]},
        {**base, "scope": ["me.get"], "more": ["all.User"]},
        {**base, "scope": ["all.User.read", "own.scope"]},
        {**base, "scope": ["all.User"], "more": "all.User", "subtype": "userOauthToken"},
        {**base, "scope": ["all.User"], "more": "all.User", "aud": TWO},
        {"sub": "user", "aud": [ONE], "subtype": "apiToken", "scope": ["userApiTokens.*"], "more": ["all.User"]},
        {**base, "scope": ["all.User"], "exp": 1},
    ]
    signed = [signer.sign(claims) for claims in made]
    # The first one's header and claims with a signature that is good for others.
    return [*signed, f"{signed[0].rpartition('.')[0]}.{signed[1].rpartition('.')[2]}", ""]


def verdict(client: Client, token: str, asked: tuple[str, str, str]) -> tuple:
    domain, method, path = asked
    credential = [f"Authorization: Bearer {token}"] if token else []
    length = ["Content-Length: 0"] if method == "POST" else []
    client.request(f"{method} {path} HTTP/1.1", f"losantdomain: {domain}", *credential, *length)
    answer = client.response()
    return answer.status, json.loads(answer.body).get("reason"), answer.get("www-authenticate")


def test_memory_changes_no_verdict(signer, origins, gateways, tmp_path):
    origin = origins(lambda request, peer: peer.send(reply(b"{}")))
    whole, made = configuration(signer, origin.port), tokens(signer)
    pairs = [(number, asked) for number in range(len(made)) for asked in ASKED]

    def fresh(pair: tuple) -> tuple:
        """What a gateway says to the first request that it ever gets."""
        number, asked = pair
        gateway = Gateway(tmp_path, whole, name=f"fresh{number}.{ASKED.index(asked)}")
        try:
            with Client(gateway.port) as client:
                return verdict(client, made[number], asked)
        finally:
            assert gateway.stop() == 0, gateway.log()

    with ThreadPoolExecutor(2) as pool:
        expected = dict(zip(pairs, pool.map(fresh, pairs)))
    # The rules do tell these tokens apart.
    assert len(set(expected.values())) >= 8, set(expected.values())
    assert sum(status == 200 for status, _, _ in expected.values()) >= 10

    gateway = gateways(whole, event_loops=2)
    choice = random.Random(4)
    clients = [Client(gateway.port) for _ in range(CONNECTIONS)]
    try:
        order = [pair for _ in range(REQUESTS // len(pairs) + 1) for pair in choice.sample(pairs, len(pairs))]
        for index, (number, asked) in enumerate(order):
            said = verdict(choice.choice(clients), made[number], asked)
            assert said == expected[number, asked], f"request {index}: token {number}, {asked}"
    finally:
        for client in clients:
            client.close()
