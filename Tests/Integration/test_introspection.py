"""Tokens whose keys the gateway does not have: it asks the API behind it, which is the embedded token service."""

import pytest
import requests

from harness.process import wait_until
from harness.token_service import CATALOG, TokenService

DOMAINS = ["example.com", "tenant.example"]


def configuration(service: TokenService) -> dict:
    introspect = {"api": service.url, "remember": "1s", "refused": "1s", "timeout": "2s"}
    use = [{"authentication": {"introspect": introspect}}, {"scopes": {"operations": "losant"}}]
    return {
        "upstreams": {"origin": {"endpoints": [service.url]}},
        "catalogs": {"losant": CATALOG},
        "domains": [{"name": name, "upstream": "origin", "use": use} for name in DOMAINS],
    }


@pytest.fixture
def service(tmp_path):
    """A service with a user and an almighty token in each domain."""
    service = TokenService(tmp_path)
    try:
        service.tokens = {name: service.seed(f"user of {name}", name) for name in DOMAINS}
        service.start()
        yield service
    finally:
        service.stop()


def ask(gateway, domain, token, method="GET", path="/me/tokens", **more):
    headers = {"losantdomain": domain, **({"Authorization": f"Bearer {token}"} if token else {})}
    return requests.request(method, gateway.url + path, headers=headers, timeout=20, **more)


def outcome(answer) -> tuple[int, str | None]:
    return answer.status_code, answer.json().get("reason")


def forged(token: str) -> str:
    head, payload, signature = token.split(".")
    return f"{head}.{payload}.{'B' if signature[0] == 'A' else 'A'}{signature[1:]}"


def made(gateway, service, *scopes) -> dict:
    domain = "example.com"
    answer = ask(
        gateway, domain, service.tokens[domain], "POST", json={"name": "made", "scope": list(scopes)})
    assert answer.status_code in (200, 201), answer.text
    return answer.json()


def test_the_api_says_which_tokens_are_good(gateways, service):
    gateway = gateways(configuration(service), event_loops=2)
    for domain in DOMAINS:
        assert ask(gateway, domain, service.tokens[domain]).status_code == 200
    assert outcome(ask(gateway, "example.com", service.tokens["tenant.example"])) == (401, "token_inactive")
    assert outcome(ask(gateway, "example.com", forged(service.tokens["example.com"]))) == (401, "token_inactive")
    assert outcome(ask(gateway, "example.com", "x.y.z")) == (401, "token_malformed")
    assert outcome(ask(gateway, "example.com", None)) == (401, "token_missing")


def test_scopes_are_those_of_the_token(gateways, service):
    gateway = gateways(configuration(service))
    narrow = made(gateway, service, "userApiToken.get")
    path = f"/me/tokens/{narrow['id']}"
    assert ask(gateway, "example.com", narrow["token"], path=path).status_code == 200
    # The API answers 403 to the gateway's question too, since the token may not list tokens; it is good all the same.
    assert outcome(ask(gateway, "example.com", narrow["token"])) == (403, "scope_insufficient")
    assert outcome(ask(gateway, "example.com", forged(narrow["token"]), path=path)) == (401, "token_inactive")


def test_a_withdrawn_token_ends_with_the_answer(gateways, service):
    gateway = gateways(configuration(service))
    token = made(gateway, service, "all.User.read")
    assert ask(gateway, "example.com", token["token"]).status_code == 200
    admin = service.tokens["example.com"]
    path = f"/me/tokens/{token['id']}"
    assert ask(gateway, "example.com", admin, "PATCH", path, json={"status": "inactive"}).status_code == 200
    wait_until(lambda: outcome(ask(gateway, "example.com", token["token"])) == (401, "token_inactive"), "a refusal")


def test_nobody_is_let_in_while_the_api_is_away(gateways, service):
    gateway = gateways(configuration(service))
    token = service.tokens["example.com"]
    assert ask(gateway, "example.com", token).status_code == 200
    service.stop()

    def is_unavailable():
        answer = ask(gateway, "example.com", token)
        return (*outcome(answer), answer.headers.get("Retry-After")) == (503, "introspection_unavailable", "1")

    wait_until(is_unavailable, "503")
    service.start()
    wait_until(lambda: ask(gateway, "example.com", token).status_code == 200, "the API again")
