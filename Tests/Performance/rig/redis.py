"""A Redis server that can be killed, stopped, started again and emptied."""

import contextlib
import shutil
import signal
import socket
import time

from .processes import PATIENCE, Child, Rig, end, free_port

SERVER = "redis-server"


def is_installed() -> bool:
    return shutil.which(SERVER) is not None


class Redis:
    """One server on a port of its own; it keeps nothing on disk."""

    def __init__(self, rig: Rig):
        self.rig, self.port = rig, free_port()
        self.child: Child | None = None
        self.start()

    def start(self) -> None:
        nothing = ["--save", "", "--appendonly", "no", "--dir", self.rig.folder]
        self.child = self.rig.start([SERVER, "--port", self.port, "--bind", "127.0.0.1", *nothing], "redis")
        # One that is stopped could not end.
        self.rig.callback(self.go_on)
        deadline = time.monotonic() + PATIENCE
        while time.monotonic() < deadline:
            with contextlib.suppress(OSError):
                return self.command("PING")
            if self.child.poll() is not None:
                break
            time.sleep(0.02)
        raise SystemExit(f"{SERVER} does not listen on {self.port}: {self.rig.errors('redis')}")

    def command(self, line: str) -> None:
        """Sends a command that is answered with a line, and waits for it."""
        with socket.create_connection(("127.0.0.1", self.port), timeout=PATIENCE) as peer:
            peer.sendall(f"{line}\r\n".encode())
            answer = peer.makefile("rb").readline()
        if not answer.startswith(b"+"):
            raise SystemExit(f"{SERVER} answers {line} with {answer!r}")

    def kill(self) -> None:
        self.child.send_signal(signal.SIGKILL)
        end(self.child)

    def stop(self) -> None:
        """From now on it takes connections and is silent."""
        self.child.send_signal(signal.SIGSTOP)

    def go_on(self) -> None:
        if self.child.poll() is None:
            self.child.send_signal(signal.SIGCONT)

    def empty(self) -> None:
        """It forgets what it holds, and the scripts that it was taught."""
        self.command("FLUSHALL")
        self.command("SCRIPT FLUSH")
