"""What a limit costs: processor time of the gateway for a request."""

import statistics

from .. import report
from ..load import Load, explained
from ..processes import Rig
from ..readings import processor_clock
from ..redis import Redis
from . import setup

PLAIN = "no rule"


def limit(name: str, key: list[str], **more) -> dict:
    """A rule that never refuses."""
    return {"name": name, "key": key, "rate": "10000000/s", "burst": 10_000_000, "headers": False, **more}


def kinds(arguments) -> dict[str, tuple[list[dict], str, float | None]]:
    """Rules, what they are compared with, and the bound of the difference in microseconds."""
    # What the server does not answer would cost less, and must not pass for it.
    shared = {"store": "redis", "on_failure": "closed"}
    lease = {"batch": arguments.cost_lease, "time": "1s"}
    found = {
        PLAIN: ([], PLAIN, None),
        # What two processes differ by that do the same.
        "no rule once more": ([], PLAIN, None),
        "memory, one rule by domain": ([limit("one", ["domain"])], PLAIN, arguments.max_memory_cost),
        "memory, one rule by address": ([limit("one", ["address"])], PLAIN, arguments.max_memory_cost),
        "memory, three rules": (
            [limit("one", ["domain"]), limit("two", ["address"]), limit("three", ["domain", "address"])], PLAIN, None),
        "redis": ([limit("shared", ["domain"], **shared)], PLAIN, arguments.max_redis_cost),
        f"redis, leases of {arguments.cost_lease}": (
            [limit("leased", ["domain"], **shared, lease=lease)], PLAIN, arguments.max_lease_cost)}
    return {name: kind for name, kind in found.items() if not (arguments.without_redis and name.startswith("redis"))}


def processor_time(arguments, told: report.Report) -> None:
    """All gateways run at the same time, and one after the other has work, round by round: a change of the machine's
    speed touches all of them."""
    told.say("machine", setup.processors())
    wanted, spent, failed = kinds(arguments), {}, []
    with Rig() as rig:
        _, origin = rig.origin()
        stores = None if arguments.without_redis else setup.redis_store(Redis(rig).port, is_patient=True)
        gateways = {
            name: setup.start(rig, arguments, rules, origin, stores if name.startswith("redis") else None,
                              name=f"gateway{index}", loops=1)
            for index, (name, (rules, _, _)) in enumerate(wanted.items())}
        order = list(gateways)
        for turn in range(arguments.rounds + 1):
            for name in order:
                result, time = one_turn(rig, arguments, gateways[name])
                if turn:  # The first one warms up.
                    spent.setdefault(name, []).append(time)
                if result["failed"]:
                    failed.append(f"{name}: {explained(result)}")
            # Whoever follows whom has no lasting advantage.
            order = order[1:] + order[:1]
        setup.tell_running("cost", list(gateways.values()), told)
        for name in order:
            if name.startswith("redis"):
                told.say(f"cost, {name}, who told", setup.in_words(gateways[name].answers()))
    for name, (_, other, bound) in wanted.items():
        tell(told, name, spent[name], spent[other], bound)
    told.most("cost, turns with failed requests", len(failed), 0, report.whole, "; ".join(failed[:1]))


def one_turn(rig: Rig, arguments, gateway: setup.Gateway) -> tuple[dict, float]:
    """What the load says, and microseconds for a request."""
    options = {"rate": arguments.cost_rate} if arguments.cost_rate else {}
    load = Load(rig, gateway.port, connections=arguments.connections, seconds=arguments.round_seconds, hold=1,
                warm_up=arguments.connections * 4, **options)
    load.line()
    before = processor_clock(gateway.pid)
    load.go_on()
    result = load.result()
    time = processor_clock(gateway.pid) - before
    load.go_on()
    load.end()
    return result, 1e6 * time / max(result["requests"], 1)


def tell(told: report.Report, name: str, spent: list[float], other: list[float], bound: float | None) -> None:
    story = f"{statistics.median(spent):.2f} us for a request, {min(spent):.2f} to {max(spent):.2f}"
    if name == PLAIN:
        told.say(f"cost, {name}", story)
        return
    more = statistics.median(mine - its for mine, its in zip(spent, other))
    told.most(f"cost, {name}, more than {PLAIN}, us", more, bound, more=story)
