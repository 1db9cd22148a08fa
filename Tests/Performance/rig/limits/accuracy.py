"""How exact limits are, and how fair."""

import math
import re
import shlex
import subprocess

from .. import report
from ..build import ROOT
from ..load import Load
from ..processes import Rig
from ..redis import Redis
from . import setup

GATEWAYS = 3


def rule(arguments, name: str, **more) -> dict:
    """So many a second; with GCRA half a second's worth at once: a machine that holds the load up for less than that
    makes no unit lapse."""
    burst = {} if "algorithm" in more else {"burst": max(arguments.rate // 2, 1)}
    return {"name": name, "key": ["domain"], "rate": f"{arguments.rate}/s", "headers": False, **burst, **more}


def in_memory(arguments, told: report.Report) -> None:
    one_gateway(arguments, told, "memory, gcra", rule(arguments, "gcra"))
    one_gateway(arguments, told, "memory, sliding window", rule(arguments, "window", algorithm="sliding_window"))


def on_a_server(arguments, told: report.Report) -> None:
    shared = {"store": "redis", "on_failure": "closed"}
    lease = {"batch": arguments.lease, "time": "1s"}
    several(arguments, told, "redis, gcra", rule(arguments, "gcra", **shared))
    several(arguments, told, "redis, sliding window", rule(arguments, "window", algorithm="sliding_window", **shared))
    several(arguments, told, "redis, gcra with leases", rule(arguments, "lease", lease=lease, **shared))


def one_gateway(arguments, told: report.Report, name: str, limit: dict) -> None:
    with Rig() as rig:
        _, origin = rig.origin()
        gateway = setup.start(rig, arguments, [limit], origin)
        asked = run(rig, arguments, [gateway], limit)
        setup.tell_running(name, [gateway], told)
    tell(arguments, told, name, limit, asked)


def several(arguments, told: report.Report, name: str, limit: dict) -> None:
    """Three gateways on one server, which is a new one."""
    with Rig() as rig:
        _, origin = rig.origin()
        stores = setup.redis_store(Redis(rig).port, GATEWAYS, is_patient=True)
        gateways = [
            setup.start(rig, arguments, [limit], origin, stores, name=f"gateway{index}") for index in range(GATEWAYS)]
        hoarded = bound_of_leases(arguments, gateways[0]) if "lease" in limit else None
        asked = run(rig, arguments, gateways, limit)
        setup.tell_running(name, gateways, told)
        answers = [gateway.answers() for gateway in gateways]
    told.say(f"{name}, who told", setup.in_words({mode: sum(each[mode] for each in answers) for mode in answers[0]}))
    tell(arguments, told, name, limit, asked, hoarded)


def bound_of_leases(arguments, gateway: setup.Gateway) -> int:
    """What `gatehouse check` says of the file."""
    command = [shlex.split(arguments.gateway)[0], "check", str(gateway.file)]
    done = subprocess.run(command, capture_output=True, text=True, cwd=ROOT, timeout=60)
    found = re.search(r"note: .*at most (\d+) units", done.stdout + done.stderr)
    if done.returncode or not found:
        raise SystemExit(f"{' '.join(command)} tells no bound of leases: {done.stdout}{done.stderr}")
    return int(found[1])


def run(rig: Rig, arguments, gateways: list[setup.Gateway], limit: dict) -> setup.Asked:
    seconds, ports = arguments.seconds, [gateway.port for gateway in gateways]
    if limit.get("algorithm") == "sliding_window":
        # It ends in the last quarter of a window, when all units of each window have been asked for: twice the rate
        # needs the first half, and the grain of a window moves that on by up to 1/126 in each one.
        seconds = min(math.floor(seconds), 20) + 0.75
    return setup.ask(rig, ports, arguments.rate * arguments.times, seconds, arguments.connections)


def exact(arguments, limit: dict, span: float) -> float:
    """What a limit admits that is asked for more than that all the time."""
    if limit.get("algorithm") == "sliding_window":
        return arguments.rate * math.ceil(span)
    return limit["burst"] + arguments.rate * span


def tell(
    arguments, told: report.Report, name: str, limit: dict, asked: setup.Asked, hoarded: int | None = None
) -> None:
    wanted = exact(arguments, limit, asked.span)
    share = arguments.rate * asked.span / max(asked.requests, 1)
    told.most(f"{name}, allowed rate as a part of the one asked", share, 0.6)
    story = f"{asked.admitted} of {asked.requests} admitted in {asked.span:.2f} s, exact {wanted:.0f}"
    if hoarded is None:
        off = 100 * abs(asked.admitted - wanted) / wanted
        told.most(f"{name}, admitted off exact, percent", off, arguments.max_error, more=story)
    else:
        more = asked.admitted - exact(arguments, limit, asked.whole)
        told.most(f"{name}, admitted more than exact, units", more, hoarded, report.whole, story)
        less = 100 * (wanted - hoarded - asked.admitted) / wanted
        told.most(f"{name}, admitted less than exact and what leases hold, percent", max(less, 0), arguments.max_error)
    told.most(f"{name}, answered otherwise", asked.otherwise, 0, report.whole, asked.explanation)


def fairness(arguments, told: report.Report) -> None:
    """Two domains, of which one asks twice as much as the other, over twice as many connections."""
    both(arguments, told, "memory", rule(arguments, "fair"))
    if arguments.without_redis:
        return
    shared = {"store": "redis", "on_failure": "closed"}
    both(arguments, told, "redis", rule(arguments, "fair", **shared))
    both(arguments, told, "redis with leases", rule(
        arguments, "fair", lease={"batch": arguments.lease, "time": "1s"}, **shared))


def both(arguments, told: report.Report, name: str, limit: dict) -> None:
    with Rig() as rig:
        _, origin = rig.origin()
        stores, count = None, 1
        if "store" in limit:
            stores, count = setup.redis_store(Redis(rig).port, GATEWAYS, is_patient=True), GATEWAYS
        gateways = [
            setup.start(rig, arguments, [limit], origin, stores, name=f"gateway{index}", domains=2)
            for index in range(count)]
        share = arguments.connections // count or 1
        loads = [
            [Load(rig, gateway.port, seconds=arguments.seconds / 2, first_domain=domain,
                  connections=share * (1 + domain),
                  rate=int(arguments.rate * arguments.times * (1 + domain) / count))
             for gateway in gateways] for domain in range(2)]
        asked = [setup.Asked([load.result() for load in of_one]) for of_one in loads]
        setup.tell_running(f"fairness, {name}", gateways, told)
    shares = [each.admitted / each.span for each in asked]
    told.most(f"fairness, {name}, allowed rate as a part of the one asked",
              max(arguments.rate * each.span / max(each.requests, 1) for each in asked), 0.8)
    off = 100 * abs(shares[0] - shares[1]) / (sum(shares) / 2)
    told.most(f"fairness, {name}, difference of two shares, percent", off, arguments.max_unfairness,
              more="; ".join(f"{each.admitted} of {each.requests} admitted" for each in asked))
    told.most(f"fairness, {name}, answered otherwise", sum(each.otherwise for each in asked), 0, report.whole,
              "; ".join(filter(None, (each.explanation for each in asked))))
