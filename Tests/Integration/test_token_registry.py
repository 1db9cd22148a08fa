"""`token-registry` in front of a real API: what is revoked there is refused by every event loop in time."""

import json
import time

import pytest
from losant_rest import Client as Api

from harness.gateway import Gateway
from harness.house import InDomain
from harness.origin import Origin, reply
from harness.process import wait_until
from harness.token_service import TokenService
from harness.wire import Client

INTERVAL = 1.0
# For the API's answer and a busy machine.
MARGIN = 5.0
# Enough that no event loop has none.
CONNECTIONS = 32


@pytest.fixture
def service(tmp_path):
    service = TokenService(tmp_path)
    yield service
    service.stop()


@pytest.fixture
def origin(origins):
    """It serves whatever token comes: who refuses is the gateway."""
    return origins(lambda _, peer: peer.send(reply(b"{}")))


def configuration(service: TokenService, origin: Origin, admin: str, **more) -> dict:
    file = service.folder / "service.token"
    file.write_text(admin + "\n")
    registry = {"api": service.url, "token": {"file": str(file)}, "interval": f"{INTERVAL:g}s", **more}
    # The registry stands first: the order of the two must not matter.
    return {
        "upstreams": {"origin": {"endpoints": [f"http://127.0.0.1:{origin.port}"]}},
        "domains": [{
            "name": "example.com", "upstream": "origin",
            "use": [{"token-registry": registry}, {"authentication": {"keys": {"jwks": service.keys}}}]}]}


def reason(client: Client, token: str) -> str:
    """What the gateway says of a request with the token: the reason of its refusal, or the origin's status."""
    client.request("GET /me HTTP/1.1", f"Authorization: Bearer {token}")
    answer = client.response()
    body = json.loads(answer.body)
    if answer.status == 401 and "reason" in body:
        assert answer.get("www-authenticate").startswith('Bearer error="invalid_token"')
    return body.get("reason", str(answer.status))


def test_a_revoked_token_is_refused_on_every_loop(service, origin, gateways):
    admin = service.seed("ann", "example.com")
    service.start()
    api = InDomain(Api(admin, service.url), "example.com")
    stopped, deleted, kept = (api.create({"name": name, "scope": ["all.User.read"]}) for name in "abc")
    gateway = gateways(configuration(service, origin, admin), event_loops=2)
    connections = [Client(gateway.port) for _ in range(CONNECTIONS)]
    try:
        def all_say(token: dict) -> set[str]:
            return {reason(connection, token["token"]) for connection in connections}

        for token in (stopped, deleted, kept):
            assert all_say(token) == {"200"}

        def revoke(what, token: dict, expected: str) -> None:
            what()
            begun = time.monotonic()
            while (said := all_say(token)) != {expected}:
                assert said <= {"200", expected}, said
                assert time.monotonic() - begun < INTERVAL + MARGIN, f"{expected}: {said}"
            assert all_say(token) == {expected}

        revoke(lambda: api.change(stopped["id"], {"status": "inactive"}), stopped, "token_registry_inactive")
        revoke(lambda: api.delete(deleted["id"]), deleted, "token_registry_deleted")
        assert all_say(kept) == {"200"}
        young = api.create({"name": "young", "scope": ["all.User.read"]})
        assert all_say(young) == {"200"}

        api.change(stopped["id"], {"status": "active"})
        wait_until(lambda: all_say(stopped) == {"200"}, "the token that is active again")
    finally:
        for connection in connections:
            connection.close()


def test_an_outage_of_the_api_is_survived_until_the_list_is_too_old(service, origin, gateways):
    admin = service.seed("ann", "example.com")
    service.start()
    gateway = gateways(configuration(service, origin, admin, max_age="8s"))
    with Client(gateway.port) as client:
        assert reason(client, admin) == "200"
        service.stop()
        wait_until(lambda: "last good one stays in force" in gateway.log(), "the outage to be noticed")
        assert reason(client, admin) == "200"
        wait_until(lambda: reason(client, admin) == "token_registry_stale", "the list to be too old")
        service.start()
        wait_until(lambda: reason(client, admin) == "200", "the list to be read again")
    assert admin not in gateway.log()


def test_a_service_token_that_is_refused_fails_the_start(service, origin, tmp_path):
    admin = service.seed("ann", "example.com")
    service.start()
    wrong = admin[:-8] + "AAAAAAAA"
    with pytest.raises(RuntimeError, match=r"refuses the service token \(401\)") as caught:
        Gateway(tmp_path, configuration(service, origin, wrong), name="refused")
    assert wrong not in str(caught.value)
