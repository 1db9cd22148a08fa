"""Options and lines that all commands have in common."""

import argparse
import re

GATEWAY = ".build/release/gatehouse run {config} --event-loops 1"
# For what every event loop has to know.
GATEWAY_OF_TWO = ".build/release/gatehouse run {config} --event-loops 2"
SIZES = {"": 1, "B": 1, "KIB": 1 << 10, "KB": 1 << 10, "MIB": 1 << 20, "MB": 1 << 20}


def options(description: str) -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        description=description, formatter_class=argparse.RawDescriptionHelpFormatter,
        epilog="Exit code: 0 when every figure is within its bound, 1 when not. Everything that it starts is ended.")
    parser.add_argument(
        "--gateway", default=GATEWAY, metavar="COMMAND",
        help="what starts the gateway, from the folder of the sources; {config} is its file (default: %(default)s)")
    return parser


def size(text: str) -> int:
    """8KiB, 300B, 1MiB."""
    found = re.fullmatch(r"([0-9.]+)([A-Za-z]*)", text)
    if not found or found[2].upper() not in SIZES:
        raise argparse.ArgumentTypeError(f"{text!r} is no size; write 300B, 8KiB or 1MiB")
    return int(float(found[1]) * SIZES[found[2].upper()])


def shown(count: float) -> str:
    """A size to read."""
    for unit, bytes_ in (("MiB", 1 << 20), ("KiB", 1 << 10)):
        if abs(count) >= bytes_:
            return f"{count / bytes_:.2f} {unit}"
    return f"{count:.0f} B"


class Report:
    """One line a figure; remembers whether one was over its bound."""

    def __init__(self):
        self.failed = False

    def say(self, name: str, text: str) -> None:
        print(f"{name}: {text}", flush=True)

    def most(
        self, name: str, value: float, bound: float | None, show=lambda value: f"{value:.2f}", more: str = ""
    ) -> None:
        """A figure that may be at most the bound; without a bound it is only told."""
        over = bound is not None and value > bound
        self.failed = self.failed or over
        limit = "" if bound is None else f" (at most {show(bound)}{', OVER' if over else ''})"
        self.say(name, f"{show(value)}{limit}{f', {more}' if more else ''}")

    @property
    def code(self) -> int:
        return 1 if self.failed else 0


def whole(value: float) -> str:
    return f"{value:.0f}"


def percent(value: float) -> str:
    return f"{100 * value:+.1f} %"
