"""Stale answers that are given at once, while the gateway asks for fresh ones on its own account."""

import threading

import pytest

from harness.gateway import plain
from harness.origin import reply
from harness.process import wait_until
from harness.wire import PATIENCE, Client

LOG = {"access-log": {"file": "stdout"}}
# Stale from the beginning, so that no clock decides anything.
FIELDS = ["Cache-Control: max-age=0, stale-while-revalidate=600", 'ETag: "v1"']
FRESH = "Cache-Control: max-age=600"


def cached(port: int, limits: dict | None = None, **settings) -> dict:
    cache = {"respect": "origin", "share": "public", **settings}
    return plain(port, limits=limits or {}, defaults={"use": [LOG, {"cache": cache}]})


def ask(client: Client, *fields: str, path: str = "/a"):
    client.request(f"GET {path} HTTP/1.1", *fields)
    return client.response()


@pytest.mark.parametrize("second", [
    b"HTTP/1.1 304 Not Modified\r\nCache-Control: max-age=600\r\nETag: \"v1\"\r\n\r\n",
    reply(b"new", "200 OK", FRESH),
    b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nCache-Control: max-age=600\r\n\r\n3\r\nnew\r\n0\r\n\r\n",
], ids=["valid", "new", "chunked"])
def test_the_client_does_not_wait_for_the_origin(gateways, origins, second):
    gate = threading.Event()

    def answer(request, peer):
        if request is origin.requests[0]:
            return peer.send(reply(b"old", "200 OK", *FIELDS))
        assert gate.wait(PATIENCE)
        peer.send(second)

    origin = origins(answer)
    gateway = gateways(cached(origin.port))
    with Client(gateway.port) as client:
        assert ask(client, "X-Own: 1").get("cache-status") == "gatehouse; fwd=miss; stored"
        for _ in range(10):
            stale = ask(client, "X-Own: 2", "Range: bytes=0-0")
            assert (stale.status, stale.body) == (206, b"o")
            assert stale.get("cache-status").startswith("gatehouse; hit; ttl=-")
        wait_until(lambda: origin.served == 2, "the gateway asks")
        gate.set()
        wait_until(lambda: "ttl=-" not in ask(client).get("cache-status"), "the answer is fresh")
        fresh = ask(client)
        assert fresh.body == (b"old" if b"304" in second else b"new")
    assert len(origin.requests) == 2, "there is one request in the background, however many want it"
    asked = origin.requests[1]
    assert asked.method == "GET" and asked.head.get("if-none-match") == '"v1"' and asked.head.get("range") is None
    assert asked.head.get("x-own") == "2" and asked.head.get("x-forwarded-for") == "127.0.0.1"
    assert asked.head.get("via") == "1.1 gatehouse" and asked.head.get("host") == f"127.0.0.1:{origin.port}"
    assert origin.connections == 1, "its connection is one of the pool's, and goes back to it"


@pytest.mark.parametrize("trouble", [b"", reply(b"no", "503 So"), reply(b"x" * 200_000, "429 No"), b"nonsense\r\n\r\n"])
def test_trouble_in_the_background_reaches_nobody(gateways, origins, trouble):
    def answer(request, peer):
        if request is origin.requests[0]:
            return peer.send(reply(b"old", "200 OK", *FIELDS))
        peer.send(trouble)
        if not trouble.startswith(b"HTTP"):
            peer.close()

    origin = origins(answer)
    gateway = gateways(cached(origin.port))
    with Client(gateway.port) as client:
        ask(client)
        assert ask(client).body == b"old"
        # A request on a connection that was closed is sent once more.
        wait_until(lambda: origin.served in (2, 3), "the gateway asks")
        assert all(ask(client).body == b"old" for _ in range(20))
        # It asks again, though not at once.
        wait_until(lambda: ask(client).body == b"old" and origin.served > 3, "the gateway asks again")


def test_who_must_not_have_it_stale_waits_for_the_origin(gateways, origins):
    gate = threading.Event()

    def answer(request, peer):
        if request is origin.requests[0]:
            return peer.send(reply(b"old", "200 OK", *FIELDS))
        assert gate.wait(PATIENCE)
        peer.send(reply(b"new", "200 OK", FRESH))

    origin = origins(answer)
    gateway = gateways(cached(origin.port))
    with Client(gateway.port) as client, Client(gateway.port) as particular:
        ask(client)
        assert ask(client).body == b"old"
        wait_until(lambda: origin.served == 2, "the gateway asks")
        particular.request("GET /a HTTP/1.1", "Cache-Control: max-age=0")
        wait_until(lambda: origin.served == 3, "a client asks for itself")
        gate.set()
        assert particular.response().body == b"new"


@pytest.mark.parametrize("second, status, cache, reason, got", [
    (b"HTTP/1.1 304 Not Modified\r\nCache-Control: max-age=600\r\n\r\n", 304, "revalidated", None, 0),
    (reply(b"newer", "200 OK", FRESH), 200, "miss", None, 5), (reply(b"no", "503 So"), 503, "miss", None, 2),
    (b"nonsense\r\n\r\n", 0, "miss", "status_line_invalid", 0),
    (b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\nCache-Control: max-age=6\r\n\r\ncut", 200, "miss", "upstream_truncated", 3),
], ids=["valid", "new", "trouble", "nonsense", "cut"])
def test_the_access_log_shows_what_the_gateway_asks(gateways, origins, second, status, cache, reason, got):
    def answer(request, peer):
        if request is origin.requests[0]:
            return peer.send(reply(b"old", "200 OK", *FIELDS))
        peer.send(second)
        if reason:
            peer.close()

    origin = origins(answer)
    gateway = gateways(cached(origin.port))
    with Client(gateway.port) as client:
        assert [ask(client, "User-Agent: a").body, ask(client, "User-Agent: b").body] == [b"old", b"old"]
    wait_until(lambda: len(gateway.access_log()) == 3, "both requests, and the gateway's own")
    [own] = [line for line in gateway.access_log() if line["background"]]
    assert (own["status"], own["cache"], own["reason"], own["bytes_out"]) == (status, cache, reason, got)
    assert (own["method"], own["path"], own["route"]) == ("GET", "/a", "*")
    assert own["upstream"] == f"127.0.0.1:{origin.port}" and own["domain"] == "example.com"
    assert (own["upstream_us"] is None) == (status == 0) and own["duration_us"] >= 0
    first, second = [line for line in gateway.access_log() if not line["background"]]
    assert [(line["cache"], line["status"]) for line in [first, second]] == [("miss", 200), ("hit", 200)]
    assert own["request_id"] == second["request_id"] != first["request_id"]
    assert own["client"] == "127.0.0.1" and own["user_agent"] == "b"


@pytest.mark.parametrize("limits, most", [({"background": 3}, 3), ({"background_per_domain": 2}, 2), ({"background": 0}, 0)])
def test_how_many_at_a_time(gateways, origins, limits, most):
    gate = threading.Event()

    def answer(request, peer):
        if request.head.get("if-none-match"):
            assert gate.wait(PATIENCE)
        peer.send(reply(request.target.encode(), "200 OK", *FIELDS))

    origin = origins(answer)
    gateway = gateways(cached(origin.port, limits))
    with Client(gateway.port) as client:
        for turn in range(2):
            for number in range(10):
                assert ask(client, path=f"/{number}").body == f"/{number}".encode()
        wait_until(lambda: origin.served == 10 + most, "as many as may ask in the background")
        assert all(ask(client, path=f"/{number}").body for number in range(10))
        assert origin.served == 10 + most
        gate.set()


def test_what_was_changed_meanwhile_is_not_kept(gateways, origins):
    gate = threading.Event()

    def answer(request, peer):
        if request.head.get("if-none-match"):
            assert gate.wait(PATIENCE)
        peer.send(reply(b"%d" % origin.served, "200 OK", *FIELDS))

    origin = origins(answer)
    gateway = gateways(cached(origin.port))
    with Client(gateway.port) as client:
        assert [ask(client).body, ask(client).body] == [b"1", b"1"]
        wait_until(lambda: origin.served == 2, "the gateway asks")
        client.request("PUT /a HTTP/1.1", "Content-Length: 0")
        assert client.response().get("cache-status") == "gatehouse; fwd=method"
        gate.set()
        assert ask(client).body == b"4", "neither what was stale nor what was on its way"


def test_the_gateway_ends_while_it_asks(gateways, origins):
    gate = threading.Event()

    def answer(request, peer):
        if request.head.get("if-none-match"):
            gate.wait(PATIENCE)
        peer.send(reply(b"old", "200 OK", *FIELDS))

    origin = origins(answer)
    gateway = gateways(cached(origin.port), event_loops=2)
    with Client(gateway.port) as client:
        assert [ask(client).body, ask(client).body] == [b"old", b"old"]
        wait_until(lambda: origin.served == 2, "the gateway asks")
    assert gateway.stop() == 0
    gate.set()


def test_what_is_gone_in_the_background_is_gone(gateways, origins):
    """An answer that the origin takes back is not given for as long as a stale one would be."""

    def answer(request, peer):
        first = request is origin.requests[0]
        peer.send(reply(b"old", "200 OK", *FIELDS) if first else reply(b"no", "404 Not Found"))

    origin = origins(answer)
    gateway = gateways(cached(origin.port))
    with Client(gateway.port) as client:
        assert ask(client).body == b"old"
        wait_until(lambda: ask(client).body == b"no", "it is gone")
        assert ask(client).body == b"no"
