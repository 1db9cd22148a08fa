"""A flood of new callers: what each takes of memory, and whether others have to wait for it."""

import statistics
import time

from .. import report
from ..load import Load, explained
from ..processes import Rig
from ..readings import memory
from . import setup

# Requests of the connection that is watched, a second.
WATCHED = 1000
# Callers of the same load without new ones.
KNOWN = 1000


def flood(arguments, told: report.Report) -> None:
    """Rounds of new callers, each after one of known ones."""
    told.say("machine", setup.processors())
    # A unit comes back in ten minutes: who asked stays in memory. The allowance bears known callers that ask often.
    rule = {"name": "flood", "key": ["header:X-Key"], "rate": "6/h", "burst": 1_500_000, "headers": False}
    stores = {"memory": {"entries": arguments.keys + arguments.keys // 10 + 2 * KNOWN}}
    each = arguments.keys // arguments.flood_rounds
    known, new = [], []
    with Rig() as rig:
        _, origin = rig.origin()
        gateway = setup.start(rig, arguments, [rule], origin, stores, loops=1)
        one_round(rig, arguments, gateway, each, 0, KNOWN)
        resident, callers = memory(gateway.pid)[0], count(gateway)
        for turn in range(arguments.flood_rounds):
            known.append(one_round(rig, arguments, gateway, each, 0, KNOWN))
            new.append(one_round(rig, arguments, gateway, each, KNOWN + turn * each, each))
        gained, held = count(gateway) - callers, memory(gateway.pid)[0] - resident
        counted = gateway.metrics("gatehouse_rate_limit_memory_bytes")
        setup.tell_running("table", [gateway], told)
    sent = each * arguments.flood_rounds
    told.most("table, new callers that are not held", sent - gained, 0, report.whole, f"{gained:.0f} live ones")
    told.most("table, memory for each", held / max(gained, 1), arguments.max_key, report.shown,
              f"{report.shown(held)} in all; the gateway counts {report.shown(sum(counted.values()))}")
    tell_stalls(arguments, told, known, new)


def one_round(rig: Rig, arguments, gateway: setup.Gateway, requests: int, first: int, keys: int) -> dict:
    """The load, and beside it the connection that is watched, whose answers are told."""
    load = Load(rig, gateway.port, requests=requests, rate=arguments.flood_rate, connections=arguments.connections,
                first_key=first, keys=keys)
    time.sleep(0.05)
    watched = Load(rig, gateway.port, connections=1, rate=WATCHED, seconds=600)
    flooded = load.result()
    watched.child.terminate()
    result = watched.result()
    result["rate"] = flooded["requests"] / flooded["seconds"]
    result["why"] = [explained(each) for each in (flooded, result) if each["failed"]]
    result["failed"] += flooded["failed"]
    return result


def count(gateway: setup.Gateway) -> float:
    return sum(gateway.metrics("gatehouse_rate_limit_callers").values())


def tell_stalls(arguments, told: report.Report, known: list[dict], new: list[dict]) -> None:
    def middle(rounds: list[dict], key: str) -> float:
        return statistics.median(each[key] for each in rounds) / 1000

    for name, rounds in (("known", known), ("new", new)):
        told.say(f"table, {name} callers", f"{statistics.median(each['rate'] for each in rounds):.0f} a second; beside "
                 f"them p50 {middle(rounds, 'p50_us'):.2f} ms, p99.9 {middle(rounds, 'p999_us'):.2f} ms, longest "
                 f"{middle(rounds, 'max_us'):.2f} ms (medians of rounds)")
    for key, what in (("p999_us", "p99.9"), ("max_us", "longest answer")):
        more = statistics.median(one[key] - other[key] for one, other in zip(new, known)) / 1000
        told.most(f"table, {what} with new callers longer than with known ones, ms", more, arguments.max_stall,
                  more="median of rounds")
    longest = [max(each["max_us"] for each in rounds) / 1000 for rounds in (new, known)]
    told.most("table, longest answer of all rounds, ms more", longest[0] - longest[1], arguments.max_longest,
              more=f"{longest[0]:.2f} with new callers, {longest[1]:.2f} with known ones")
    failed = [each for each in known + new if each["failed"]]
    told.most("table, failed requests", sum(each["failed"] for each in failed), 0, report.whole,
              failed[0]["why"][0] if failed else "")
