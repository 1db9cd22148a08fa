"""Clients that send, or take, a byte a second."""

import asyncio
import socket
import threading

HEAD = b"GET /me/tokens HTTP/1.1\r\nHost: 127.0.0.1\r\nlosantdomain: d0.example\r\nX-Padding: " + b"p" * 4000
CONTENT = (b"POST /me/tokens HTTP/1.1\r\nHost: 127.0.0.1\r\nlosantdomain: d0.example\r\nContent-Length: 4000\r\n\r\n")
LARGE = b"GET /bytes/16777216 HTTP/1.1\r\nHost: 127.0.0.1\r\nlosantdomain: d0.example\r\n\r\n"


class SlowClients:
    """A third sends heads slowly, a third contents, a third takes large responses slowly. One that the gateway cuts off
    comes back at once. They live in a thread between `with` and its end."""

    def __init__(self, port: int, count: int):
        self.port, self.count = port, count
        self.cut_off = 0
        self.refused = 0
        self.thread = threading.Thread(target=lambda: asyncio.run(self.run()))

    def __enter__(self) -> "SlowClients":
        self.ready = threading.Event()
        self.thread.start()
        self.ready.wait()
        return self

    def __exit__(self, *_) -> None:
        self.loop.call_soon_threadsafe(self.over.set)
        self.thread.join()

    async def run(self) -> None:
        self.loop, self.over = asyncio.get_running_loop(), asyncio.Event()
        self.ready.set()
        kinds = [self.send_head, self.send_content, self.take_content]
        tasks = [asyncio.create_task(self.live(kinds[index % 3], index / self.count)) for index in range(self.count)]
        await self.over.wait()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def live(self, kind, delay: float) -> None:
        """One client after the other; they do not all begin at the same moment."""
        await asyncio.sleep(delay)
        while True:
            with socket.socket() as client:
                client.setblocking(False)
                client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
                try:
                    await self.loop.sock_connect(client, ("127.0.0.1", self.port))
                    await kind(client)
                    self.cut_off += 1
                except ConnectionRefusedError:
                    self.refused += 1
                    await asyncio.sleep(1)
                except OSError:
                    self.cut_off += 1

    async def send_head(self, client: socket.socket) -> None:
        await self.trickle(client, HEAD, 20)

    async def send_content(self, client: socket.socket) -> None:
        await self.trickle(client, CONTENT + b"c" * 4000, len(CONTENT))

    async def trickle(self, client: socket.socket, message: bytes, at_once: int) -> None:
        """Sends the message's beginning at once and then a byte a second, until it is answered or closed."""
        await self.loop.sock_sendall(client, message[:at_once])
        for position in range(at_once, len(message)):
            await asyncio.sleep(1)
            try:
                client.recv(4096)
                return
            except BlockingIOError:
                await self.loop.sock_sendall(client, message[position:position + 1])

    async def take_content(self, client: socket.socket) -> None:
        await self.loop.sock_sendall(client, LARGE)
        while await self.loop.sock_recv(client, 1):
            await asyncio.sleep(1)
