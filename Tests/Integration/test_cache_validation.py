"""The cache's talk with the origin about answers that are stale: validation, and help when the origin fails."""

import threading

import pytest

from harness.gateway import plain
from harness.origin import Origin, reply
from harness.process import free_port, wait_until
from harness.wire import PATIENCE, Client

LOG = {"access-log": {"file": "stdout"}}
# Stale from the beginning, so that no clock decides anything.
STALE = ["Cache-Control: max-age=0", 'ETag: "v1"', "X-Kind: a"]


def cached(*ports: int, upstream: dict | None = None, **settings) -> dict:
    cache = {"respect": "origin", "share": "public", **settings}
    return plain(*ports, upstream=upstream or {}, defaults={"use": [LOG, {"cache": cache}]})


def not_modified(*fields: str) -> bytes:
    return "\r\n".join(["HTTP/1.1 304 Not Modified", *fields]).encode() + b"\r\n\r\n"


def ask(client: Client, line: str = "GET /a HTTP/1.1", *fields: str):
    client.request(line, *fields)
    return client.response(line.split(" ")[0])


def test_the_origin_is_asked_whether_the_answer_is_still_good(gateways, origins):
    def answer(request, peer):
        if request.head.get("if-none-match") == '"v1"':
            peer.send(not_modified('ETag: "v1"', "X-Kind: b"))
        else:
            peer.send(reply(b"hello", "200 OK", *STALE))

    origin = origins(answer)
    gateway = gateways(cached(origin.port))
    with Client(gateway.port) as client:
        first = ask(client)
        assert (first.status, first.body, first.get("cache-status")) == (200, b"hello", "gatehouse; fwd=miss; stored")
        for _ in range(3):
            again = ask(client)
            assert (again.status, again.body) == (200, b"hello")
            assert again.get("cache-status") == "gatehouse; fwd=stale; fwd-status=304; stored"
            assert again.get("x-kind") == "b" and again.get("content-length") == "5" and again.get("age") == "0"
        own = ask(client, "GET /a HTTP/1.1", 'If-None-Match: "v0", "v1"')
        assert (own.status, own.body, own.get("etag")) == (304, b"", '"v1"')
        part = ask(client, "GET /a HTTP/1.1", "Range: bytes=1-2")
        assert (part.status, part.body) == (206, b"el")
        head = ask(client, "HEAD /a HTTP/1.1")
        assert (head.status, head.get("content-length")) == (200, "5")
    assert origin.connections == 1, "a 304 leaves the connection as good as it was"
    assert [request.head.get("if-none-match") for request in origin.requests] == [None] + ['"v1"'] * 6
    wait_until(lambda: len(gateway.access_log()) == 7, "the access log")
    assert [line["cache"] for line in gateway.access_log()] == ["miss"] + ["revalidated"] * 6
    assert [line["status"] for line in gateway.access_log()][-3:] == [304, 206, 200]


def test_another_answer_takes_its_place(gateways, origins):
    versions = iter(range(100))

    def answer(request, peer):
        version = next(versions)
        peer.send(reply(b"%d" % version, "200 OK", "Cache-Control: max-age=0", f'ETag: "{version}"'))

    origin = origins(answer)
    gateway = gateways(cached(origin.port))
    with Client(gateway.port) as client:
        assert [ask(client).body for _ in range(3)] == [b"0", b"1", b"2"]
    assert [request.head.get("if-none-match") for request in origin.requests] == [None, '"0"', '"1"']


def test_an_origin_that_contradicts_itself_is_asked_once_more(gateways, origins):
    versions = iter(range(1, 100))

    def answer(request, peer):
        if request.head.get("if-none-match"):
            return peer.send(not_modified('ETag: "v9"'))
        version = next(versions)
        peer.send(reply(b"hello %d" % version, "200 OK", "Cache-Control: max-age=0", f'ETag: "v{version}"'))

    origin = origins(answer)
    gateway = gateways(cached(origin.port))
    with Client(gateway.port) as client:
        answers = [ask(client) for _ in range(3)] + [ask(client, "GET /a HTTP/1.1", 'If-None-Match: "v1"')]
        assert [answer.body for answer in answers] == [b"hello 1", b"hello 2", b"hello 3", b"hello 4"]
        assert [answer.get("cache-status") for answer in answers[1:]] == ["gatehouse; fwd=stale; stored"] * 3
    asked = [request.head.get("if-none-match") for request in origin.requests]
    assert asked == [None, '"v1"', None, '"v2"', None, '"v3"', None]
    wait_until(lambda: len(gateway.access_log()) == 4, "the access log")
    assert [line["retries"] for line in gateway.access_log()] == [0, 1, 1, 1]


def test_one_that_goes_on_doing_so_is_not_believed(gateways, origins):
    def answer(request, peer):
        peer.send(not_modified('ETag: "v2"') if len(origin.requests) in (2, 3) else reply(b"hello", "200 OK", *STALE))

    origin = origins(answer)
    gateway = gateways(cached(origin.port))
    with Client(gateway.port) as client:
        answers = [ask(client) for _ in range(3)]
        assert [answer.status for answer in answers] == [200, 502, 200]
        assert b"validation_contradictory" in answers[1].body
    assert [request.head.get("if-none-match") for request in origin.requests] == [None, '"v1"', None, None]


@pytest.mark.parametrize("trouble", [
    b"HTTP/1.1 503 So\r\nContent-Length: 9\r\n\r\ncut", b"HTTP/1.1 500 So\r\nTransfer-Encoding: chunked\r\n\r\n",
    b"HTTP/1.1 502 So\r\n\r\nendless"], ids=["length", "chunked", "close"])
def test_nobody_waits_for_the_rest_of_trouble(gateways, origins, trouble):
    """The origin says no more, and the client's connection goes on at once; the origin's is given up."""
    left = threading.Event()

    def answer(request, peer):
        if request.target == "/b" or request is origin.requests[0]:
            return peer.send(reply(b"hello", "200 OK", *HELPFUL))
        peer.send(trouble)
        if not peer.fill():
            left.set()

    origin = origins(answer)
    gateway = gateways(cached(origin.port, upstream={"max_connections": 1}))
    with Client(gateway.port) as client:
        ask(client)
        for path in ["/a", "/b"]:
            client.request(f"GET {path} HTTP/1.1")
        found = [client.response(), client.response()]
    assert [answer.body for answer in found] == [b"hello"] * 2
    assert found[0].get("cache-status").startswith("gatehouse; fwd=stale; fwd-status=50")
    assert left.wait(PATIENCE)


HELPFUL = ["Cache-Control: max-age=0, stale-if-error=600", 'ETag: "v1"']


@pytest.mark.parametrize("trouble", [
    reply(b"trouble", "503 Service Unavailable"),
    reply(b"t" * 300_000, "500 Internal Server Error"),
    b"HTTP/1.1 502 Bad Gateway\r\nTransfer-Encoding: chunked\r\n\r\n4\r\noops\r\n",
    b"HTTP/1.1 504 Gateway Timeout\r\nContent-Length: 9\r\n\r\ncut",
    b"nonsense\r\n\r\n", b"",
], ids=["short", "long", "chunked", "cut", "nonsense", "closed"])
def test_a_stale_answer_helps_when_the_origin_fails(gateways, origins, trouble):
    def answer(request, peer):
        if origin.served == 1:
            return peer.send(reply(b"hello", "200 OK", *HELPFUL))
        peer.send(trouble)
        if b"trouble" not in trouble:
            peer.close()

    origin = origins(answer)
    gateway = gateways(cached(origin.port))
    with Client(gateway.port) as client:
        assert ask(client).get("cache-status") == "gatehouse; fwd=miss; stored"
        for _ in range(3):
            stale = ask(client)
            assert (stale.status, stale.body) == (200, b"hello")
            assert stale.get("cache-status").startswith("gatehouse; fwd=stale") and stale.get("age") is not None
            assert ("fwd-status" in stale.get("cache-status")) == trouble.startswith(b"HTTP")
    wait_until(lambda: len(gateway.access_log()) == 4, "the access log")
    assert [line["cache"] for line in gateway.access_log()] == ["miss"] + ["stale"] * 3
    if b"trouble" in trouble:
        assert origin.connections == 1, "a short answer is read to its end, and the connection used again"


def test_it_helps_when_nobody_listens_or_nobody_answers(gateways, origins):
    port = free_port()
    origin = Origin(lambda request, peer: peer.send(reply(b"hello", "200 OK", *HELPFUL)), port)
    gateway = gateways(cached(port, upstream={"head_timeout": "300ms"}))
    with Client(gateway.port) as client:
        assert ask(client).status == 200
        origin.close()
        assert (ask(client).body, ask(client, "GET /other HTTP/1.1").status) == (b"hello", 502)
        # One that accepts and says nothing.
        silent = origins(lambda request, peer: None, port)
        late = ask(client)
        assert (late.status, late.body, late.get("cache-status")) == (200, b"hello", "gatehouse; fwd=stale")
        assert silent.served == 1


@pytest.mark.parametrize("forbidding", ["must-revalidate", "proxy-revalidate", "no-cache", "s-maxage=0"])
def test_it_does_not_help_where_that_is_forbidden(gateways, origins, forbidding):
    def answer(request, peer):
        fields = [f"Cache-Control: max-age=0, stale-if-error=600, {forbidding}", 'ETag: "v1"']
        peer.send(reply(b"hello", "200 OK", *fields) if origin.served == 1 else reply(b"trouble", "503 So"))

    origin = origins(answer)
    gateway = gateways(cached(origin.port, stale_if_error="1h"))
    with Client(gateway.port) as client:
        assert [ask(client).status for _ in range(3)] == [200, 503, 503]
    assert origin.requests[1].head.get("if-none-match") == '"v1"'


def test_the_organisations_word_with_ttl(gateways, origins):
    """Nothing of the origin's word counts here but its ETag; a millisecond is over when the next request comes."""

    def answer(request, peer):
        if origin.served == 3:
            return peer.send(reply(b"trouble", "503 So"))
        if request.head.get("if-none-match"):
            return peer.send(not_modified("Cache-Control: no-store"))
        peer.send(reply(b"hello", "200 OK", "Cache-Control: no-store", 'ETag: "v1"'))

    origin = origins(answer)
    settings = {"ttl": "1ms", "override": ["no-store"], "stale_if_error": "1h", "share": "public"}
    gateway = gateways(plain(origin.port, defaults={"use": [LOG, {"cache": settings}]}))
    with Client(gateway.port) as client:
        said = []
        while origin.served < 4:
            said.append(ask(client))
            assert said[-1].body == b"hello"
    asked = [answer.get("cache-status") for answer in said if "hit" not in answer.get("cache-status")]
    assert asked == [
        "gatehouse; fwd=miss; stored", "gatehouse; fwd=stale; fwd-status=304; stored",
        "gatehouse; fwd=stale; fwd-status=503", "gatehouse; fwd=stale; fwd-status=304; stored"]


def test_requests_that_follow_each_other_closely(gateways, origins):
    """What is pipelined gets its answers in order, each whole."""

    def answer(request, peer):
        is_asked = request.head.get("if-none-match")
        peer.send(not_modified() if is_asked else reply(request.target.encode() * 30_000, "200 OK", *STALE))

    origin = origins(answer)
    gateway = gateways(cached(origin.port))
    with Client(gateway.port) as client:
        for _ in range(2):
            for name in "abc":
                client.request(f"GET /{name} HTTP/1.1")
            for name in "abc":
                assert client.response().body == f"/{name}".encode() * 30_000
    with Client(gateway.port) as old:
        old.request("GET /a HTTP/1.0")
        answer = old.response()
        assert answer.body == b"/a" * 30_000 and answer.get("connection") == "close"
        assert old.is_ended()
    assert origin.connections == 1


def test_another_endpoint_is_asked_before_help_is_needed(gateways, origins):
    def good(request, peer):
        is_asked = request.head.get("if-none-match")
        peer.send(not_modified() if is_asked else reply(b"hello", "200 OK", *HELPFUL))

    def bad(request, peer):
        peer.send(reply(b"", "503 So"))

    retrying = {"retry": {"statuses": [503]}, "ejection": "off"}
    gateway = gateways(cached(origins(good).port, origins(bad).port, upstream=retrying))
    with Client(gateway.port) as client:
        said = {ask(client).get("cache-status") for _ in range(6)}
    assert said == {"gatehouse; fwd=miss; stored", "gatehouse; fwd=stale; fwd-status=304; stored"}


def test_a_client_leaves_while_the_origin_is_asked(gateways, origins):
    gate = threading.Event()

    def answer(request, peer):
        if not request.head.get("if-none-match"):
            return peer.send(reply(b"hello", "200 OK", *STALE))
        gate.wait(PATIENCE)
        peer.send(not_modified())

    origin = origins(answer)
    gateway = gateways(cached(origin.port))
    with Client(gateway.port) as client:
        assert ask(client).status == 200
        client.request("GET /a HTTP/1.1")
        wait_until(lambda: origin.served == 2, "the origin is asked")
    wait_until(lambda: len(gateway.access_log()) == 2, "the client is gone")
    gate.set()
    with Client(gateway.port) as client:
        assert ask(client).get("cache-status") == "gatehouse; fwd=stale; fwd-status=304; stored"
