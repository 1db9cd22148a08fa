"""Who the client is where proxies stand before the gateway: for the origin, for the access log and for balancing."""

import contextlib

import pytest

from harness.gateway import plain
from harness.origin import reply
from harness.process import wait_until
from harness.wire import Client

LOG = {"defaults": {"use": [{"access-log": {"file": "stdout"}}]}}
CLIENT = "192.0.2.7"
PROXY = "10.1.2.3"


def asked(gateway, origin, *fields: str):
    """The head that the origin got, and the client of the access log's line."""
    before = len(gateway.access_log())
    with Client(gateway.port) as client:
        client.request("GET / HTTP/1.1", *fields)
        assert client.response().status == 200
    wait_until(lambda: len(gateway.access_log()) > before, "the line of the access log")
    return origin.requests[-1].head, gateway.access_log()[-1]["client"]


def test_a_trusted_proxy_is_believed(gateways, origins):
    origin = origins()
    gateway = gateways(plain(origin.port, trusted_proxies=["127.0.0.0/8", "10.0.0.0/8"], **LOG))
    head, client = asked(
        gateway, origin, f"X-Forwarded-For: 6.6.6.6, {CLIENT}", f"X-Forwarded-For: {PROXY}:8443",
        "X-Forwarded-Proto: https")
    assert client == CLIENT
    assert head.get("x-forwarded-for") == f"{CLIENT}, {PROXY}, 127.0.0.1"
    assert head.get("x-forwarded-proto") == "https"
    # Nobody is known behind what is no address.
    head, client = asked(gateway, origin, f"X-Forwarded-For: {CLIENT}, unknown, {PROXY}")
    assert client == PROXY
    assert head.get("x-forwarded-for") == f"{PROXY}, 127.0.0.1"
    head, client = asked(gateway, origin)
    assert client == "127.0.0.1"
    assert head.get("x-forwarded-for") == "127.0.0.1"


@pytest.mark.parametrize("trusted", [[], ["10.0.0.0/8", "::1"]])
def test_nobody_else_is(gateways, origins, trusted):
    origin = origins()
    gateway = gateways(plain(origin.port, trusted_proxies=trusted, **LOG))
    head, client = asked(gateway, origin, f"X-Forwarded-For: {CLIENT}, {PROXY}", "X-Forwarded-Proto: https")
    assert client == "127.0.0.1"
    assert head.get("x-forwarded-for") == "127.0.0.1"
    assert head.get("x-forwarded-proto") == "http"


@pytest.mark.parametrize("trusted", [[], ["127.0.0.1"]])
def test_what_proxies_say_comes_from_proxies(gateways, origins, trusted):
    origin = origins()
    gateway = gateways(plain(origin.port, trusted_proxies=trusted, **LOG))
    fields = {"X-Forwarded-Prefix": "/evil", "X_Forwarded_Ssl": "on", "X-Real-IP": "6.6.6.6", "X-Host": "evil.example",
              "True-Client-IP": "6.6.6.6", "X-Original-Host": "evil.example"}
    head, _ = asked(gateway, origin, "X-Stays: yes", *(f"{name}: {value}" for name, value in fields.items()))
    assert head.get("x-stays") == "yes"
    assert [head.get(name.lower()) for name in fields] == (list(fields.values()) if trusted else [None] * len(fields))
    # Whoever it is from.
    head, _ = asked(gateway, origin, "X-Original-URL: /evil", "X-HTTP-Method-Override: DELETE", "X-Forwarded-Port: 81")
    assert not any(head.get(name) for name in ["x-original-url", "x-http-method-override", "x-forwarded-port"])


def test_one_connection_carries_many_clients(gateways, origins):
    """Each keeps its endpoint, whose choice is by the client's address and not the proxy's."""
    three = [origins(lambda request, peer, name=name: peer.send(reply(name))) for name in (b"a", b"b", b"c")]
    configuration = plain(
        *(origin.port for origin in three), trusted_proxies="127.0.0.1", upstream={"balance": {"hash": "address"}})
    gateway = gateways(configuration)
    with Client(gateway.port) as client:

        def ask(number: int) -> bytes:
            client.request("GET / HTTP/1.1", f"X-Forwarded-For: 192.0.2.{number}")
            return client.response().body

        first = [ask(number) for number in range(40)]
        assert [ask(number) for number in range(40)] == first
    assert set(first) == {b"a", b"b", b"c"}


def test_connections_count_for_the_proxy(gateways, origins):
    gateway = gateways(plain(origins().port, trusted_proxies="127.0.0.1", limits={"connections_per_address": 2}))

    def status(number: int, client: Client) -> int:
        client.request("GET / HTTP/1.1", f"X-Forwarded-For: 192.0.2.{number}")
        return client.response().status

    def is_free() -> bool:
        with Client(gateway.port) as client:
            return status(0, client) == 200

    # The harness's own look at the port has a place for a moment.
    wait_until(is_free, "a place is free")
    with contextlib.ExitStack() as stack:
        clients = [stack.enter_context(Client(gateway.port)) for _ in range(5)]
        assert sorted(status(number, client) for number, client in enumerate(clients)).count(503) >= 3
