"""WebSocket tunnels: a real client and a real server at their ends, and peers that do not keep up."""

import contextlib
import socket
import threading
import time

import pytest
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import connect
from websockets.sync.server import serve

from harness.gateway import plain
from harness.memory import MIB, resident
from harness.origin import Origin
from harness.process import wait_until
from harness.wire import PATIENCE, Client

LOG = {"defaults": {"use": [{"access-log": {"file": "stdout"}}]}}
KEY = ("Connection: Upgrade", "Upgrade: websocket", "Sec-WebSocket-Version: 13",
       "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==")
SWITCHING = (b"HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
             b"Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n")


@pytest.fixture
def echo():
    """The port of a WebSocket server that sends back what it gets."""

    def answer(connection):
        with contextlib.suppress(ConnectionClosed):
            for message in connection:
                connection.send(message)

    with serve(answer, "127.0.0.1", 0, max_size=None, compression=None) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield server.socket.getsockname()[1]
        server.shutdown()
        thread.join()


def open_tunnel(gateway, **more):
    # The address is given apart, so that Host names the domain.
    return connect(
        "ws://example.com/socket", sock=socket.create_connection(("127.0.0.1", gateway.port)), max_size=None,
        proxy=None, open_timeout=PATIENCE, close_timeout=PATIENCE, compression=None, **more)


def test_messages_of_any_size_come_back(gateways, echo):
    gateway = gateways(plain(echo, **LOG))
    with open_tunnel(gateway) as tunnel:
        for size in [0, 1, 125, 126, 65_535, 65_536, 1_000_003, 8 * MIB]:
            message = bytes(index & 0xFF for index in range(min(size, 997))) * (size // 997 + 1)
            tunnel.send(message[:size])
            assert tunnel.recv(PATIENCE) == message[:size]
        tunnel.send("text \N{SNOWMAN}")
        assert tunnel.recv(PATIENCE) == "text \N{SNOWMAN}"
        assert tunnel.ping().wait(PATIENCE)
    assert tunnel.close_code == 1000, "the closing handshake went through"
    wait_until(lambda: gateway.access_log(), "a line of the access log")
    line = gateway.access_log()[0]
    assert (line["status"], line["reason"], line["path"]) == (101, None, "/socket")
    assert line["bytes_in"] > 9 * MIB and line["bytes_out"] > 9 * MIB


def test_many_tunnels_at_the_same_time(gateways, echo):
    gateway = gateways(plain(echo, upstream={"max_connections": 400}))
    with contextlib.ExitStack() as stack:
        tunnels = [stack.enter_context(open_tunnel(gateway)) for _ in range(200)]
        for index, tunnel in enumerate(tunnels):
            tunnel.send(f"{index}")
        for index, tunnel in enumerate(tunnels):
            assert tunnel.recv(PATIENCE) == f"{index}"


def test_a_domain_may_forbid_them(gateways, echo):
    configuration = plain(echo)
    configuration["domains"][0]["websocket"] = False
    with pytest.raises(InvalidStatus) as refused:
        open_tunnel(gateways(configuration))
    assert refused.value.response.status_code == 426


def test_a_loop_takes_no_more_than_may_be(gateways, echo):
    gateway = gateways(plain(echo, limits={"tunnels": 1}))
    with open_tunnel(gateway):
        with pytest.raises(InvalidStatus) as refused:
            open_tunnel(gateway)
        assert refused.value.response.status_code == 503
    wait_until(lambda: can_open(gateway), "the place is free again")


def can_open(gateway) -> bool:
    try:
        with open_tunnel(gateway):
            return True
    except InvalidStatus:
        return False


class Raw(Origin):
    """Agrees to the handshake and lets the test do the rest."""

    def __init__(self, then):
        self.then = then
        super().__init__()

    def serve(self, peer):
        peer.read_head()
        peer.send(SWITCHING)
        self.then(peer)


def raw_tunnel(gateway) -> Client:
    client = Client(gateway.port)
    client.request("GET /socket HTTP/1.1", *KEY)
    assert client.response().status == 101
    return client


def send_until_blocked(peer: socket.socket, most: int) -> int:
    """Sends until nothing is taken for a second; gives how much was."""
    peer.settimeout(1)
    sent = 0
    with contextlib.suppress(TimeoutError):
        while sent < most:
            sent += peer.send(b"x" * 65_536)
    peer.settimeout(PATIENCE)
    return sent


def read_exactly(connection, count: int) -> None:
    left = count - len(connection.buffer)
    connection.buffer = b""
    while left > 0:
        got = len(connection.socket.recv(1 << 18))
        assert got, f"{left} bytes are missing"
        left -= got


def test_an_origin_that_does_not_read_holds_its_client_up(gateways, origins):
    go_on, counted, sent = threading.Event(), threading.Event(), 0

    def later(peer):
        assert go_on.wait(PATIENCE)
        read_exactly(peer, sent)
        counted.set()
        peer.fill()

    gateway = gateways(plain(origins(later, kind=Raw).port))
    before = resident(gateway.pid)
    with raw_tunnel(gateway) as client:
        sent = send_until_blocked(client.socket, 256 * MIB)
        assert sent < 256 * MIB, "the gateway never stopped reading"
        assert resident(gateway.pid) - before < 16 * MIB
        go_on.set()
        assert counted.wait(PATIENCE), "all of it arrives"


def test_a_client_that_does_not_read_holds_its_origin_up(gateways, origins):
    blocked, sent = threading.Event(), []

    def flood(peer):
        sent.append(send_until_blocked(peer.socket, 256 * MIB))
        blocked.set()
        peer.fill()

    gateway = gateways(plain(origins(flood, kind=Raw).port))
    before = resident(gateway.pid)
    with raw_tunnel(gateway) as client:
        assert blocked.wait(PATIENCE)
        assert sent[0] < 256 * MIB, "the gateway never stopped reading"
        assert resident(gateway.pid) - before < 16 * MIB
        read_exactly(client, sent[0])


def test_what_the_origin_said_before_its_end_arrives(gateways, origins):
    def say_and_go(peer):
        peer.send(b"w" * (4 * MIB))
        peer.socket.shutdown(socket.SHUT_WR)
        peer.fill()

    gateway = gateways(plain(origins(say_and_go, kind=Raw).port))
    with raw_tunnel(gateway) as client:
        time.sleep(0.5)
        assert len(client.read_to_end()) == 4 * MIB


def test_what_the_client_said_before_its_end_arrives(gateways, origins):
    got = []

    def listen(peer):
        time.sleep(0.5)
        got.append(len(peer.read_to_end()))

    gateway = gateways(plain(origins(listen, kind=Raw).port))
    with raw_tunnel(gateway) as client:
        client.send(b"w" * (4 * MIB))
        client.socket.shutdown(socket.SHUT_WR)
        assert client.is_ended()
    wait_until(lambda: got == [4 * MIB], "everything reaches the origin")


def test_an_end_with_open_tunnels_comes_at_its_limit(gateways, echo):
    gateway = gateways(plain(echo, shutdown={"limit": "2s"}, **LOG))
    with open_tunnel(gateway) as tunnel:
        gateway.signal(15)
        time.sleep(0.3)
        tunnel.send("still here")
        assert tunnel.recv(PATIENCE) == "still here"
        with pytest.raises(ConnectionClosed):
            tunnel.recv(PATIENCE)
    assert gateway.wait() == 0
    assert gateway.access_log()[0]["status"] == 101
