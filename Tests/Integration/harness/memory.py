"""How much memory a process holds (Linux)."""

from pathlib import Path

MIB = 1 << 20


def resident(pid: int) -> int:
    """What it holds now, in bytes."""
    return status(pid, "VmRSS")


def forget_peak(pid: int) -> None:
    """Lets the peak begin anew (proc(5), clear_refs)."""
    Path(f"/proc/{pid}/clear_refs").write_text("5")


def peak(pid: int) -> int:
    """The most it has held since the peak was forgotten, in bytes."""
    return status(pid, "VmHWM")


def status(pid: int, key: str) -> int:
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith(f"{key}:"):
            return int(line.split()[1]) * 1024
    raise RuntimeError(f"no {key} in the status of {pid}")
