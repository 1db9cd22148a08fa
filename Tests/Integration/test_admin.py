"""The operators' interface."""

import signal
import threading

import requests

from harness.gateway import plain
from harness.origin import reply
from harness.process import free_port, wait_until
from harness.wire import PATIENCE, Client


def test_liveness_readiness_and_metrics(gateways, origins):
    finish = threading.Event()

    def slow(request, peer):
        if request.target == "/slow":
            peer.send(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\na")
            assert finish.wait(PATIENCE)
            peer.send(b"b")
        else:
            peer.send(reply(b"quick"))

    origin = origins(slow)
    port = free_port()
    gateway = gateways(plain(origin.port, admin={"bind": f"127.0.0.1:{port}"}, shutdown={"delay": "1h"}))
    admin = f"http://127.0.0.1:{port}"

    def ask(path: str) -> requests.Response:
        return requests.get(f"{admin}{path}", timeout=PATIENCE)

    gateway.wait_for_port(port)
    assert ask("/livez").status_code == 200
    assert ask("/readyz").status_code == 200
    with Client(gateway.port) as client:
        client.request("GET / HTTP/1.1")
        assert client.response().status == 200
        client.request("GET / HTTP/1.1", host="nobody.example")
        assert client.response().status == 404
        metrics = ask("/metrics")
        assert metrics.headers["Content-Type"].startswith("text/plain; version=0.0.4")
        samples = dict(
            line.rsplit(" ", 1) for line in metrics.text.splitlines() if line and not line.startswith("#"))
        assert samples["gatehouse_requests_total"] == "2"
        assert samples['gatehouse_responses_total{class="2xx"}'] == "1"
        assert samples['gatehouse_refusals_total{reason="domain_unknown"}'] == "1"
        assert samples["gatehouse_upstream_connections_open"] == "1"

        # While it drains it is alive and not ready, and serves as long as shutdown.delay says.
        client.request("GET /slow HTTP/1.1")
        head = client.read_head()
        gateway.signal(signal.SIGTERM)
        wait_until(lambda: ask("/readyz").status_code == 503, "not ready any more")
        assert ask("/livez").status_code == 200
        with Client(gateway.port) as late:
            late.request("GET / HTTP/1.1")
            assert late.response().status == 200
        finish.set()
        assert client.read_body(head) == b"ab"
    gateway.signal(signal.SIGTERM)
    gateway.expected_code = 1
    assert gateway.wait() == 1, "a second signal ends it at once"
