"""native/load.c, driven."""

import json
import subprocess

from .build import compiled
from .processes import PATIENCE, Rig


class Load:
    """Requests to the gateway on a port. Underscores in an option's name stand for hyphens."""

    def __init__(self, rig: Rig, port: int, **options):
        self.rig = rig
        words = [str(word) for key, value in options.items() for word in (f"--{key.replace('_', '-')}", value)]
        self.child = rig.start([compiled("load"), "--port", port, *words], "load",
                               stdin=subprocess.PIPE, stdout=subprocess.PIPE)

    def line(self) -> str:
        said = self.child.stdout.readline()
        if not said:
            raise SystemExit(f"the load generator ended: {self.rig.errors('load')}")
        return said

    def go_on(self) -> None:
        """Lets one that holds go on: to its count, and after the result to its end."""
        self.child.stdin.write("\n")
        self.child.stdin.flush()

    def result(self) -> dict:
        """Waits for the result. `failed` is how many requests got no right answer."""
        found = json.loads(self.line())
        found["failed"] = sum(found["errors"].values()) + found["requests"] - found["status"].get("200", 0)
        return found

    def end(self) -> None:
        self.child.wait(PATIENCE)


def explained(result: dict) -> str:
    """Why requests failed."""
    return f"{result['failed']} failed: {result['errors']}, status {result['status']}, first: {result['example']}"
