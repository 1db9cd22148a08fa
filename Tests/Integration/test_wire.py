"""HTTP/1.1 on the wire: framing, persistence and forwarding, seen from both sides of the gateway."""

import subprocess

import pytest

from harness.gateway import plain
from harness.origin import reply
from harness.wire import Client


@pytest.fixture
def origin(origins):
    return origins()


@pytest.fixture
def gateway(gateways, origin):
    return gateways(plain(origin.port))


# Persistence


def test_a_connection_carries_many_requests(gateway, origin):
    with Client(gateway.port) as client:
        for number in range(5):
            client.request(f"GET /{number} HTTP/1.1")
            response = client.response()
            assert (response.status, response.body) == (200, b"/%d" % number)
    assert origin.connections == 1, "the connection to the origin is kept as well"


def test_pipelined_requests_are_answered_in_their_order(gateway, origin):
    with Client(gateway.port) as client:
        head = "GET /%d HTTP/1.1\r\nHost: example.com\r\n\r\n"
        post = "POST /%d HTTP/1.1\r\nHost: example.com\r\nContent-Length: 3\r\n\r\nabc"
        client.send("".join((post if number % 3 == 0 else head) % number for number in range(20)).encode())
        assert [client.response().body for _ in range(20)] == [b"/%d" % number for number in range(20)]
    assert [request.body for request in origin.requests if request.method == "POST"] == [b"abc"] * 7


def test_a_request_may_come_byte_by_byte(gateway, origin):
    with Client(gateway.port) as client:
        for byte in b"POST /slow HTTP/1.1\r\nHost: example.com\r\nContent-Length: 2\r\n\r\nok":
            client.send(bytes([byte]))
        assert client.response().body == b"/slow"
    assert origin.requests[0].body == b"ok"


def test_connection_close_closes_after_the_answer(gateway):
    with Client(gateway.port) as client:
        client.request("GET / HTTP/1.1", "Connection: close")
        response = client.response()
        assert (response.status, response.get("connection")) == (200, "close")
        assert client.is_ended()


def test_a_new_connection_replaces_one_that_the_origin_closed(gateway, origin):
    def answer_and_close(request, peer):
        peer.send(reply(b"first"))
        peer.close()

    patient, origin.answer = origin.answer, answer_and_close
    with Client(gateway.port) as client:
        client.request("GET /a HTTP/1.1")
        assert client.response().body == b"first"
        origin.answer = patient
        client.request("GET /b HTTP/1.1")
        assert client.response().body == b"/b"
    assert origin.connections == 2


# HTTP/1.0


def test_http_1_0_gets_no_chunks_and_an_end(gateway, origin):
    def chunked(request, peer):
        peer.send(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n4\r\ndefg\r\n0\r\n\r\n")

    origin.answer = chunked
    with Client(gateway.port) as client:
        client.request("GET / HTTP/1.0")
        response = client.response()
        assert response.get("transfer-encoding") is None
        assert response.body == b"abcdefg"
        assert client.is_ended()


def test_http_1_0_may_keep_its_connection(gateway):
    with Client(gateway.port) as client:
        for number in range(2):
            client.request(f"GET /{number} HTTP/1.0", "Connection: keep-alive")
            response = client.response()
            assert response.get("connection") == "keep-alive"
            assert response.body == b"/%d" % number


# Content


def test_content_may_be_chunked_both_ways(gateway, origin):
    pieces = [b"one", b"2" * 70_000, b"x"]
    trailers = []

    def echo(request, peer):
        trailers.append(peer.trailers)
        peer.send(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
        for at in range(0, len(request.body), 1000):
            piece = request.body[at : at + 1000]
            peer.send(b"%X;name=value\r\n%b\r\n" % (len(piece), piece))
        peer.send(b"0\r\nX-Checksum: 1\r\n\r\n")

    origin.answer = echo
    with Client(gateway.port) as client:
        for _ in range(2):
            client.request("POST / HTTP/1.1", "Transfer-Encoding: chunked")
            for piece in pieces:
                client.send(b"%x\r\n%b\r\n" % (len(piece), piece))
            client.send(b"0\r\nLosantdomain: tenant.example\r\n\r\n")
            response = client.response()
            assert response.head.is_chunked
            assert response.body == b"".join(pieces)
            assert client.trailers == trailers.pop() == [], "trailers end at the gateway"
    assert [request.head.is_chunked for request in origin.requests] == [True, True]


def test_a_head_response_has_no_body_and_keeps_its_length(gateway, origin):
    origin.answer = lambda request, peer: peer.send(
        b"HTTP/1.1 200 OK\r\nContent-Length: 12345\r\n\r\n" if request.method == "HEAD" else reply(b"after"))
    with Client(gateway.port) as client:
        client.request("HEAD / HTTP/1.1")
        assert client.response("HEAD").get("content-length") == "12345"
        client.request("GET / HTTP/1.1")
        assert client.response().body == b"after"


@pytest.mark.parametrize("status", ["204 No Content", "304 Not Modified"])
def test_204_and_304_have_no_body(gateway, origin, status):
    origin.answer = lambda request, peer: peer.send(
        f"HTTP/1.1 {status}\r\nETag: \"a\"\r\n\r\n".encode() if request.target == "/empty" else reply(b"after"))
    with Client(gateway.port) as client:
        client.request("GET /empty HTTP/1.1")
        response = client.response()
        assert (response.status, response.get("etag")) == (int(status[:3]), '"a"')
        assert response.get("transfer-encoding") is None
        client.request("GET / HTTP/1.1")
        assert client.response().body == b"after"


def test_what_ends_with_the_origins_connection_is_chunked(gateway, origin):
    def until_close(request, peer):
        peer.send(b"HTTP/1.1 200 OK\r\n\r\nall of it")
        peer.close()

    origin.answer = until_close
    with Client(gateway.port) as client:
        client.request("GET / HTTP/1.1")
        response = client.response()
        assert response.head.is_chunked and response.body == b"all of it"


# Expect


def test_expect_100_continue_waits_for_the_origin(gateway, origin):
    with Client(gateway.port) as client:
        client.request("PUT / HTTP/1.1", "Content-Length: 5", "Expect: 100-continue")
        assert client.response().status == 100
        client.send(b"hello")
        assert client.response().status == 200
    assert [request.body for request in origin.requests] == [b"hello"]


def test_expect_100_continue_may_be_refused_before_the_content(gateway, origin):
    def refuse(peer):
        peer.send(reply(b"no", "403 Forbidden", "Connection: close"))
        peer.close()

    origin.continued = refuse
    with Client(gateway.port) as client:
        client.request("PUT / HTTP/1.1", "Content-Length: 5", "Expect: 100-continue")
        response = client.response()
        assert (response.status, response.body) == (403, b"no")
        assert client.is_ended(), "nobody can say whether the content follows"


def test_curl_uploads_with_expect(gateway, origin, tmp_path):
    file = tmp_path / "upload"
    file.write_bytes(b"u" * 2_000_000)
    done = subprocess.run(
        ["curl", "--silent", "--show-error", "--noproxy", "*", "--max-time", "20", "--upload-file", str(file),
         "--header", "Host: example.com", "--header", "Expect: 100-continue", f"{gateway.url}/up"],
        capture_output=True, check=True)
    assert done.stdout == b"/up"
    assert origin.requests[0].body == b"u" * 2_000_000


# Forwarding


def test_the_origin_is_told_about_the_client_by_the_gateway_alone(gateway, origin):
    with Client(gateway.port) as client:
        client.request(
            "GET / HTTP/1.1", "X-Forwarded-For: 6.6.6.6", "X-Forwarded-Proto: https", "X-Forwarded-Host: evil.example",
            "X-Forwarded-Port: 1", "Forwarded: for=6.6.6.6", "X-Original-URL: /admin", "X-HTTP-Method-Override: DELETE",
            "Via: 1.1 other", "X-Mine: kept")
        assert client.response().status == 200
    head = origin.requests[0].head
    assert head.get("x-forwarded-for") == "127.0.0.1"
    assert head.get("x-forwarded-proto") == "http"
    assert head.get("x-forwarded-host") == "example.com"
    assert ", ".join(head.all("via")) == "1.1 other, 1.1 gatehouse"
    assert head.get("host") == f"127.0.0.1:{origin.port}"
    assert head.get("x-mine") == "kept"
    for dropped in ("x-forwarded-port", "forwarded", "x-original-url", "x-http-method-override"):
        assert head.all(dropped) == [], dropped


def test_fields_of_the_connection_end_at_the_gateway(gateway, origin):
    origin.answer = lambda request, peer: peer.send(
        reply(
            b"", "200 OK", "Connection: keep-alive, X-Origin-Hop", "Keep-Alive: timeout=5", "X-Origin-Hop: 1",
            "X-End: 1"))
    with Client(gateway.port) as client:
        client.request(
            "GET / HTTP/1.1", "Connection: keep-alive, X-Hop", "Keep-Alive: timeout=1", "X-Hop: 1", "TE: trailers",
            "Proxy-Authorization: Basic eDp5", "Proxy-Connection: keep-alive", "Upgrade: websocket", "X-End: 1")
        response = client.response()
    head = origin.requests[0].head
    # Trailers are taken by the gateway itself, for a client that takes them.
    assert head.all("te") == ["trailers"]
    for name in ("keep-alive", "x-hop", "proxy-authorization", "proxy-connection", "upgrade"):
        assert head.all(name) == [], name
    assert "x-hop" not in ",".join(head.all("connection")).lower()
    assert head.get("x-end") == "1"
    assert response.head.all("keep-alive") == response.head.all("x-origin-hop") == []
    assert response.get("x-end") == "1"


def test_an_endpoints_base_path_goes_before_the_path(gateways, origin):
    configuration = plain(origin.port)
    configuration["upstreams"]["origin"]["endpoints"] = [f"http://127.0.0.1:{origin.port}/base/v1"]
    gateway = gateways(configuration)
    with Client(gateway.port) as client:
        client.request("GET /me/./tokens?a=b%20c HTTP/1.1")
        assert client.response().status == 200
    assert origin.requests[0].target == "/base/v1/me/tokens?a=b%20c"


@pytest.mark.parametrize("name", ["authorization", "Losantdomain", "host", "content-length", "x-forwarded-for"])
def test_connection_cannot_name_what_is_judged_by(gateway, origin, name):
    with Client(gateway.port) as client:
        client.request("GET / HTTP/1.1", f"Connection: keep-alive, {name}", "Authorization: Bearer x")
        response = client.response()
        assert response.status == 400
        assert b'"reason":"connection_names_protected_field"' in response.body
        assert client.is_ended()
    assert origin.requests == []


# Domains


def test_an_unknown_domain_is_404_and_two_domains_are_421(gateways, origin):
    both = plain(origin.port)
    both["domains"].append({"name": "tenant.example", "upstream": "origin"})
    gateway = gateways(both)
    with Client(gateway.port) as client:
        for host, field, expected in [
            ("example.com", "losantdomain: EXAMPLE.com", 200),
            ("127.0.0.1", "losantdomain: tenant.example", 200),
            ("tenant.example:8080", "losantdomain:", 200),
            ("other.example", "X-Nothing: 1", 404),
            ("example.com", "losantdomain: other.example", 404),
            ("example.com", "losantdomain: tenant.example", 421),
        ]:
            client.request("GET / HTTP/1.1", field, host=host)
            assert client.response().status == expected, (host, field)
    assert len(origin.requests) == 3
    assert [request.head.get("losantdomain") for request in origin.requests[:2]] == ["example.com", "tenant.example"]
