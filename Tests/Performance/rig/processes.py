"""Processes that a command starts: all of them are ended with it, by their own id."""

import contextlib
import os
import resource
import shlex
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from pathlib import Path

from .build import ROOT, compiled

PATIENCE = 30.0

Child = subprocess.Popen


class Rig(contextlib.ExitStack):
    """A folder and the processes that work in it. The gateway has a processor of its own where there are two."""

    def __enter__(self) -> "Rig":
        super().__enter__()
        # An end from outside ends what was started, too.
        signal.signal(signal.SIGTERM, lambda *_: exit(143))
        self.folder = Path(tempfile.mkdtemp(prefix="gatehouse-performance-"))
        self.callback(shutil.rmtree, self.folder, ignore_errors=True)
        processors = os.sched_getaffinity(0)
        self.callback(os.sched_setaffinity, 0, processors)
        self.gateways_processor = {min(processors)}
        self.others_processors = processors - self.gateways_processor or processors
        os.sched_setaffinity(0, self.others_processors)
        _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
        resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
        return self

    def start(self, command: list, name: str, environment: dict | None = None, processors: set | None = None,
              **pipes) -> Child:
        """Starts a process; what it says on standard error is in NAME.err."""
        # A child has the processors of the thread that starts it.
        os.sched_setaffinity(0, processors or self.others_processors)
        try:
            with (self.folder / f"{name}.err").open("ab") as errors:
                child = subprocess.Popen(
                    [str(part) for part in command], stdin=pipes.get("stdin", subprocess.DEVNULL),
                    stdout=pipes.get("stdout", errors), stderr=errors, cwd=ROOT,
                    env={**os.environ, **(environment or {})}, text=True)
            self.callback(end, child)
            return child
        finally:
            os.sched_setaffinity(0, self.others_processors)

    def errors(self, name: str) -> str:
        return (self.folder / f"{name}.err").read_text(errors="replace")[-3000:]

    def gateway(self, command: str, configuration: Path, port: int, environment: dict | None = None,
                name: str = "gateway", processors: set | None = None) -> Child:
        """Starts the gateway, on its own processor or on these, and waits until it listens."""
        words = [word.replace("{config}", str(configuration)) for word in shlex.split(command)]
        gateway = self.start(words, name, environment, processors or self.gateways_processor)
        self.wait_for(gateway, port, name)
        return gateway

    def wait_for(self, gateway: Child, port: int, name: str = "gateway") -> None:
        """Returns once the gateway takes connections on a port."""
        deadline = time.monotonic() + PATIENCE
        while time.monotonic() < deadline:
            if gateway.poll() is not None:
                raise SystemExit(f"the gateway ended with {gateway.returncode}: {self.errors(name)}")
            with contextlib.suppress(OSError):
                return socket.create_connection(("127.0.0.1", port), timeout=1).close()
            time.sleep(0.05)
        raise SystemExit(f"the gateway does not listen on {port}: {self.errors(name)}")

    def origin(self, *options, name: str = "origin") -> tuple[Child, int]:
        """Starts native/origin.c; the process and its port."""
        child = self.start([compiled("origin"), *options], name, stdout=subprocess.PIPE)
        said = child.stdout.readline().split()
        if len(said) != 2:
            raise SystemExit(f"{name} does not listen: {self.errors(name)}")
        return child, int(said[1])


def end(child: Child) -> None:
    """Ends a process as an operator would, and with force when that does not help."""
    if child.poll() is None:
        child.terminate()
        try:
            child.wait(10)
        except subprocess.TimeoutExpired:
            child.kill()
    child.wait()
    for pipe in (child.stdin, child.stdout):
        if pipe:
            with contextlib.suppress(OSError):
                pipe.close()


def free_port() -> int:
    """A loopback port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]
