"""The helpers in C, compiled when they are first used and when they have changed."""

import hashlib
import os
import shutil
import subprocess
from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]
NATIVE = Path(__file__).resolve().parents[1] / "native"
BUILT = ROOT / ".build/performance"
FLAGS = ["-O2", "-std=gnu11", "-Wall", "-Wextra", "-Werror"]


def compiler() -> str:
    """The one that CC names, or the system's, or Swift's."""
    for name in (os.environ.get("CC"), "cc", "clang"):
        if name and shutil.which(name):
            return name
    raise SystemExit("no C compiler: install one (cc or clang), or name it in CC")


def compiled(name: str, shared: bool = False) -> Path:
    """The executable, or shared library, of native/NAME.c."""
    flags = [*FLAGS, *(["-shared", "-fPIC"] if shared else [])]
    sources = [NATIVE / f"{name}.c", *sorted(NATIVE.glob("*.h"))]
    content = b"".join(source.read_bytes() for source in sources) + " ".join(flags).encode()
    file = BUILT / f"{name}-{hashlib.sha256(content).hexdigest()[:16]}"
    if file.exists():
        return file
    BUILT.mkdir(parents=True, exist_ok=True)
    fresh = file.with_suffix(f".{os.getpid()}")
    subprocess.run([compiler(), *flags, "-o", fresh, sources[0]], check=True)
    fresh.rename(file)
    return file
