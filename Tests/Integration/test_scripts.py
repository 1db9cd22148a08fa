"""What deploy/quickstart and Tests/run say when something is missing, and that they run from anywhere.

Swift and the package tools are stand-ins here: a machine without them cannot be had inside a test.
"""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from harness.process import ROOT

TOOLS = ["bash", "cat", "dirname", "uname", "env", "printf", "id", "cmp", "mkdir", "rm"]


class Machine:
    """A PATH with nothing on it but what the test puts there."""

    def __init__(self, folder: Path):
        self.bin = folder / "bin"
        self.bin.mkdir()
        self.calls = folder / "calls"
        self.calls.touch()
        for tool in TOOLS:
            if real := shutil.which(tool):
                (self.bin / tool).symlink_to(real)

    def has(self, tool: str, script: str) -> None:
        """Puts a tool there, which writes down its arguments first."""
        file = self.bin / tool
        file.write_text(f'#!{shutil.which("bash")}\necho "{tool} $*" >> "{self.calls}"\n{script}\n')
        file.chmod(0o755)

    def run(self, script: Path, *arguments: str) -> subprocess.CompletedProcess:
        return subprocess.run(
            [str(self.bin / "bash"), str(script), *arguments], env={"PATH": str(self.bin)}, cwd="/",
            capture_output=True, text=True, timeout=60)

    def called(self) -> list[str]:
        return self.calls.read_text().splitlines()


@pytest.fixture
def machine(tmp_path):
    machine = Machine(tmp_path)
    machine.has("swift", "echo 'Swift version 6.2.1 (swift-6.2.1-RELEASE)'")
    machine.has("dpkg-query", "echo installed")
    for tool in ["git", "curl", "python3"]:
        machine.has(tool, "true")
    return machine


@pytest.fixture
def sources(tmp_path) -> Path:
    """The scripts in a folder with a blank in its path, and a gatehouse that was built there."""
    root = tmp_path / "a folder" / "gatehouse"
    for name in ["deploy/quickstart", "deploy/setup.bash", "Tests/run"]:
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / name, root / name)
    built = root / ".build/release/gatehouse"
    built.parent.mkdir(parents=True)
    built.write_text(f'#!{shutil.which("bash")}\nprintf "<%s>" "$PWD" "$@"\nexit 3\n')
    built.chmod(0o755)
    return root


SCRIPTS = ["deploy/quickstart", "Tests/run"]


@pytest.mark.parametrize("script", SCRIPTS)
def test_help_needs_nothing(machine, sources, script):
    done = machine.run(sources / script, "--help")
    assert done.returncode == 0 and done.stdout.startswith(f"Usage: {script}") and machine.called() == []


def test_quickstart_builds_and_becomes_the_demo(machine, sources):
    done = machine.run(sources / "deploy/quickstart", "--check", "two words")
    assert done.returncode == 3, "the demo's exit code is the script's"
    assert done.stdout.endswith(f"<{sources}><demo><--check><two words>")
    assert "swift build -c release --product gatehouse" in machine.called()
    assert not [call for call in machine.called() if call.startswith("apt-get")]


@pytest.mark.parametrize("script", SCRIPTS)
@pytest.mark.parametrize("version", ["6.1.3", "5.10", None])
def test_swift_must_be_there_and_new_enough(machine, sources, script, version):
    if version:
        machine.has("swift", f"echo 'Swift version {version} (swift-RELEASE)'")
    else:
        (machine.bin / "swift").unlink()
    done = machine.run(sources / script)
    assert done.returncode == 1
    assert "Install Swift 6.2 or newer" in done.stderr
    assert "swift build" not in "\n".join(machine.called())


@pytest.mark.parametrize("script", SCRIPTS)
def test_missing_packages_are_named_when_they_cannot_be_installed(machine, sources, script):
    machine.has("dpkg-query", '[[ $4 != libsqlite3-dev ]] && echo installed')
    machine.has("sudo", "exit 1")
    if os.geteuid() == 0:
        machine.has("apt-get", "exit 100")
    done = machine.run(sources / script)
    assert done.returncode == 1
    assert "sudo apt-get install libsqlite3-dev" in done.stderr
    assert "swift build" not in "\n".join(machine.called())


@pytest.mark.skipif(os.geteuid() != 0, reason="only root installs without asking")
def test_missing_packages_are_installed_when_they_can_be(machine, sources):
    machine.has("dpkg-query", '[[ $4 == libssl-dev ]] && echo installed')
    machine.has("apt-get", "true")
    assert machine.run(sources / "deploy/quickstart").returncode == 3
    installs = [call for call in machine.called() if call.startswith("apt-get") and " install " in call]
    assert len(installs) == 1 and installs[0].endswith("zlib1g-dev libsqlite3-dev")
