"""A real Redis server."""

import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from .process import PATIENCE, Process, free_port

SERVER = shutil.which("redis-server")
# For tests that need one.
needed = pytest.mark.skipif(SERVER is None, reason="redis-server is missing: install the package redis-server")


class Redis(Process):
    def __init__(self, folder: Path, port: int, name: str):
        arguments = ["--port", str(port), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no"]
        super().__init__([SERVER, *arguments], folder, name)
        self.port = port
        self.wait_for_port(port)

    def command(self, *words: str) -> str:
        done = subprocess.run(
            ["redis-cli", "-p", str(self.port), *words], capture_output=True, text=True, timeout=PATIENCE, check=True)
        return done.stdout.strip()


def servers(folder: Path) -> Iterator:
    """Starts servers on one port; they end with the test."""
    port, made = free_port(), []

    def start() -> Redis:
        made.append(Redis(folder, port, f"redis{len(made)}"))
        return made[-1]

    start.port = port
    yield start
    for server in made:
        server.kill()
