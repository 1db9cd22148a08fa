"""A gateway under test."""

import json
from pathlib import Path

from .process import Process, executable, free_port


class Gateway(Process):
    """`gatehouse run` on a free port with a configuration of the test's."""

    def __init__(
            self, folder: Path, configuration: dict, name: str = "gateway", event_loops: int = 1,
            listener: dict | None = None, more_listeners: tuple = ()):
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        file = folder / f"{name}.yaml"
        # JSON is YAML, and the standard library writes it.
        listeners = [{"bind": f"127.0.0.1:{self.port}", **(listener or {})}, *more_listeners]
        whole = {"version": 1, "listeners": listeners, **configuration}
        file.write_text(json.dumps(whole, indent=2))
        super().__init__([executable(), "run", str(file), "--event-loops", str(event_loops)], folder, name)
        try:
            self.wait_for_port(self.port)
        except BaseException:
            self.kill()
            raise

    def access_log(self) -> list[dict]:
        """The lines of the access log that are complete so far."""
        lines = self.output.read_bytes().split(b"\n")[:-1]
        return [json.loads(line) for line in lines if line.startswith(b"{")]


def plain(*ports: int, **more) -> dict:
    """A configuration of one domain, example.com, without plugins, in front of origins on these ports."""
    endpoints = [f"http://127.0.0.1:{port}" for port in ports]
    upstream = {"endpoints": endpoints, **more.pop("upstream", {})}
    return {"upstreams": {"origin": upstream}, "domains": [{"name": "example.com", "upstream": "origin"}], **more}
