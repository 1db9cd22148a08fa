"""An origin in a process of its own, to be killed: sends half of a response and then nothing more.

Usage: python stalling_origin.py PORT length|chunked
"""

import socket
import sys
import time

HALF = 50_000


def main(port: int, framing: str) -> None:
    listener = socket.create_server(("127.0.0.1", port))
    framing_field = b"Transfer-Encoding: chunked" if framing == "chunked" else b"Content-Length: %d" % (2 * HALF)
    half = b"%x\r\n%b\r\n" % (HALF, b"h" * HALF) if framing == "chunked" else b"h" * HALF
    while True:
        peer, _ = listener.accept()
        request = b""
        while b"\r\n\r\n" not in request:
            data = peer.recv(65536)
            if not data:
                break
            request += data
        else:
            peer.sendall(b"HTTP/1.1 200 OK\r\n" + framing_field + b"\r\n\r\n" + half)
            time.sleep(3600)


if __name__ == "__main__":
    main(int(sys.argv[1]), sys.argv[2])
