"""A store that fails under load: what do clients see of it, and is it used again?"""

import time
from collections.abc import Callable
from dataclasses import dataclass

from .. import report
from ..delaying_proxy import DelayingProxy
from ..load import Load
from ..processes import Rig
from ..redis import Redis
from . import setup

# Before and after the trouble, in the same load.
AROUND = 0.5
# How many answers of the store show that it is used again.
ENOUGH = 20
GATEWAYS = 4
# Seconds that an answer of a slow server takes.
SLOW = 0.5


@dataclass
class Trouble:
    """What happens to the server, and how it ends."""

    name: str
    begin: Callable[[], None]
    end: Callable[[], None] = lambda: None
    # Whether the store cannot tell meanwhile.
    is_outage: bool = True


def store_failures(arguments, told: report.Report) -> None:
    for on_failure in arguments.on_failure:
        with Rig() as rig:
            _, origin = rig.origin()
            redis = Redis(rig)
            proxy = rig.enter_context(DelayingProxy(redis.port))
            troubles = [
                Trouble("killed and started", redis.kill, redis.start), Trouble("stopped", redis.stop, redis.go_on),
                Trouble("emptied", redis.empty, is_outage=False)]
            phases(rig, arguments, told, on_failure, origin, redis.port, troubles)

            def set_delay(seconds: float) -> None:
                proxy.delay = seconds

            slow = Trouble("slow", lambda: set_delay(SLOW), lambda: set_delay(0))
            phases(rig, arguments, told, on_failure, origin, proxy.port, [slow])


def phases(
    rig: Rig, arguments, told: report.Report, on_failure: str, origin: int, store: int, troubles: list[Trouble]
) -> None:
    """A gateway without trouble first, and then with each."""
    # The whole of it admits all that is asked; a gateway's part, half.
    rule = {"name": "shared", "key": ["domain"], "rate": f"{2 * arguments.failure_rate}/s", "headers": False,
            "burst": arguments.failure_rate, "store": "redis", "on_failure": on_failure}
    names = "-".join(trouble.name.split()[0] for trouble in troubles)
    gateway = setup.start(
        rig, arguments, [rule], origin, setup.redis_store(store, GATEWAYS), name=f"gateway-{names}")
    quiet = phase(rig, arguments, gateway, Trouble("quiet", lambda: None, is_outage=False))
    name = f"{on_failure}, {'through a proxy' if troubles[0].name == 'slow' else 'quiet'}"
    told.say(name, f"{quiet.result['requests']} requests, p99 {quiet.p99:.1f} ms, longest {quiet.longest:.1f} ms, "
             f"{quiet.modes}")
    told.most(f"{name}, answers that are not allowed", quiet.wrong, 0, report.whole, quiet.explanation)
    for trouble in troubles:
        tell(arguments, told, on_failure, trouble, phase(rig, arguments, gateway, trouble), quiet)
    setup.tell_running(f"{on_failure}, {names}", [gateway], told)


class Phase:
    """What the load and the gateway tell of a phase."""

    def __init__(self, result: dict, modes: dict[str, int], recovery: float):
        self.result, self.counts, self.recovery = result, modes, recovery
        self.p99, self.longest = result["p99_us"] / 1000, result["max_us"] / 1000
        self.modes = setup.in_words(modes)
        self.refused = result["status"].get("429", 0)
        # Only the gateway's part of the rule may refuse; a busy machine makes the store late without any trouble, too.
        self.wrong = result["failed"] - min(self.refused, modes.get("local", 0))

    @property
    def explanation(self) -> str:
        result = self.result
        return f"{result['errors']}, status {result['status']}" if self.wrong else ""


def phase(rig: Rig, arguments, gateway: setup.Gateway, trouble: Trouble) -> Phase:
    before = gateway.answers()
    load = Load(rig, gateway.port, rate=arguments.failure_rate, connections=arguments.failure_connections, seconds=600)
    time.sleep(AROUND)
    trouble.begin()
    time.sleep(arguments.trouble)
    trouble.end()
    recovery = until_used(gateway, arguments.recovery)
    time.sleep(AROUND)
    load.child.terminate()
    result = load.result()
    after = gateway.answers()
    return Phase(result, {mode: after[mode] - before.get(mode, 0) for mode in after}, recovery)


def until_used(gateway: setup.Gateway, patience: float) -> float:
    """Seconds until the store answers again."""
    begin, before = time.monotonic(), gateway.answers().get("shared", 0)
    while gateway.answers().get("shared", 0) < before + ENOUGH:
        if time.monotonic() > begin + 2 * patience:
            return float("inf")
        time.sleep(0.02)
    return time.monotonic() - begin


def tell(
    arguments, told: report.Report, on_failure: str, trouble: Trouble, seen: Phase, quiet: Phase
) -> None:
    name = f"{on_failure}, {trouble.name}"
    told.most(f"{name}, answers that are not allowed", seen.wrong, 0, report.whole, seen.explanation)
    most = setup.TIMEOUT + arguments.margin
    told.most(f"{name}, p99 longer than without, ms", seen.p99 - quiet.p99, most,
              more=f"{seen.result['requests']} requests, {seen.modes}")
    told.most(f"{name}, longest answer longer than without, ms", seen.longest - quiet.longest, most)
    told.most(f"{name}, until the store was used again, seconds", seen.recovery, arguments.recovery)
    if trouble.is_outage:
        # Else there was no trouble at all.
        told.most(f"{name}, never answered without the store", int(not seen.counts.get(on_failure)), 0, report.whole)
    if trouble.is_outage and on_failure == "local":
        told.most(f"{name}, never refused by the gateway's part", int(not seen.refused), 0, report.whole,
                  f"{seen.refused} refused")
