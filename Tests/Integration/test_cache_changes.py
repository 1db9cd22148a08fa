"""What changes kept answers: writes, whatever becomes of their clients, and an origin that takes an answer back."""

import threading

import pytest

from harness.gateway import plain
from harness.origin import reply
from harness.process import wait_until
from harness.wire import PATIENCE, Client

LOG = {"access-log": {"file": "stdout"}}
FRESH = "Cache-Control: max-age=600"


def cached(port: int, **settings) -> dict:
    cache = {"respect": "origin", "share": "public", **settings}
    return plain(port, defaults={"use": [LOG, {"cache": cache}]})


def ask(client: Client, line: str = "GET /a HTTP/1.1", *fields: str):
    client.request(line, *fields)
    return client.response()


def test_a_write_whose_client_leaves_makes_answers_worthless(gateways, origins):
    left = threading.Event()

    def answer(request, peer):
        if request.method == "POST":
            assert left.wait(PATIENCE)
        peer.send(reply(b"%d" % len(origin.requests), "200 OK", FRESH))

    origin = origins(answer)
    gateway = gateways(cached(origin.port))
    with Client(gateway.port) as client:
        assert ask(client).body == b"1"
        # The client may have its answer a moment before it is kept.
        wait_until(lambda: "hit" in ask(client).get("cache-status"), "it is kept")
        count = len(origin.requests)
        writer = Client(gateway.port)
        writer.request("POST /a HTTP/1.1", "Content-Length: 0")
        wait_until(lambda: len(origin.requests) == count + 1, "the origin has the write")
        writer.close()
        wait_until(lambda: any("POST" in str(line) for line in gateway.access_log()), "the gateway knows")
        left.set()
        assert "fwd=stale" in ask(client).get("cache-status")


@pytest.mark.parametrize("status", ["404 Not Found", "410 Gone", "403 Forbidden"])
def test_what_the_origin_takes_back_is_gone(gateways, origins, status):
    """Nor does it help when the origin fails afterwards."""
    said = [reply(b"old", "200 OK", "Cache-Control: max-age=0, stale-if-error=600", 'ETag: "1"'),
            reply(b"gone", status, "Cache-Control: no-store"), reply(b"trouble", "503 Service Unavailable")]
    origin = origins(lambda request, peer: peer.send(said[min(len(origin.requests), 3) - 1]))
    gateway = gateways(cached(origin.port))
    with Client(gateway.port) as client:
        assert [ask(client).body for _ in range(3)] == [b"old", b"gone", b"trouble"]


def test_tokens_that_only_the_origin_judges_are_not_mixed(gateways, origins):
    """A route without authentication: the answer to one token is neither another's nor theirs who have none."""

    def answer(request, peer):
        who = request.head.get("authorization") or request.target
        peer.send(reply(who.encode(), "200 OK", "Cache-Control: public, max-age=600"))

    origin = origins(answer)
    gateway = gateways(cached(origin.port, share="domain", query=["page"]))
    with Client(gateway.port) as client:
        for token in ["Bearer a", "Bearer b"]:
            found = ask(client, "GET /a HTTP/1.1", f"Authorization: {token}")
            assert found.body == token.encode() and "fwd=bypass" in found.get("cache-status")
        for target in ["/a?access_token=a", "/a?access_token=b", "/a"]:
            assert ask(client, f"GET {target} HTTP/1.1").body == target.encode()


def test_an_overloaded_origin_is_not_asked_by_all(gateways, origins):
    """It says 503 once; one asks after the other, not everybody."""
    gate = threading.Event()

    def answer(request, peer):
        assert gate.wait(PATIENCE)
        first = request is origin.requests[0]
        peer.send(reply(b"no", "503 Service Unavailable") if first else reply(b"hello", "200 OK", FRESH))

    origin = origins(answer)
    gateway = gateways(cached(origin.port, coalesce={"wait": "60s"}))
    clients = [Client(gateway.port) for _ in range(20)]
    for client in clients:
        client.request("GET /a HTTP/1.1")
    wait_until(lambda: origin.served == 1, "one asks")
    gate.set()
    found = [client.response().status for client in clients]
    for client in clients:
        client.close()
    assert sorted(found) == [200] * 19 + [503] and len(origin.requests) == 2
