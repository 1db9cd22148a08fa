"""Origins that write down what they execute, to be killed and started again."""

import signal
from pathlib import Path

from .processes import Child, Rig, end


class Origins:
    """Three of them, each with the file in which it writes what it executes."""

    def __init__(self, rig: Rig, delay: int):
        self.rig, self.delay = rig, delay
        self.children, self.ports = [], []
        for index in range(3):
            child, port = self.start(index, 0)
            self.children.append(child)
            self.ports.append(port)

    def log(self, index: int) -> Path:
        return self.rig.folder / f"executed{index}"

    def start(self, index: int, port: int) -> tuple[Child, int]:
        options = ["--port", port, "--delay", self.delay, "--log", self.log(index)]
        return self.rig.origin(*options, name=f"origin{index}")

    def kill(self, index: int) -> None:
        self.children[index].send_signal(signal.SIGKILL)
        self.children[index].wait()
        end(self.children[index])

    def start_again(self, index: int) -> None:
        self.children[index], _ = self.start(index, self.ports[index])

    def executed(self, index: int) -> list[tuple[str, int]]:
        lines = [line.split() for line in self.log(index).read_text().splitlines()]
        return [(method, int(number)) for method, number in lines]
