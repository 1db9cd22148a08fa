"""A server of a key set, which can go away and come back."""

import contextlib
import http.server
import json
import threading
from collections.abc import Callable, Iterator

from .processes import PATIENCE, free_port


class KeyServer:
    """Answers each request with the keys that are published at that moment. One that `hangs` does not go away in an
    outage: it takes connections and says nothing."""

    def __init__(self, keys: Callable[[], list[dict]], hangs: bool = False):
        self.keys, self.hangs = keys, hangs
        self.speaks = threading.Event()
        self.asking = 0
        self.answered = threading.Condition()
        self.port = free_port()
        self.server: http.server.ThreadingHTTPServer | None = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/jwks.json"

    def come(self) -> None:
        """The outage is over, and who has hung has an answer."""
        self.speaks.set()
        if self.server is None:
            self.listen()
        with self.answered:
            self.answered.wait_for(lambda: self.asking == 0, PATIENCE)

    def listen(self) -> None:
        owner = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                with owner.counted():
                    self.answer()

            def answer(self) -> None:
                owner.speaks.wait()
                content = json.dumps({"keys": owner.keys()}).encode()
                self.send_response(200)
                self.send_header("Content-Type", "application/jwk-set+json")
                self.send_header("Content-Length", str(len(content)))
                self.end_headers()
                self.wfile.write(content)

            def log_message(self, *_) -> None:
                pass

            def handle(self) -> None:
                # Who waited in vain has gone.
                with contextlib.suppress(OSError):
                    super().handle()

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", self.port), Handler)
        threading.Thread(target=self.server.serve_forever, args=(0.05,), daemon=True).start()

    @contextlib.contextmanager
    def counted(self) -> Iterator[None]:
        with self.answered:
            self.asking += 1
        try:
            yield
        finally:
            with self.answered:
                self.asking -= 1
                self.answered.notify_all()

    def go(self) -> None:
        """The outage begins."""
        self.speaks.clear()
        if not self.hangs:
            self.end()

    def end(self) -> None:
        """From now on nobody listens."""
        if self.server:
            self.server.shutdown()
            self.server.server_close()
        self.server = None
