"""native/mallocs.c, read."""

import struct
from pathlib import Path

# The order is that of native/mallocs.c.
KINDS = ["malloc", "calloc", "realloc", "aligned", "free"]


def counted(prefix: Path) -> dict[str, int]:
    """What the processes with this prefix asked for so far, together."""
    total = dict.fromkeys(KINDS, 0)
    files = list(prefix.parent.glob(f"{prefix.name}.*"))
    if not files:
        raise SystemExit("no allocation was counted: the counter was not loaded into the gateway")
    for file in files:
        for kind, count in zip(KINDS, struct.unpack(f"@{len(KINDS)}L", file.read_bytes())):
            total[kind] += count
    return total
