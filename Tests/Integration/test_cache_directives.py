"""What the cache does on the wire where RFC 9111 and its relatives say what it must: directives, fields, and whose word counts.

Each test names its section. The origin's answers are stale from the beginning or fresh for hours, so no clock decides."""

import pytest

from harness.gateway import plain
from harness.origin import Origin, reply
from harness.process import free_port, wait_until
from harness.wire import Client

FRESH = "Cache-Control: max-age=600"
STALE = ["Cache-Control: max-age=0", 'ETag: "v1"']


def cached(*ports: int, **settings) -> dict:
    cache = {"respect": "origin", "share": "public", **settings}
    return plain(*ports, defaults={"use": [{"cache": cache}]})


def ask(client: Client, line: str = "GET /a HTTP/1.1", *fields: str):
    client.request(line, *fields)
    return client.response(line.split(" ")[0])


def test_5_2_directives_go_on_to_both_sides(gateways, origins):
    said = 'max-age=600, x-unknown="a, b", stale-if-error=9'
    origin = origins(lambda request, peer: peer.send(reply(b"hello", "200 OK", f"Cache-Control: {said}", "Pragma: x")))
    asked = ["no-cache, x-other=1, no-transform", "max-age=5, min-fresh=1", "stale-if-error=9"]
    with Client(gateways(cached(origin.port)).port) as client:
        for value in asked:
            answer = ask(client, "GET /a HTTP/1.1", f"Cache-Control: {value}", "Pragma: no-cache")
            assert answer.get("cache-control") == said and answer.get("pragma") == "x"
        hit = ask(client)
        assert hit.get("cache-status").startswith("gatehouse; hit") and hit.get("cache-control") == said
        ask(client, "POST /a HTTP/1.1", "Content-Length: 0", "Cache-Control: only-if-cached")
    sent = [request.head.get("cache-control") for request in origin.requests]
    assert sent[0] == asked[0] and sent[-1] == "only-if-cached"
    assert origin.requests[0].head.get("pragma") == "no-cache"


def test_3_1_trailers_are_no_fields(gateways, origins):
    def answer(request, peer):
        peer.send(
            f"HTTP/1.1 200 OK\r\n{FRESH}\r\nTransfer-Encoding: chunked\r\nTrailer: X-T\r\nX-F: 1\r\n\r\n"
            "5\r\nhello\r\n0\r\nX-T: 2\r\n\r\n".encode())

    with Client(gateways(cached(origins(answer).port)).port) as client:
        ask(client)
        hit = ask(client)
        assert hit.get("cache-status").startswith("gatehouse; hit") and hit.body == b"hello"
        assert hit.get("x-f") == "1" and hit.get("x-t") is None and hit.get("trailer") is None


@pytest.mark.parametrize("ban", ["must-revalidate", "proxy-revalidate", "s-maxage=0", "no-cache"])
def test_5_2_2_2_no_stale_answer_without_the_origin(gateways, ban):
    origin = Origin(lambda request, peer: peer.send(
        reply(b"hello", "200 OK", f"Cache-Control: max-age=0, stale-if-error=600, {ban}", 'ETag: "v1"')))
    with Client(gateways(cached(origin.port, stale_if_error="1h")).port) as client:
        assert ask(client).body == b"hello"
        origin.close()
        for wish in ["max-stale", "stale-if-error=600", "x"]:
            answer = ask(client, "GET /a HTTP/1.1", f"Cache-Control: {wish}")
            assert answer.status in (502, 503, 504) and answer.get("cache-status") is None


def test_rfc_5861_4_a_client_may_ask_for_a_stale_answer_on_errors(gateways):
    origin = Origin(lambda request, peer: peer.send(reply(b"hello", "200 OK", *STALE)))
    with Client(gateways(cached(origin.port)).port) as client:
        assert ask(client).body == b"hello"
        origin.close()
        assert ask(client).status in (502, 503, 504)
        answer = ask(client, "GET /a HTTP/1.1", "Cache-Control: stale-if-error=600")
        assert (answer.status, answer.body) == (200, b"hello")
        assert answer.get("cache-status") == "gatehouse; fwd=stale" and answer.get("age") is not None
        assert ask(client, "GET /a HTTP/1.1", "Cache-Control: stale-if-error=600, no-cache").status in (502, 503, 504)


def test_rfc_5861_3_a_head_has_the_answer_made_fresh(gateways, origins):
    def answer(request, peer):
        first = request is origin.requests[0]
        peer.send(reply(b"old", "200 OK", "Cache-Control: max-age=0, stale-while-revalidate=600") if first
                  else reply(b"new", "200 OK", FRESH))

    origin = origins(answer)
    with Client(gateways(cached(origin.port)).port) as client:
        ask(client)
        head = ask(client, "HEAD /a HTTP/1.1", "X-Own: 1")
        assert (head.status, head.get("content-length")) == (200, "3")
        wait_until(lambda: origin.served == 2, "the gateway asks")
        assert (origin.requests[1].method, origin.requests[1].head.get("x-own")) == ("GET", "1")
        wait_until(lambda: "ttl=-" not in ask(client).get("cache-status"), "the answer is fresh")
        assert ask(client).body == b"new"
    assert len(origin.requests) == 2


def test_4_3_1_a_validation_has_the_fields_that_select(gateways, origins):
    origin = origins(lambda request, peer: peer.send(
        b'HTTP/1.1 304 Not Modified\r\nETag: "v1"\r\n\r\n' if request.head.get("if-none-match")
        else reply(b"hello", "200 OK", *STALE, "Vary: X-V, Accept-Language")))
    with Client(gateways(cached(origin.port)).port) as client:
        for language in ["en, de", "EN ,de"]:
            answer = ask(client, "GET /a HTTP/1.1", "X-V: 1", f"Accept-Language: {language}")
            assert answer.body == b"hello"
        assert ask(client, "GET /a HTTP/1.1", "X-V: 1", "Accept-Language: de, en").get("cache-status").startswith(
            "gatehouse; fwd=vary-miss")
    asked = [(head.get("if-none-match"), head.get("x-v"), head.get("accept-language"))
             for head in (request.head for request in origin.requests)]
    assert asked == [(None, "1", "en, de"), ('"v1"', "1", "EN ,de"), (None, "1", "de, en")]


def test_4_1_codings_reach_those_only_who_sent_the_same(gateways, origins):
    origin = origins(lambda request, peer: peer.send(
        reply(b"\x1f\x8b", "200 OK", FRESH, "Content-Encoding: gzip") if request.head.get("accept-encoding")
        else reply(b"plain", "200 OK", FRESH)))
    with Client(gateways(cached(origin.port)).port) as client:
        coded = [ask(client, "GET /a HTTP/1.1", f"Accept-Encoding: {value}") for value in ["gzip", "GZIP;q=1"]]
        assert [answer.body for answer in coded] == [b"\x1f\x8b"] * 2 and origin.served == 1
        assert ask(client).body == b"plain"


def test_4_3_5_a_head_updates_what_is_kept(gateways, origins):
    def answer(request, peer):
        fields = STALE if request is origin.requests[0] else [FRESH, 'ETag: "v1"', "X-New: 1"]
        whole = reply(b"hello", "200 OK", *fields)
        peer.send(whole[:-5] if request.method == "HEAD" else whole)

    origin = origins(answer)
    with Client(gateways(cached(origin.port)).port) as client:
        ask(client)
        assert ask(client, "HEAD /a HTTP/1.1").get("x-new") == "1"
        hit = ask(client)
        assert hit.get("cache-status").startswith("gatehouse; hit") and hit.get("x-new") == "1" and hit.body == b"hello"


def test_rfc_9211_2_others_word_stays_and_errors_have_none(gateways, origins):
    origin = origins(lambda request, peer: peer.send(reply(b"hello", "200 OK", FRESH, "Cache-Status: inner; hit")))
    with Client(gateways(cached(origin.port)).port) as client:
        for own in ["fwd=miss; stored", "hit; ttl="]:
            members = ask(client).head.all("cache-status")
            assert members[0] == "inner; hit" and members[1].startswith(f"gatehouse; {own}") and len(members) == 2
        assert ask(client, "GET /a HTTP/1.1", "Cookie: a=b").head.all("cache-status")[1] == "gatehouse; fwd=bypass"
    with Client(gateways(cached(free_port())).port) as client:
        for line, field in [("GET /a HTTP/1.1", "Cookie: a=b"), ("GET /a HTTP/1.1", "X: 1"),
                            ("POST /a HTTP/1.1", "Content-Length: 0")]:
            answer = ask(client, line, field)
            assert answer.status in (502, 503) and answer.get("cache-status") is None


def test_3_5_credentials_that_nobody_has_judged(gateways, origins):
    origin = origins(lambda request, peer: peer.send(reply(
        (request.head.get("authorization") or "nobody").encode(), "200 OK", FRESH,
        *(["Cache-Control: public"] if request.target == "/public" else []))))
    with Client(gateways(cached(origin.port)).port) as client:
        assert ask(client, "GET /a HTTP/1.1", "Authorization: Bearer a").body == b"Bearer a"
        assert ask(client).body == b"nobody"
        assert ask(client, "GET /public HTTP/1.1", "Authorization: Bearer a").body == b"Bearer a"
        assert ask(client, "GET /public HTTP/1.1").body == b"Bearer a"
