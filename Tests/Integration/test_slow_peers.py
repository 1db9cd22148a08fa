"""Clients and origins that are slow: who holds whom up, and who pays for it."""

import socket
import threading
import time

import pytest

from harness.gateway import plain
from harness.memory import MIB, resident
from harness.origin import Origin
from harness.process import wait_until
from harness.wire import PATIENCE, Client

LOG = {"defaults": {"use": [{"access-log": {"file": "stdout"}}]}}
GRACE = {"body_grace": "500ms", "body_idle": "500ms"}
BLOCK = b"b" * 65_536


class Sender(Origin):
    """GET /N answers N bytes; whatever else is asked too, before its content has come."""

    def serve(self, peer):
        while peer.buffer or peer.fill():
            head = peer.read_head()
            total = int(head.line.split(" ")[1][1:])
            peer.send(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % total)
            for at in range(0, total, len(BLOCK)):
                peer.send(BLOCK[: total - at])


class Narrow(Client):
    """A client whose system takes little for it."""

    def __init__(self, port: int):
        peer = socket.socket()
        peer.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 16_384)
        peer.connect(("127.0.0.1", port))
        super(Client, self).__init__(peer)

    def read(self, most: int | None, pause: float, piece: int = 32_768) -> int:
        """Reads so much, with pauses, at most to the end; gives how much that was."""
        count, self.buffer = len(self.buffer), b""
        try:
            while (most is None or count < most) and (data := self.socket.recv(piece)):
                count += len(data)
                time.sleep(pause)
        except ConnectionResetError:
            pass
        return count


def lines(gateway, number: int) -> list[dict]:
    wait_until(lambda: len(gateway.access_log()) >= number, f"{number} lines of the access log")
    return gateway.access_log()


@pytest.fixture
def sender(origins):
    return origins(kind=Sender)


# Responses


@pytest.mark.parametrize("piece", [0, 512], ids=["nothing", "too little"])
def test_who_reads_too_slowly_is_cut(gateways, sender, piece):
    gateway = gateways(plain(sender.port, limits={"least_rate": "256KB"}, timeouts=GRACE, **LOG))
    with Narrow(gateway.port) as client:
        client.request(f"GET /{32 * MIB} HTTP/1.1")
        stop = threading.Event()

        def sip():
            while piece and not stop.wait(0.1):
                client.socket.recv(piece)

        reader = threading.Thread(target=sip)
        reader.start()
        line = lines(gateway, 1)[0]
        stop.set()
        reader.join()
        assert (line["status"], line["reason"]) == (200, "client_stalled")
        assert client.read(None, 0) < 32 * MIB
    wait_until(lambda: not sender.open, "the origin is told at once")


def test_who_reads_fast_enough_gets_everything(gateways, sender):
    gateway = gateways(plain(sender.port, limits={"least_rate": "64KB"}, timeouts=GRACE, **LOG))
    total = 4 * MIB
    with Narrow(gateway.port) as client:
        client.request(f"GET /{total} HTTP/1.1")
        client.read_head()
        # Six times the least rate or so: long enough for several looks.
        assert client.read(total, 0.05) == total
        client.request("GET /5 HTTP/1.1")
        assert client.response().body == b"bbbbb"
    assert [line["reason"] for line in lines(gateway, 2)] == [None, None]


def test_a_system_that_tells_of_progress_in_steps_does_no_harm(gateways, sender):
    """Four times the least rate, but seen from outside nothing moves for seconds, and then much at once."""
    gateway = gateways(plain(
        sender.port, limits={"least_rate": "2KB"}, timeouts={"body_grace": "500ms", "body_idle": "30s"}, **LOG))
    with Narrow(gateway.port) as client:
        client.request(f"GET /{16 * MIB} HTTP/1.1")
        client.read_head()
        assert client.read(48_000, 0.1, piece=820) >= 48_000
        assert gateway.access_log() == [], "it goes on"


def test_silence_after_a_slow_read_is_the_origins_right(gateways, origins):
    """The client held up a burst for a while; what it took since then must not be forgotten."""
    burst = 8 * MIB

    def answer(request, peer):
        peer.send(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % (burst + 1) + b"b" * burst)
        time.sleep(3)
        peer.send(b"e")

    gateway = gateways(plain(origins(answer).port, limits={"least_rate": "1KB"}, timeouts=GRACE))
    with Narrow(gateway.port) as client:
        client.request("GET / HTTP/1.1")
        client.read_head()
        first = client.read(burst // 2, 0.005)
        assert client.read(burst + 1 - first, 0) == burst + 1 - first


@pytest.mark.parametrize("how", ["kept", "closing", "lingering"])
@pytest.mark.parametrize("slow", [True, False], ids=["slow", "stalled"])
def test_what_waits_after_the_exchange_is_watched_too(gateways, sender, how, slow):
    """The gateway holds all of the answer, so its exchange is over while the client still reads."""
    total = 8 * MIB
    gateway = gateways(plain(
        sender.port, limits={"least_rate": "64KB", "response_buffer": "16MB"},
        timeouts=GRACE | {"keep_alive_idle": "400ms", "linger": "400ms"}, **LOG))
    with Narrow(gateway.port) as client:
        if how == "lingering":
            client.request(f"POST /{total} HTTP/1.1", f"Content-Length: {64 * MIB}")
        else:
            client.request(f"GET /{total} HTTP/1.1", *(["Connection: close"] if how == "closing" else []))
        line = lines(gateway, 1)[0]
        assert (line["status"], line["reason"], line["bytes_out"]) == (200, None, total)
        head = client.read_head()
        assert head.get("connection") == (None if how == "kept" else "close")
        if slow:
            assert client.read(total, 0.01) == total
            assert client.is_ended()
        else:
            wait_until(lambda: descriptors(gateway.pid, client) == 0, "the connection is given up")
            assert client.read(None, 0) < total
        assert resident(gateway.pid) < 200 * MIB


def descriptors(pid: int, client: Client) -> int:
    """How many sockets of this machine's are connected to the client's port, those without a process included."""
    with open("/proc/net/tcp") as table:
        port = "%04X" % client.socket.getsockname()[1]
        return sum(line.split()[2].endswith(":" + port) for line in table.readlines()[1:])


# Requests


def test_an_origin_that_holds_an_upload_up_is_not_the_clients_fault(gateways, origins):
    class Late(Origin):
        def serve(self, peer):
            head = peer.read_head()
            time.sleep(3)
            peer.read_body(head)
            peer.send(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")

    gateway = gateways(plain(origins(kind=Late).port, limits={"least_rate": "100KB"}, timeouts=GRACE, **LOG))
    with Client(gateway.port) as client:
        client.request("PUT / HTTP/1.1", f"Content-Length: {16 * MIB}")
        client.send(b"u" * (16 * MIB))
        assert client.response().status == 200


def test_an_origin_that_takes_nothing_is_stalled(gateways, origins):
    class Deaf(Origin):
        def serve(self, peer):
            peer.read_head()
            done.wait(PATIENCE)

    done = threading.Event()
    gateway = gateways(plain(
        origins(kind=Deaf).port, timeouts=GRACE | {"upstream_body_idle": "500ms"}, **LOG))
    with Client(gateway.port) as client:
        client.request("PUT / HTTP/1.1", f"Content-Length: {32 * MIB}")
        client.socket.settimeout(1)
        try:
            client.send(b"u" * (32 * MIB))
        except (TimeoutError, OSError):
            pass
        line = lines(gateway, 1)[0]
        assert (line["status"], line["reason"]) == (504, "upstream_stalled")
    done.set()


def test_who_does_not_read_an_echo_does_no_harm_to_the_endpoint(gateways, origins):
    """The origin stops reading since nobody takes what it says: that is the client's doing."""

    class Echo(Origin):
        def serve(self, peer):
            head = peer.read_head()
            total = int(head.get("content-length"))
            peer.send(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % total)
            while peer.fill():
                peer.send(peer.buffer)
                peer.buffer = b""

    gateway = gateways(plain(origins(kind=Echo).port, timeouts=GRACE | {"upstream_body_idle": "500ms"}, **LOG))
    with Narrow(gateway.port) as client:
        client.socket.settimeout(2)
        client.request("PUT / HTTP/1.1", f"Content-Length: {64 * MIB}")
        try:
            client.send(b"u" * (64 * MIB))
        except (TimeoutError, OSError):
            pass
        assert lines(gateway, 1)[0]["reason"] == "client_stalled"


# Leaving


def test_a_client_that_leaves_while_nothing_is_read_ends_the_origins_work(gateways, sender):
    gateway = gateways(plain(sender.port, **LOG))
    client = Narrow(gateway.port)
    client.request(f"GET /{64 * MIB} HTTP/1.1")
    client.read_head()
    # All buffers are full by now, or soon.
    time.sleep(0.5)
    client.close()
    assert lines(gateway, 1)[0]["reason"] == "client_closed"
    wait_until(lambda: not sender.open, "the origin sees the end")
