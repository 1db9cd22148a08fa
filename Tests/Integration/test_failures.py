"""What can break around the gateway, done by hand: it says what happened, and lives on."""

import re
import signal
import socket
import struct
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from harness import stalling_origin
from harness.gateway import plain
from harness.origin import Origin, reply
from harness.process import Process, executable, free_port, wait_until
from harness.wire import PATIENCE, Client, Truncated


# The origin


@pytest.mark.parametrize("framing", ["length", "chunked"])
def test_an_origin_killed_in_mid_response_cuts_the_response(gateways, origins, tmp_path, framing):
    port = free_port()
    script = str(Path(stalling_origin.__file__))
    origin = Process([sys.executable, script, str(port), framing], tmp_path, "origin")
    try:
        origin.wait_for_port(port)
        gateway = gateways(plain(port))
        with Client(gateway.port) as client:
            client.request("GET / HTTP/1.1")
            head = client.read_head()
            assert head.line.startswith("HTTP/1.1 200")
            first = client.read_chunk() if head.is_chunked else client.read_exactly(1000)
            assert first[:1000] == b"h" * 1000
            origin.kill()
            with pytest.raises((Truncated, ConnectionResetError)):
                while head.is_chunked:
                    assert client.read_chunk(), "a clean end would make half an answer look whole"
                client.read_exactly(2 * stalling_origin.HALF)
    finally:
        origin.kill()

    assert gateway.is_running
    with Client(gateway.port) as client:
        client.request("GET / HTTP/1.1")
        response = client.response()
        assert response.status == 502
        assert b'"reason":"upstream_connect_failed"' in response.body
        # The same connection and the same gateway, as soon as the origin is back.
        revived = Origin(port=port)
        try:
            client.request("GET /back HTTP/1.1")
            assert client.response().body == b"/back"
        finally:
            revived.close()


def test_an_origin_that_speaks_no_http_is_502(gateways, origins):
    origin = origins(lambda request, peer: peer.send(b"220 smtp.example ESMTP\r\n\r\n"))
    gateway = gateways(plain(origin.port))
    with Client(gateway.port) as client:
        client.request("GET / HTTP/1.1")
        response = client.response()
        assert response.status == 502
        origin.answer = lambda request, peer: peer.send(reply(b"fine"))
        client.request("GET / HTTP/1.1")
        assert client.response().body == b"fine"


def test_an_origin_that_cannot_do_tls_never_sees_a_token(gateways, origins):
    seen = bytearray()

    class Listening(Origin):
        def serve(self, peer):
            peer.fill()
            seen.extend(peer.buffer)
            peer.send(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")

    origin = origins(kind=Listening)
    configuration = plain(origin.port)
    configuration["upstreams"]["origin"]["endpoints"] = [f"https://127.0.0.1:{origin.port}"]
    gateway = gateways(configuration)
    with Client(gateway.port) as client:
        client.request("GET / HTTP/1.1", "Authorization: Bearer secret-token")
        response = client.response()
    assert response.status == 502
    assert seen[:1] == b"\x16", "a TLS handshake (RFC 8446 section 5.1)"
    assert b"secret" not in seen


# The client


def test_a_client_gone_in_mid_upload_frees_the_origin(gateways, origins):
    ended = threading.Event()

    class Watching(Origin):
        def serve(self, peer):
            try:
                super().serve(peer)
            finally:
                ended.set()

    origin = origins(kind=Watching)
    gateway = gateways(plain(origin.port))
    with Client(gateway.port) as client:
        client.request("PUT / HTTP/1.1", "Content-Length: 10000000", body=b"x" * 100_000)
        wait_until(lambda: origin.requests, "the request's head at the origin")
    assert ended.wait(PATIENCE), "the origin still waits for a client that has gone"
    assert origin.served == 0, "half an upload must not look whole"

    assert gateway.is_running
    with Client(gateway.port) as client:
        client.request("GET /next HTTP/1.1")
        assert client.response().body == b"/next"


def test_a_client_that_only_closes_its_side_is_answered(gateways, origins):
    gateway = gateways(plain(origins().port))
    with Client(gateway.port) as client:
        client.request("POST /one HTTP/1.1", "Content-Length: 2", body=b"hi")
        client.socket.shutdown(socket.SHUT_WR)
        response = client.response()
        assert (response.status, response.body) == (200, b"/one")
        assert response.get("connection") in (None, "close")
        assert client.read_to_end() == b""


def test_a_client_gone_while_it_waits_frees_the_origin(gateways, origins):
    ended = threading.Event()

    def silent(request, peer):
        # Nothing more comes but the end.
        while peer.fill():
            pass
        ended.set()

    origin = origins(silent)
    gateway = gateways(plain(origin.port))
    with Client(gateway.port) as client:
        client.request("GET /slow HTTP/1.1")
        wait_until(lambda: origin.requests, "the request at the origin")
    assert ended.wait(PATIENCE), "the origin still works for a client that has gone"
    with Client(gateway.port) as client:
        client.request("GET /gone HTTP/1.1")
        wait_until(lambda: len(origin.requests) == 2, "the second request")
        # A reset says at once that nobody is there.
        ended.clear()
        client.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    assert ended.wait(PATIENCE)


# The configuration

FIVE_MISTAKES = """\
version: 1
listeners:
  - bind: 127.0.0.1:99999
upstreams:
  origin: { endpoints: ["http://127.0.0.1:1"], max_connection: 4 }
timeouts:
  request_head: 10
domains:
  - name: example.com
    upstream: orign
    routes:
      - match: { method: get, path: /me/tokens }
"""


@pytest.mark.parametrize("command", ["check", "run"])
def test_all_mistakes_of_a_configuration_are_told_at_once(tmp_path, command):
    file = tmp_path / "wrong.yaml"
    file.write_text(FIVE_MISTAKES)
    done = subprocess.run([executable(), command, str(file)], capture_output=True, text=True, timeout=PATIENCE)
    assert done.returncode == 1
    assert done.stdout == ""
    places = re.findall(r"wrong\.yaml:(\d+):(\d+): error: ", done.stderr)
    lines = FIVE_MISTAKES.split("\n")
    pointed_at = [lines[int(line) - 1][int(column) - 1 :] for line, column in places]
    beginnings = ["127.0.0.1:99999", "max_connection", "10", "orign", "get"]
    assert len(pointed_at) == 5, done.stderr
    for text, beginning in zip(pointed_at, beginnings, strict=True):
        assert text.startswith(beginning), done.stderr


# The end


def test_sigterm_lets_a_running_response_finish(gateways, origins):
    finish = threading.Event()

    def slow(request, peer):
        peer.send(b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nfirst")
        assert finish.wait(PATIENCE)
        peer.send(b"-last")

    origin = origins(slow)
    gateway = gateways(plain(origin.port))
    with Client(gateway.port) as client, Client(gateway.port) as idle:
        client.request("GET / HTTP/1.1")
        assert client.read_until(b"first")
        gateway.signal(signal.SIGTERM)
        wait_until(lambda: refuses(gateway.port), "new connections refused")
        assert idle.is_ended(), "a connection without a request is closed"
        assert gateway.is_running
        finish.set()
        assert client.read_exactly(5) == b"-last"
        assert client.is_ended()
    assert gateway.wait() == 0


def refuses(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port), timeout=1).close()
    except ConnectionRefusedError:
        return True
    return False


def test_a_response_that_does_not_end_is_cut_at_the_limit(gateways, origins):
    stop = threading.Event()

    def endless(request, peer):
        peer.send(b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nfirst")
        stop.wait(PATIENCE)

    origin = origins(endless)
    gateway = gateways(plain(origin.port, shutdown={"limit": "200ms"}))
    with Client(gateway.port) as client:
        client.request("GET / HTTP/1.1")
        assert client.read_until(b"first")
        gateway.signal(signal.SIGTERM)
        with pytest.raises((Truncated, ConnectionResetError)):
            client.read_exactly(5)
    stop.set()
    assert gateway.wait() == 0
