"""Streams of events, with curl as a listener."""

import subprocess
import threading
import time

from harness.gateway import plain
from harness.origin import reply
from harness.process import wait_until
from harness.wire import PATIENCE, Client

LOG = {"access-log": {"file": "stdout"}}
HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nCache-Control: max-age=60\r\n"


def streaming(next_one: threading.Semaphore, chunked: bool = True):
    """Sends an event each time it may."""

    def answer(request, peer):
        peer.send(HEAD + (b"Transfer-Encoding: chunked\r\n\r\n" if chunked else b"\r\n"))
        while next_one.acquire(timeout=PATIENCE):
            peer.send(b"9\r\ndata: 1\n\n\r\n" if chunked else b"data: 1\n\n")

    return answer


def listen(gateway, *options: str) -> subprocess.Popen:
    return subprocess.Popen(
        ["curl", "--silent", "--no-buffer", "--noproxy", "*", "--header", "Host: example.com", *options,
         f"{gateway.url}/events"], stdout=subprocess.PIPE)


def test_curl_gets_each_event_at_once(gateways, origins):
    next_one = threading.Semaphore(0)
    origin = origins(streaming(next_one))
    gateway = gateways(plain(origin.port, defaults={"use": [LOG]}))
    for option in ["--http1.1", "--http1.0"]:
        with listen(gateway, option) as curl:
            for _ in range(10):
                next_one.release()
                assert curl.stdout.read(9) == b"data: 1\n\n", "it is not held back until there is more"
            curl.kill()
        # The origin may write into the void once before it learns of it.
        wait_until(lambda: not origin.open or next_one.release(), "the origin is told that nobody listens")
    wait_until(lambda: len(gateway.access_log()) == 2, "two lines of the access log")
    assert [line["reason"] for line in gateway.access_log()] == ["client_closed"] * 2


def test_a_stream_may_be_silent_for_longer_than_other_answers(gateways, origins):
    next_one = threading.Semaphore(1)
    gateway = gateways(plain(
        origins(streaming(next_one)).port, defaults={"use": [LOG]},
        timeouts={"upstream_body_idle": "300ms", "exchange": "600ms", "stream_idle": "4s"}))
    with Client(gateway.port) as client:
        client.request("GET /events HTTP/1.1")
        client.read_head()
        assert client.read_chunk() == b"data: 1\n\n"
        time.sleep(1.5)
        next_one.release()
        assert client.read_chunk() == b"data: 1\n\n"
        assert client.is_ended(), "and without the last chunk"
    wait_until(lambda: gateway.access_log(), "a line of the access log")
    assert gateway.access_log()[0]["reason"] == "upstream_body_timeout"


def test_a_stream_is_not_kept(gateways, origins):
    def answer(request, peer):
        if request.target == "/events":
            peer.send(HEAD + b"Content-Length: 9\r\n\r\ndata: 1\n\n")
        else:
            peer.send(reply(b"kept", "200 OK", "Content-Type: text/plain", "Cache-Control: max-age=60"))

    origin = origins(answer)
    cache = {"cache": {"ttl": "1h", "share": "public", "override": ["no-store", "no-cache"]}}
    gateway = gateways(plain(origin.port, defaults={"use": [LOG, cache]}))
    with Client(gateway.port) as client:
        for target in ["/events", "/events", "/other", "/other"]:
            client.request(f"GET {target} HTTP/1.1")
            assert client.response().status == 200
    assert [request.target for request in origin.requests] == ["/events", "/events", "/other"]
