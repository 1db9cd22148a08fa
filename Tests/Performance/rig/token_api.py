"""`gatehouse token-service` with one user: tokens that are made, changed and deleted."""

import contextlib
import json
import shlex
import socket
import time
import urllib.request

from .processes import PATIENCE, Rig, free_port


class TokenApi:
    """The service, and calls to it in the name of its user."""

    def __init__(self, rig: Rig, gateway: str):
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.keys = f"{self.url}/.well-known/jwks.json"
        self.file = rig.folder / "service.token"
        # The executable is the gateway's.
        self.child = rig.start(
            [shlex.split(gateway)[0], "token-service", "--bind", f"127.0.0.1:{self.port}", "--issuer", "d0.example",
             "--database", rig.folder / "tokens.sqlite", "--seed-user", "user", "--seed-token-file", self.file],
            "service")
        deadline = time.monotonic() + PATIENCE
        while self.child.poll() is None and time.monotonic() < deadline:
            with contextlib.suppress(OSError):
                socket.create_connection(("127.0.0.1", self.port), timeout=1).close()
                self.token = self.file.read_text().strip()
                return
            time.sleep(0.05)
        raise SystemExit(f"the token service does not listen: {rig.errors('service')}")

    def call(self, method: str, path: str, content: dict | None = None) -> dict:
        request = urllib.request.Request(
            self.url + path, method=method, data=json.dumps(content).encode() if content is not None else None,
            headers={"Authorization": f"Bearer {self.token}", "Content-Type": "application/json"})
        with urllib.request.build_opener(urllib.request.ProxyHandler({})).open(request, timeout=PATIENCE) as answer:
            return json.load(answer)

    def make(self, name: str) -> dict:
        return self.call("POST", "/me/tokens", {"name": name, "scope": ["all.User"]})

    def stop(self, token: dict) -> None:
        self.call("PATCH", f"/me/tokens/{token['id']}", {"status": "inactive"})

    def delete(self, token: dict) -> None:
        self.call("DELETE", f"/me/tokens/{token['id']}")
