"""Bodies stream: a gibibyte each way past a slow reader leaves the gateway's memory as it was."""

import os
import sys
import threading
import time
import zlib

import pytest

from harness import memory
from harness.gateway import plain
from harness.origin import Origin, reply
from harness.wire import Client

TOTAL = int(os.environ.get("GATEHOUSE_STREAM_BYTES", 1 << 30))
ALLOWED = 16 * memory.MIB
# No divisor of a power of two, so that a piece lost or sent twice changes the checksum.
PIECE = os.urandom(65_521) * 4
# How long the reader is slow, and how slow: enough for every buffer on the way to fill up.
SLOW_READS = 100
SLOW_PAUSE = 0.03

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="memory is read from /proc")


def pieces(total: int):
    """The content, piece by piece."""
    left = total
    while left > 0:
        yield PIECE[:left]
        left -= len(PIECE)


def checksum(total: int) -> int:
    value = 1
    for piece in pieces(total):
        value = zlib.adler32(piece, value)
    return value


def read_slowly(connection, total: int, slow: bool) -> int:
    """Reads so many bytes, slowly at first; gives their checksum."""
    value = zlib.adler32(connection.buffer)
    left = total - len(connection.buffer)
    connection.buffer = b""
    buffer = bytearray(1 << 18)
    view = memoryview(buffer)
    reads = 0
    while left > 0:
        count = connection.socket.recv_into(view[: min(left, len(buffer))])
        assert count, f"{left} bytes are missing"
        value = zlib.adler32(view[:count], value)
        left -= count
        reads += 1
        if slow and reads <= SLOW_READS:
            time.sleep(SLOW_PAUSE)
    return value


class StreamingOrigin(Origin):
    """PUT takes the content and answers its checksum; GET /N sends N bytes."""

    def serve(self, peer):
        while peer.buffer or peer.fill():
            head = peer.read_head()
            method, target, _ = head.line.split(" ")
            if method == "PUT":
                value = read_slowly(peer, int(head.get("content-length")), slow=target == "/slow")
                peer.send(reply(b"%d" % value))
            else:
                total = int(target[1:])
                peer.send(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % total)
                for piece in pieces(total):
                    peer.send(piece)


def upload(gateway, total: int, target: str) -> int:
    with Client(gateway.port) as client:
        client.request(f"PUT {target} HTTP/1.1", f"Content-Length: {total}")
        for piece in pieces(total):
            client.send(piece)
        return int(client.response().body)


def download(gateway, total: int, slow: bool) -> int:
    with Client(gateway.port) as client:
        client.request(f"GET /{total} HTTP/1.1")
        head = client.read_head()
        assert head.get("content-length") == str(total)
        return read_slowly(client, total, slow)


@pytest.fixture
def gateway(gateways, origins):
    origin = origins(kind=StreamingOrigin)
    gateway = gateways(plain(origin.port, limits={"body": "unlimited"}))
    # Warm: code is loaded, connections and buffers are made; 1 MiB can hide nothing that matters here.
    upload(gateway, memory.MIB, "/")
    download(gateway, memory.MIB, slow=False)
    return gateway


def grown_by(gateway, work) -> int:
    """How far the gateway's memory rises over its value before, at its peak."""
    before = memory.resident(gateway.pid)
    memory.forget_peak(gateway.pid)
    work()
    growth = memory.peak(gateway.pid) - before
    print(f"grown by {growth / memory.MIB:.1f} MiB from {before / memory.MIB:.1f} MiB")
    return growth


def test_an_upload_to_a_slow_reader_takes_no_memory(gateway):
    sums = []
    growth = grown_by(gateway, lambda: sums.append(upload(gateway, TOTAL, "/slow")))
    assert sums == [checksum(TOTAL)]
    assert growth <= ALLOWED, f"{growth / memory.MIB:.1f} MiB"


def test_a_download_by_a_slow_reader_takes_no_memory(gateway):
    sums = []
    growth = grown_by(gateway, lambda: sums.append(download(gateway, TOTAL, slow=True)))
    assert sums == [checksum(TOTAL)]
    assert growth <= ALLOWED, f"{growth / memory.MIB:.1f} MiB"


def test_both_ways_at_once(gateway):
    sums = {}
    jobs = [
        threading.Thread(target=lambda: sums.update(up=upload(gateway, TOTAL // 4, "/slow"))),
        threading.Thread(target=lambda: sums.update(down=download(gateway, TOTAL // 4, slow=True))),
    ]

    def work():
        for job in jobs:
            job.start()
        for job in jobs:
            job.join()

    growth = grown_by(gateway, work)
    assert sums == {"up": checksum(TOTAL // 4), "down": checksum(TOTAL // 4)}
    assert growth <= ALLOWED, f"{growth / memory.MIB:.1f} MiB"
