"""A server of a key set, which can go away and come back."""

import http.server
import json
import threading
from collections.abc import Callable

from .processes import free_port


class KeyServer:
    """Answers each request with the keys that are published at that moment."""

    def __init__(self, keys: Callable[[], list[dict]]):
        self.keys = keys
        self.port = free_port()
        self.server: http.server.ThreadingHTTPServer | None = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/jwks.json"

    def come(self) -> None:
        owner = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                content = json.dumps({"keys": owner.keys()}).encode()
                self.send_response(200)
                self.send_header("Content-Type", "application/jwk-set+json")
                self.send_header("Content-Length", str(len(content)))
                self.end_headers()
                self.wfile.write(content)

            def log_message(self, *_) -> None:
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", self.port), Handler)
        threading.Thread(target=self.server.serve_forever, args=(0.05,), daemon=True).start()

    def go(self) -> None:
        """From now on nobody listens."""
        if self.server:
            self.server.shutdown()
            self.server.server_close()
        self.server = None
