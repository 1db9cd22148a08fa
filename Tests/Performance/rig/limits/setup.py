"""Gateways with limits, and loads on several of them at once."""

import http.client
import os
import re
from dataclasses import dataclass
from pathlib import Path

from .. import configuration, report
from ..load import Load
from ..processes import Child, Rig, free_port

# Milliseconds in which the store must answer; the gateway's default, written down because bounds follow from it.
TIMEOUT = 50


@dataclass
class Gateway:
    """A gateway that runs, and where it is asked how it is."""

    child: Child
    port: int
    admin: int
    file: Path

    @property
    def pid(self) -> int:
        return self.child.pid

    def metrics(self, name: str) -> dict[str, float]:
        """The values of a metric by their labels."""
        peer = http.client.HTTPConnection("127.0.0.1", self.admin, timeout=10)
        peer.request("GET", "/metrics")
        text = peer.getresponse().read().decode()
        peer.close()
        lines = re.findall(rf"^{name}(?:\{{(.*)\}})? (\S+)$", text, re.MULTILINE)
        return {labels: float(value) for labels, value in lines}

    def answers(self) -> dict[str, int]:
        """How many requests of shared rules were judged so far, by who told."""
        found: dict[str, int] = {}
        for labels, value in self.metrics("gatehouse_rate_limit_answers_total").items():
            mode = re.search(r'mode="(\w+)"', labels)[1]
            found[mode] = found.get(mode, 0) + int(value)
        return found


def start(
    rig: Rig, arguments, rules: list[dict], origin: int, stores: dict | None = None, name: str = "gateway",
    loops: int = 2, domains: int = 1
) -> Gateway:
    """Starts a gateway with these rules for each of its domains. One of several loops may use all processors: only then
    they run at the same time."""
    port, admin = free_port(), free_port()
    more = {
        "admin": {"bind": f"127.0.0.1:{admin}"},
        "domains": [{"name": f"d{index}.example", "upstream": "origin"} for index in range(domains)],
        "defaults": {"use": [{"rate-limit": {"limits": rules}}] if rules else []},
        **({"stores": stores} if stores else {})}
    file = configuration.plain(rig.folder, port, [origin], name=name, **more)
    command = arguments.gateway.replace("{loops}", str(loops))
    every = rig.gateways_processor | rig.others_processors
    child = rig.gateway(command, file, port, name=name, processors=every if loops > 1 else None)
    rig.wait_for(child, admin, name)
    return Gateway(child, port, admin, file)


def redis_store(port: int, gateways: int = 1, is_patient: bool = False) -> dict:
    """`stores` with a server on this port. A patient gateway waits for it as long as it takes: where figures are not of
    time, no late answer is to decide them."""
    patience = {"timeout": "10s", "connect_timeout": "10s"} if is_patient else {"timeout": f"{TIMEOUT}ms"}
    return {"redis": {"url": f"redis://127.0.0.1:{port}", **patience, "gateways": gateways}}


def in_words(modes: dict[str, int]) -> str:
    """Who told, and how often."""
    return ", ".join(f"{mode} {count}" for mode, count in sorted(modes.items()) if count) or "nobody told"


@dataclass
class Asked:
    """What became of requests that one or several gateways were asked."""

    results: list[dict]

    def __post_init__(self):
        self.requests = sum(result["requests"] for result in self.results)
        self.admitted = sum(result["status"].get("200", 0) for result in self.results)
        refused = sum(result["status"].get("429", 0) for result in self.results)
        self.otherwise = sum(result["failed"] for result in self.results) - refused
        first = min(result["first"] for result in self.results)
        # From the first request to the last one, and to the last answer: between them lies when it was judged.
        self.span = max(result["last"] for result in self.results) - first
        self.whole = max(result["answered"] for result in self.results) - first

    @property
    def explanation(self) -> str:
        told = (f"{result['errors']}, status {result['status']}, first: {result['example']}" for result in self.results)
        return "; ".join(told) if self.otherwise else ""


def ask(rig: Rig, ports: list[int], rate: float, seconds: float, connections: int, **more) -> Asked:
    """So many requests a second over so many connections, spread over the gateways on these ports."""
    each = {"rate": int(rate / len(ports)), "connections": max(connections // len(ports), 1), "seconds": seconds}
    loads = [Load(rig, port, **each, **more) for port in ports]
    return Asked([load.result() for load in loads])


def tell_running(name: str, gateways: list[Gateway], told: report.Report) -> None:
    told.most(f"{name}, gateways that ended", sum(each.child.poll() is not None for each in gateways), 0, report.whole)


def processors() -> str:
    """How busy the machine is, for whoever reads figures of time."""
    return f"{len(os.sched_getaffinity(0))} processors, load {os.getloadavg()[0]:.2f}"
