"""The API's official Python client through the gateway, in several domains: the whole house at work."""

import pytest
import requests
from losant_rest import Client, LosantError

from harness.house import LIMIT, InDomain
from harness.process import wait_until
from harness.wire import PATIENCE


def failure(call, *arguments, **named) -> LosantError:
    with pytest.raises(LosantError) as caught:
        call(*arguments, **named)
    return caught.value


# What works


@pytest.mark.parametrize("domain", ["example.com", "tenant.example"])
def test_create_read_update_delete(house, domain):
    client = house.client(domain)
    made = client.create({
        "name": "Tok é", "description": "made by a test", "scope": ["all.User.read"],
        "expirationDate": "2099-01-01T00:00:00.000Z"})
    identifier = made["id"]
    assert made["token"].count(".") == 2 and made["name"] == "Tok é" and made["status"] == "active"

    shown = client.show(identifier)
    assert shown["scope"] == ["all.User.read"] and shown["expirationDate"] == "2099-01-01T00:00:00.000Z"
    assert "token" not in shown, "the secret is told once"

    changed = client.change(identifier, {"name": "renamed", "status": "inactive"})
    assert (changed["name"], changed["status"]) == ("renamed", "inactive")
    assert client.show(identifier)["name"] == "renamed"

    assert client.delete(identifier) == {"success": True}
    gone = failure(client.show, identifier)
    assert (gone.status, gone.data["type"]) == (404, "NotFound")


@pytest.mark.parametrize("domain", ["example.com", "tenant.example"])
def test_list_with_every_parameter(house, domain):
    client = house.client(domain)
    made = [client.create({"name": f"list {letter}*&=é {domain}", "scope": ["all.User.read"]}) for letter in "cab"]
    try:
        listed = client.list(
            sortField="name", sortDirection="desc", page=1, perPage=2, filterField="name",
            filter=f"list ?*&=é {domain}".replace("?", "*"), _actions="true", _links="true", _embedded="true")
        assert [item["name"][5] for item in listed["items"]] == ["a"]
        told = {key: listed[key] for key in ("count", "totalCount", "page", "perPage", "sortField", "filterField")}
        assert told == {
            "count": 1, "totalCount": 3, "page": 1, "perPage": 2, "sortField": "name", "filterField": "name"}
        assert listed["sortDirection"].lower() == "desc"
        assert "_links" in listed and "_actions" in listed
        bare = client.list(_actions="false", _links="false", _embedded="false", filterField="status", filter="active")
        assert "_links" not in bare and "_actions" not in bare
        assert bare["totalCount"] >= 4
    finally:
        for token in made:
            client.delete(token["id"])


def test_domains_do_not_see_each_other(house):
    one, other = house.client("example.com"), house.client("tenant.example")
    mine = one.create({"name": "mine", "scope": ["all.User.read"]})
    try:
        assert "mine" not in [item["name"] for item in other.list()["items"]]
        assert failure(other.show, mine["id"]).status == 404
        stranger = failure(house.client("tenant.example", token=house.tokens["example.com"]).list)
        assert (stranger.status, stranger.data["reason"]) == (401, "token_issuer_unknown")
    finally:
        one.delete(mine["id"])


def test_the_origins_own_refusal_comes_through(house):
    refused = failure(house.client("example.com").create, {"name": "x", "unknown": 1})
    assert (refused.status, refused.data["type"]) == (400, "Validation")
    assert "reason" not in refused.data


# What is refused


def test_401_without_a_token(house):
    refused = failure(InDomain(Client(None, house.gateway.url), "example.com").list)
    assert (refused.status, refused.data["type"], refused.data["reason"]) == (401, "Unauthorized", "token_missing")


def test_401_with_a_bad_token(house):
    head, claims, signature = house.tokens["example.com"].split(".")
    forged = ("B" if signature[0] == "A" else "A") + signature[1:]
    for token, reason in [
        (f"{head}.{claims}.{forged}", "token_signature_invalid"),
        ("nonsense", "token_malformed"),
        (f"eyJhbGciOiJub25lIn0.{claims}.", "token_malformed"),
        (f"eyJhbGciOiJub25lIn0.{claims}.{signature}", "token_algorithm_refused"),
    ]:
        refused = failure(house.client("example.com", token=token).list)
        assert (refused.status, refused.data["reason"]) == (401, reason)
        answer = requests.get(
            f"{house.gateway.url}/me/tokens", timeout=PATIENCE,
            headers={"losantdomain": "example.com", "Authorization": f"Bearer {token}"})
        assert answer.headers["WWW-Authenticate"].startswith("Bearer")
        assert 'error="invalid_token"' in answer.headers["WWW-Authenticate"]


def test_401_with_an_expired_token(house):
    token = house.token("example.com", "all.User.read", expirationDate="2001-01-01T00:00:00.000Z")
    refused = failure(house.client("example.com", token=token).list)
    assert (refused.status, refused.data["reason"]) == (401, "token_expired")
    assert refused.data["message"] == "Access token has expired"


def test_403_without_the_scope(house):
    reader = house.client("example.com", token=house.token("example.com", "all.User.read"))
    assert reader.list()["totalCount"] >= 1
    refused = failure(reader.create, {"name": "more", "scope": ["all.User"]})
    assert (refused.status, refused.data["type"], refused.data["reason"]) == (403, "Forbidden", "scope_insufficient")
    assert len(refused.data["requestId"]) == 32
    only_one = house.client("example.com", token=house.token("example.com", "userApiToken.get"))
    assert failure(only_one.list).status == 403, "userApiToken.get is another action than userApiTokens.get"


def test_403_for_what_is_no_operation(house):
    answer = requests.get(
        f"{house.gateway.url}/internal/users", timeout=PATIENCE,
        headers={"losantdomain": "example.com", "Authorization": f"Bearer {house.tokens['example.com']}"})
    assert (answer.status_code, answer.json()["reason"]) == (403, "operation_unknown")


def test_404_for_an_unknown_domain(house):
    for client in [
        InDomain(Client(house.tokens["example.com"], house.gateway.url), "nobody.example"),
        InDomain(Client(house.tokens["example.com"], house.gateway.url), None),
        InDomain(Client(house.tokens["example.com"], house.gateway.url), ""),
    ]:
        refused = failure(client.list)
        assert (refused.status, refused.data["reason"]) == (404, "domain_unknown")


def test_429_over_the_limit(house):
    client = house.client("limited.example")
    for _ in range(LIMIT):
        client.list()
    refused = failure(client.list)
    assert (refused.status, refused.data["reason"]) == (429, "rate_limited")
    answer = requests.get(
        f"{house.gateway.url}/me/tokens", timeout=PATIENCE,
        headers={"losantdomain": "limited.example", "Authorization": f"bEaReR  {house.tokens['limited.example']}"})
    assert answer.status_code == 429, "another spelling is no other caller"
    assert int(answer.headers["Retry-After"]) > 0
    assert "r=0" in answer.headers["RateLimit"]
    second = house.client("limited.example", token=house.token("limited.example", "all.User.read"))
    assert second.list()["totalCount"] == 2, "the limit is each token's own"


# What is cached


def test_a_cached_list_is_its_tokens_own(house):
    domain = "cached.example"
    first, second = house.token(domain, "all.User"), house.token(domain, "all.User.read")

    def cached(token: str) -> str:
        answer = requests.get(
            f"{house.gateway.url}/me/tokens?_actions=false&_links=true&_embedded=true", timeout=PATIENCE,
            headers={
                "losantdomain": domain, "Authorization": f"Bearer {token}", "Accept": "application/json",
                "Accept-Version": "^1.31.0"})
        assert answer.status_code == 200
        return answer.headers["Cache-Status"]

    one, other = house.client(domain, token=first), house.client(domain, token=second)
    before = one.list()
    assert cached(first).startswith("gatehouse; hit"), "the official client's answer serves the same request again"

    # Made behind the gateway's back, so what is kept is stale now: whoever sees it was answered from the cache.
    house.behind(domain).create({"name": "later", "scope": ["all.User.read"]})
    assert one.list() == before
    fresh = other.list()
    assert fresh["totalCount"] == before["totalCount"] + 1, "the second token gets its own bytes"
    assert cached(second).startswith("gatehouse; hit") and other.list() == fresh

    for _ in range(2):
        assert "post" in str(one.list(_actions="true")["_actions"]).lower(), "what this token may do"
        assert "post" not in str(other.list(_actions="true")["_actions"]).lower(), "what that one may not"

    # An answer of the origin to an unsafe request makes both worthless.
    made = one.create({"name": "through the gateway", "scope": ["all.User.read"]})
    assert one.list()["totalCount"] == other.list()["totalCount"] == fresh["totalCount"] + 1
    assert other.show(made["id"])["name"] == "through the gateway"
    one.change(made["id"], {"name": "changed through the gateway"})
    assert other.show(made["id"])["name"] == "changed through the gateway"
    assert "changed through the gateway" in [item["name"] for item in other.list()["items"]]


def test_a_revoked_scope_cannot_be_served_from_the_cache(house):
    domain = "cached.example"
    house.client(domain).list()
    refused = failure(house.client(domain, token=house.token(domain, "userApiToken.get")).list)
    assert refused.status == 403
    assert failure(InDomain(Client(None, house.gateway.url), domain).list).status == 401


# What is told


def test_the_access_log_tells_what_happened_and_no_secret(house):
    token = house.tokens["example.com"]
    house.client("example.com").list(filter="secret-in-query", filterField="name")
    refused = failure(house.client("example.com", token="nonsense").list)
    identifier = refused.data["requestId"]

    def mine() -> list[dict]:
        return [line for line in house.gateway.access_log() if line["request_id"] == identifier]

    wait_until(lambda: mine() != [], "the refusal in the access log")
    [line] = mine()
    told = (line["status"], line["reason"], line["domain"], line["method"], line["path"])
    assert told == (401, "token_malformed", "example.com", "GET", "/me/tokens")
    good = [line for line in house.gateway.access_log() if line["status"] == 200 and line["domain"] == "example.com"]
    assert good and all(len(line["token"]) == 16 and line["upstream"] for line in good)
    text = house.gateway.output.read_text() + house.gateway.errors.read_text()
    assert token not in text and token.split(".")[2] not in text and "secret-in-query" not in text


# What breaks


def test_a_killed_token_service_is_502_and_comes_back(house):
    """Last in this file: the others need the service."""
    client = house.client("example.com")
    made = client.create({"name": "acknowledged", "scope": ["all.User.read"]})
    house.service.kill()
    refused = failure(client.list)
    assert (refused.status, refused.data["reason"]) == (502, "upstream_connect_failed")
    house.service.start()
    assert client.show(made["id"])["name"] == "acknowledged"
