"""What a client that misbehaves may cost: a little memory, and only its own connection."""

import socket
import struct
import threading

from harness.gateway import plain
from harness.memory import MIB, resident
from harness.wire import PATIENCE, Client

# For an unknown domain, so that no origin is asked: the gateway answers by itself.
REQUEST = b"GET / HTTP/1.1\r\nHost: nobody.example\r\nX-Padding: " + b"p" * 900 + b"\r\n\r\n"


def test_requests_that_never_end_with_a_read_do_not_pile_up(gateways, origins):
    gateway = gateways(plain(origins().port) | {"limits": {"requests_per_connection": 1_000_000}})
    with socket.create_connection(("127.0.0.1", gateway.port)) as client:
        client.settimeout(PATIENCE)
        client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        drain = threading.Thread(target=read_all, args=(client,))
        drain.start()
        # Every write ends in the middle of a head, so no read leaves the gateway's buffer empty.
        stream, middle = REQUEST * 32, 500
        client.sendall(stream[:middle])
        before = None
        for round_ in range(1500):
            client.sendall(stream[middle:] + stream[:middle])
            if round_ == 200:
                before = resident(gateway.pid)
        grown = resident(gateway.pid) - before
        client.shutdown(socket.SHUT_RDWR)
        drain.join()
    assert grown < 8 * MIB, f"{grown / MIB:.1f} MiB more after {1300 * len(stream) / MIB:.0f} MiB of requests"


def test_answers_that_nobody_reads_do_not_pile_up(gateways, origins):
    gateway = gateways(plain(origins().port))
    before = resident(gateway.pid)
    with socket.socket() as client:
        client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        client.connect(("127.0.0.1", gateway.port))
        client.settimeout(1)
        sent = 0
        # Sent until the gateway takes no more, as it must, since nothing is read here.
        try:
            while sent < 64 * MIB:
                sent += client.send(REQUEST * 64)
        except TimeoutError:
            pass
        assert sent < 64 * MIB, "the gateway never stopped reading"
        assert resident(gateway.pid) - before < 16 * MIB
        # Others are served meanwhile.
        with Client(gateway.port) as other:
            other.request("GET /other HTTP/1.1")
            assert other.response().body == b"/other"


def test_a_response_that_ends_with_a_reset_is_not_whole(gateways, origins):
    def answer(request, peer):
        peer.send(b"HTTP/1.1 200 OK\r\n\r\npartial")
        read.wait(PATIENCE)
        peer.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        peer.close()

    read = threading.Event()
    gateway = gateways(plain(origins(answer).port))
    with Client(gateway.port) as client:
        client.request("GET / HTTP/1.1")
        client.read_head()
        assert client.read_chunk() == b"partial"
        read.set()
        assert b"0\r\n\r\n" not in read_rest(client.socket, client.buffer)


def read_all(client: socket.socket) -> None:
    try:
        while client.recv(1 << 16):
            pass
    except OSError:
        pass


def read_rest(client: socket.socket, buffer: bytes) -> bytes:
    try:
        while data := client.recv(1 << 16):
            buffer += data
    except ConnectionResetError:
        pass
    return buffer
