"""A TCP proxy that can hold back what a server answers."""

import asyncio
import contextlib
import threading

from .processes import free_port


class DelayingProxy:
    """Passes bytes on between its port and another one; what comes back is held for `delay` seconds. It lives in a
    thread between `with` and its end."""

    def __init__(self, port: int):
        self.target, self.port, self.delay = port, free_port(), 0.0
        self.ready = threading.Event()
        self.thread = threading.Thread(target=lambda: asyncio.run(self.run()), daemon=True)

    def __enter__(self) -> "DelayingProxy":
        self.thread.start()
        self.ready.wait()
        return self

    def __exit__(self, *_) -> None:
        self.loop.call_soon_threadsafe(self.over.set)
        self.thread.join()

    async def run(self) -> None:
        self.loop, self.over = asyncio.get_running_loop(), asyncio.Event()
        self.open: set[asyncio.Task] = set()
        server = await asyncio.start_server(self.serve, "127.0.0.1", self.port)
        self.ready.set()
        await self.over.wait()
        server.close()
        for task in self.open:
            task.cancel()
        await asyncio.gather(*self.open, return_exceptions=True)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        self.open.add(task)
        try:
            await self.connect(reader, writer)
        except (OSError, asyncio.CancelledError):
            pass
        finally:
            writer.close()
            self.open.discard(task)

    async def connect(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        answers, questions = await asyncio.open_connection("127.0.0.1", self.target)
        try:
            ways = [asyncio.ensure_future(way) for way in (self.ask(reader, questions), self.answer(answers, writer))]
            # Either side's end is the end of both.
            _, left = await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
            for way in left:
                way.cancel()
            await asyncio.gather(*ways, return_exceptions=True)
        finally:
            questions.close()

    async def ask(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while data := await reader.read(65536):
            writer.write(data)

    async def answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        held: asyncio.Queue[tuple[float, bytes]] = asyncio.Queue()
        hand_out = asyncio.ensure_future(self.hand_out(held, writer))
        try:
            while data := await reader.read(65536):
                held.put_nowait((self.loop.time() + self.delay, data))
        finally:
            hand_out.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await hand_out

    async def hand_out(self, held: asyncio.Queue, writer: asyncio.StreamWriter) -> None:
        """Writes what is held when it is due, in its order."""
        while True:
            due, data = await held.get()
            await asyncio.sleep(due - self.loop.time())
            writer.write(data)
