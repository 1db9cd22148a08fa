"""Listeners with TLS, seen by curl, openssl and Python's ssl."""

import os
import re
import signal
import socket
import ssl
import subprocess
import threading
import time
from pathlib import Path

import pytest

from harness.gateway import plain
from harness.memory import MIB, forget_peak, peak, resident
from harness.origin import Origin, reply
from harness.process import executable, wait_until
from harness.tls import Authority, TLSClient
from harness.wire import PATIENCE, Client

V12, V13 = ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3


@pytest.fixture
def authority(tmp_path) -> Authority:
    return Authority(tmp_path)


def listener(*certificates, **more) -> dict:
    """The settings of a listener."""
    sources = {"domain_from": more.pop("domain_from")} if "domain_from" in more else {}
    return {"tls": {"certificates": [files.setting for files in certificates], **more}, **sources}


def curl(gateway, authority, path: str, *arguments: str) -> subprocess.CompletedProcess:
    return subprocess.run(
        ["curl", "--silent", "--show-error", "--noproxy", "*", "--cacert", authority.certificate, "--max-time", "20",
         "--resolve", f"example.com:{gateway.port}:127.0.0.1", *arguments, f"https://example.com:{gateway.port}{path}"],
        capture_output=True, text=True, timeout=PATIENCE + 5)


# Handshakes


@pytest.mark.parametrize("version", ["1.2", "1.3"])
def test_curl_is_served(gateways, origins, authority, version):
    origin = origins()
    gateway = gateways(plain(origin.port), listener=listener(authority.issue("DNS:example.com")))
    done = curl(gateway, authority, "/a", f"--tlsv{version}", "--tls-max", version,
                "--write-out", "|%{http_version}|%{http_code}|%{num_connects}\n",
                "--next", "--silent", "--noproxy", "*", "--cacert", authority.certificate,
                "--resolve", f"example.com:{gateway.port}:127.0.0.1", "--write-out", "|%{num_connects}",
                f"https://example.com:{gateway.port}/b")
    assert done.returncode == 0, done.stderr
    # The URL of `curl` stands last, so /b comes first; the second request needs no connection of its own.
    assert sorted(re.findall(r"/[ab]", done.stdout)) == ["/a", "/b"], done.stdout
    assert origin.served == 2
    assert all(request.head.get("x-forwarded-proto") == "https" for request in origin.requests)


@pytest.mark.parametrize("version", [V12, V13])
def test_keep_alive_and_pipelining(gateways, origins, authority, version):
    origin = origins()
    gateway = gateways(plain(origin.port), listener=listener(authority.issue("DNS:example.com")))
    context = authority.client_context(minimum=version, maximum=version)
    with TLSClient(gateway.port, context) as client:
        assert client.socket.version() == {V12: "TLSv1.2", V13: "TLSv1.3"}[version]
        for number in range(3):
            client.request(f"GET /{number} HTTP/1.1")
            assert client.response().body == b"/%d" % number
        client.send(b"".join(b"GET /p%d HTTP/1.1\r\nHost: example.com\r\n\r\n" % number for number in range(50)))
        assert [client.response().body for _ in range(50)] == [b"/p%d" % number for number in range(50)]
        # Records of one byte.
        for byte in b"GET /slowly HTTP/1.1\r\nHost: example.com\r\n\r\n":
            client.send(bytes([byte]))
        assert client.response().body == b"/slowly"
        client.request("GET /last HTTP/1.1", "Connection: close")
        assert client.response().body == b"/last"
        # Without close_notify this would raise.
        assert client.is_ended()


def test_the_name_picks_the_certificate(gateways, origins, authority):
    first, second, wild = (authority.issue(f"DNS:{name}") for name in ("example.com", "other.test", "*.wild.test"))
    gateway = gateways(plain(origins().port), listener=listener(first, second, wild))
    asked = {"example.com": "example.com", "OTHER.test": "other.test", "a.wild.test": "*.wild.test"}
    for name, subject in asked.items():
        with TLSClient(gateway.port, authority.client_context(), name) as client:
            assert client.socket.getpeercert()["subjectAltName"] == (("DNS", subject),)
    # Who asks for none, or for another, is shown the first.
    with pytest.raises(ssl.SSLCertVerificationError, match="not valid for 'a.b.wild.test'"):
        TLSClient(gateway.port, authority.client_context(), "a.b.wild.test")
    context = authority.client_context()
    context.check_hostname = False
    with TLSClient(gateway.port, context, None) as client:
        assert client.socket.getpeercert()["subjectAltName"] == (("DNS", "example.com"),)


def test_the_name_finds_the_domain_and_must_agree(gateways, origins, authority):
    origin = origins()
    configuration = plain(origin.port)
    configuration["domains"].append({"name": "other.test", "upstream": "origin"})
    names = authority.issue("DNS:example.com", "DNS:other.test", "DNS:gateway.test")
    gateway = gateways(
        configuration, listener=listener(names, domain_from=["losantdomain", "host", "sni"]))

    def ask(name: str, *fields: str, host: str = "gateway.test") -> tuple[int, bytes]:
        with TLSClient(gateway.port, authority.client_context(), name) as client:
            client.request("GET / HTTP/1.1", *fields, host=host)
            response = client.response()
            return response.status, response.body

    assert ask("example.com")[0] == 200
    assert ask("example.com", host="example.com")[0] == 200
    assert ask("gateway.test", "losantdomain: other.test")[0] == 200
    assert ask("gateway.test")[0] == 404
    served = origin.served
    for status, body in [
            ask("example.com", host="other.test"), ask("example.com", "losantdomain: other.test"),
            ask("other.test", "losantdomain: other.test", host="example.com")]:
        assert status == 421 and b"domain_mismatch" in body, body
    assert origin.served == served


def test_an_old_version_is_refused(gateways, origins, authority):
    files = authority.issue("DNS:example.com")
    gateway = gateways(plain(origins().port), listener=listener(files, min_version="1.3"))
    with pytest.raises(ssl.SSLError, match="(?i)protocol.version"):
        TLSClient(gateway.port, authority.client_context(maximum=V12))
    with TLSClient(gateway.port, authority.client_context()) as client:
        client.request("GET / HTTP/1.1")
        assert client.response().status == 200


@pytest.mark.parametrize("first", [b"", b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03"], ids=["silent", "begun"])
def test_who_does_not_finish_the_handshake_is_closed(gateways, origins, authority, first):
    files = authority.issue("DNS:example.com")
    gateway = gateways(plain(origins().port), listener=listener(files, handshake_timeout="1s"))
    with Client(gateway.port) as client:
        client.send(first)
        assert client.is_ended()


def test_plain_http_at_a_tls_port_is_closed(gateways, origins, authority):
    origin = origins()
    gateway = gateways(plain(origin.port), listener=listener(authority.issue("DNS:example.com")))
    for data in [b"GET / HTTP/1.1\r\nHost: example.com\r\n\r\n", os.urandom(40_000), b"\x16\x03\x01\xff\xff" + b"a" * 9]:
        with Client(gateway.port) as client:
            client.send(data)
            try:
                answer = client.read_to_end()
            except ConnectionResetError:
                answer = b""
            assert not answer or answer[:1] == b"\x15", "an alert or nothing"
    assert origin.requests == []
    with TLSClient(gateway.port, authority.client_context()) as client:
        client.request("GET / HTTP/1.1")
        assert client.response().status == 200


def test_plain_bytes_after_a_broken_record_are_no_request(gateways, origins, authority):
    origin = origins()
    gateway = gateways(plain(origin.port), listener=listener(authority.issue("DNS:example.com")))
    client = TLSClient(gateway.port, authority.client_context())
    raw = socket.socket(fileno=client.socket.detach())
    raw.settimeout(PATIENCE)
    # A record that was not encrypted by the client, and a request in clear behind it.
    raw.sendall(b"\x17\x03\x03\x00\x20" + b"x" * 32 + b"GET /clear HTTP/1.1\r\nHost: example.com\r\n\r\n")
    received = b""
    try:
        while data := raw.recv(65536):
            received += data
    except ConnectionResetError:
        pass
    raw.close()
    assert b"HTTP/1.1" not in received
    assert origin.requests == []


# Ends


def test_a_client_cut_in_mid_upload_leaves_no_whole_request(gateways, origins, authority):
    origin = origins()
    gateway = gateways(plain(origin.port), listener=listener(authority.issue("DNS:example.com")))
    client = TLSClient(gateway.port, authority.client_context())
    client.request("PUT / HTTP/1.1", "Content-Length: 100000", body=b"x" * 50_000)
    wait_until(lambda: origin.requests, "the request's head at the origin")
    raw = socket.socket(fileno=client.socket.detach())
    raw.close()
    wait_until(lambda: not origin.open, "the origin freed")
    assert origin.served == 0


def test_a_cut_response_does_not_look_whole(gateways, origins, authority):
    """HTTP/1.0 without a length: the end of TLS is the end of the message, so a cut must have none."""
    def half(request, peer):
        peer.send(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nfirst\r\n")
        if request.target == "/whole":
            peer.send(b"0\r\n\r\n")
        else:
            peer.close()

    gateway = gateways(plain(origins(half).port), listener=listener(authority.issue("DNS:example.com")))
    with TLSClient(gateway.port, authority.client_context()) as client:
        client.request("GET /whole HTTP/1.0")
        client.read_head()
        assert client.read_to_end() == b"first"
    with TLSClient(gateway.port, authority.client_context()) as client:
        client.request("GET /half HTTP/1.0")
        with pytest.raises((ssl.SSLEOFError, ConnectionResetError)):
            client.read_head()
            client.read_to_end()


def test_draining_says_goodbye(gateways, origins, authority):
    finish = threading.Event()

    def slow(request, peer):
        if request.target == "/slow":
            peer.send(b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nfirst")
            assert finish.wait(PATIENCE)
            peer.send(b"-last")
        else:
            peer.send(reply(b"fine"))

    gateway = gateways(plain(origins(slow).port), listener=listener(authority.issue("DNS:example.com")))
    context = authority.client_context()
    with TLSClient(gateway.port, context) as idle, TLSClient(gateway.port, context) as busy:
        idle.request("GET / HTTP/1.1")
        assert idle.response().body == b"fine"
        busy.request("GET /slow HTTP/1.1")
        assert busy.read_until(b"first") is not None
        gateway.signal(signal.SIGTERM)
        assert idle.read_to_end() == b""
        finish.set()
        assert busy.read_exactly(5) == b"-last"
        assert busy.read_to_end() == b""
    assert gateway.wait() == 0


# Bodies

LARGE = 64 * MIB
BLOCK = bytes(range(256)) * 256


@pytest.mark.parametrize("framing", ["length", "chunked"])
def test_a_large_download_to_a_slow_reader_takes_no_memory(gateways, origins, authority, framing):
    sent = 0

    def large(request, peer):
        nonlocal sent
        field = b"Transfer-Encoding: chunked" if framing == "chunked" else b"Content-Length: %d" % LARGE
        peer.send(b"HTTP/1.1 200 OK\r\n" + field + b"\r\n\r\n")
        for _ in range(LARGE // len(BLOCK)):
            peer.send(b"%x\r\n%b\r\n" % (len(BLOCK), BLOCK) if framing == "chunked" else BLOCK)
            sent += len(BLOCK)
        if framing == "chunked":
            peer.send(b"0\r\n\r\n")

    gateway = gateways(plain(origins(large).port), listener=listener(authority.issue("DNS:example.com")))
    with TLSClient(gateway.port, authority.client_context()) as client:
        forget_peak(gateway.pid)
        before = resident(gateway.pid)
        client.request("GET / HTTP/1.1")
        head = client.read_head()
        wait_until(lambda: settled(lambda: sent), "an origin that is held up")
        assert sent < LARGE / 2, "nobody reads, and all was taken from the origin"
        left = LARGE
        while left:
            piece = client.read_chunk() if head.is_chunked else client.read_exactly(min(left, len(BLOCK)))
            assert piece == (BLOCK * 2)[(LARGE - left) % 256 :][: len(piece)]
            left -= len(piece)
        if head.is_chunked:
            assert client.read_chunk() == b""
        assert peak(gateway.pid) - before < 16 * MIB


def test_a_large_upload_to_a_slow_origin_takes_no_memory(gateways, origins, authority):
    go_on = threading.Event()
    received = 0

    class Slow(Origin):
        def serve(self, peer):
            nonlocal received
            peer.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 65536)
            head = peer.read_head()
            assert go_on.wait(PATIENCE)
            left = int(head.get("content-length"))
            while left:
                piece = peer.read_exactly(min(left, len(BLOCK)))
                assert piece == BLOCK[: len(piece)]
                left -= len(piece)
                received += len(piece)
            peer.send(reply(b"taken"))

    gateway = gateways(plain(origins(kind=Slow).port), listener=listener(authority.issue("DNS:example.com")))
    with TLSClient(gateway.port, authority.client_context()) as client:
        forget_peak(gateway.pid)
        before = resident(gateway.pid)
        sent = 0

        def upload():
            nonlocal sent
            client.request("PUT / HTTP/1.1", f"Content-Length: {LARGE}")
            for _ in range(LARGE // len(BLOCK)):
                client.send(BLOCK)
                sent += len(BLOCK)

        thread = threading.Thread(target=upload)
        thread.start()
        wait_until(lambda: settled(lambda: sent), "a client that is held up")
        assert sent < LARGE / 2, "nobody reads, and all was taken from the client"
        go_on.set()
        thread.join(PATIENCE)
        assert client.response().body == b"taken"
        assert received == LARGE
        assert peak(gateway.pid) - before < 16 * MIB


def settled(count) -> bool:
    """Whether a count that has begun stands still for a while."""
    before = count()
    time.sleep(0.5)
    return before > 0 and count() == before


# Files


def test_changed_certificates_are_taken(gateways, origins, authority):
    files = authority.issue("DNS:example.com", file="served")
    gateway = gateways(plain(origins().port), listener=listener(files))
    context = authority.client_context()
    with TLSClient(gateway.port, context) as old:
        first = old.serial
        authority.issue("DNS:example.com", file="served")

        def serial() -> int:
            with TLSClient(gateway.port, context) as client:
                return client.serial

        wait_until(lambda: serial() != first, "the new certificate")
        second = serial()
        old.request("GET /old HTTP/1.1")
        assert old.response().body == b"/old"

        # A broken file is told, and changes nothing.
        good = Path(files.certificate).read_bytes()
        Path(files.certificate).write_bytes(good[: len(good) // 2])
        wait_until(lambda: "changed TLS files cannot be used" in gateway.log(), "the broken file in the log")
        assert files.certificate in gateway.log()
        assert serial() == second
        # A key of another certificate neither.
        Path(files.certificate).write_bytes(good)
        Path(files.key).write_bytes(Path(authority.issue("DNS:example.com", file="another").key).read_bytes())
        wait_until(lambda: "does not belong to the certificate" in gateway.log(), "the wrong key in the log")
        assert serial() == second
        authority.issue("DNS:example.com", file="served")
        wait_until(lambda: serial() != second, "the third certificate")
        old.request("GET /older HTTP/1.1")
        assert old.response().body == b"/older"
    assert "PRIVATE" not in gateway.log()


def test_the_log_names_the_certificates_from_the_start(gateways, origins, authority):
    good, expired = authority.issue("DNS:example.com"), authority.issue("DNS:old.test", expired=True)
    log = gateways(plain(origins().port), listener=listener(good, expired)).log()
    used = [line for line in log.splitlines() if "a TLS certificate is in use" in line]
    assert [files.certificate in line for files, line in zip((good, expired), used, strict=True)] == [True, True], log
    warned = [line for line in log.splitlines() if "a TLS certificate is not valid" in line]
    assert len(warned) == 1 and f"{expired.certificate} has expired at 2020-02-01" in warned[0], log


def test_check_points_at_bad_files(tmp_path, authority):
    good, other = authority.issue("DNS:example.com"), authority.issue("DNS:other.test")
    (tmp_path / "torn.pem").write_bytes(Path(good.certificate).read_bytes()[:300])
    file = tmp_path / "wrong.yaml"
    file.write_text(f"""\
version: 1
listeners:
  - bind: 127.0.0.1:8443
    tls:
      certificates:
        - {{ certificate: {good.certificate}, key: {other.key} }}
        - {{ certificate: torn.pem, key: {good.key} }}
        - {{ certificate: missing.pem, key: {other.key} }}
        - {{ certificate: {other.key}, key: {other.certificate} }}
upstreams:
  origin:
    endpoints: ["https://127.0.0.1:1"]
    tls: {{ authority: torn.pem }}
domains: [{{ name: example.com, upstream: origin }}]
""")
    done = subprocess.run([executable(), "check", str(file)], capture_output=True, text=True, timeout=PATIENCE)
    assert done.returncode == 1
    lines = {int(line) for line in re.findall(r"wrong\.yaml:(\d+):\d+: error: ", done.stderr)}
    # What the loader finds is told before the files are tried.
    assert {8, 9} <= lines, done.stderr
    text = file.read_text().split("\n")
    file.write_text("\n".join(text[:7] + text[9:]))
    done = subprocess.run([executable(), "check", str(file)], capture_output=True, text=True, timeout=PATIENCE)
    assert done.returncode == 1
    lines = {int(line) for line in re.findall(r"wrong\.yaml:(\d+):\d+: error: ", done.stderr)}
    assert {6, 7} <= lines and len(lines) == 3, done.stderr
    assert "does not belong to the certificate" in done.stderr
