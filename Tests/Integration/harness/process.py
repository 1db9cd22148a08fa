"""Child processes: started, watched and ended by their own id."""

import os
import signal
import socket
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]

# Long enough for a debug build on a busy machine; only a failure ever takes this long.
PATIENCE = 30.0


def executable() -> str:
    """The gatehouse that is tested: $GATEHOUSE, or the debug build of these sources."""
    path = Path(os.environ.get("GATEHOUSE") or ROOT / ".build/debug/gatehouse")
    if not path.is_file():
        raise RuntimeError(f"{path} is not there: run `swift build`, or name an executable in GATEHOUSE")
    return str(path)


_given: set[int] = set()


def free_port() -> int:
    """A loopback port that nobody listens on, and that nobody here was given before: it may not be in use yet."""
    while True:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]
        if port not in _given:
            _given.add(port)
            return port


def wait_until(condition: Callable[[], bool], what: str) -> None:
    """Asks until the answer is yes; fails when that takes too long."""
    deadline = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < deadline, f"waited in vain: {what}"
        time.sleep(0.02)


class Process:
    """A running command whose output goes to files in a folder."""

    def __init__(self, arguments: list[str], folder: Path, name: str, cwd: Path | None = None):
        self.name = name
        # What it has to end with when a test is over.
        self.expected_code = 0
        self.output = folder / f"{name}.out"
        self.errors = folder / f"{name}.err"
        with self.output.open("ab") as output, self.errors.open("ab") as errors:
            # The tests say what the environment is: no proxy and no GATEHOUSE_... of whoever runs them.
            environment = {key: os.environ[key] for key in ("PATH", "HOME", "LD_LIBRARY_PATH") if key in os.environ}
            self.child = subprocess.Popen(
                arguments, stdin=subprocess.DEVNULL, stdout=output, stderr=errors, cwd=cwd or folder, env=environment)

    @property
    def pid(self) -> int:
        return self.child.pid

    @property
    def is_running(self) -> bool:
        return self.child.poll() is None

    def wait_for_port(self, port: int) -> None:
        """Returns once the port takes connections; raises when the process ends before."""
        deadline = time.monotonic() + PATIENCE
        while time.monotonic() < deadline:
            if not self.is_running:
                raise RuntimeError(f"{self.name} ended with {self.child.returncode}: {self.log()}")
            try:
                socket.create_connection(("127.0.0.1", port), timeout=1).close()
                return
            except OSError:
                time.sleep(0.02)
        raise RuntimeError(f"{self.name} does not listen on {port}: {self.log()}")

    def signal(self, number: int) -> None:
        self.child.send_signal(number)

    def wait(self, timeout: float = PATIENCE) -> int:
        """The exit code; minus the signal's number when a signal ended it."""
        return self.child.wait(timeout)

    def stop(self) -> int:
        """Ends it as an operator would, and with force when that does not help."""
        if self.is_running:
            self.signal(signal.SIGTERM)
        try:
            return self.wait()
        except subprocess.TimeoutExpired:
            self.kill()
            raise

    def kill(self) -> None:
        if self.is_running:
            self.signal(signal.SIGKILL)
        self.wait()

    def log(self) -> str:
        """What it said on standard error; the middle of a long text is left out."""
        text = self.errors.read_text(errors="replace")
        return text if len(text) <= 6000 else f"{text[:3000]}\n...\n{text[-3000:]}"
