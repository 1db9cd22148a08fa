"""`gatehouse demo`: what it prints is what happens."""

import re
import signal
import subprocess
from pathlib import Path

from harness.process import PATIENCE, ROOT, Process, executable, wait_until


def test_the_demo_checks_itself():
    done = subprocess.run([executable(), "demo", "--check"], capture_output=True, text=True, timeout=PATIENCE, cwd=ROOT)
    assert done.returncode == 0, done.stdout + done.stderr
    passed = re.search(r"^(\d+) passed, 0 failed$", done.stdout, re.MULTILINE)
    assert passed and int(passed[1]) >= 6


def test_the_lines_that_the_demo_prints(tmp_path):
    """Runs every printed line in a shell, one after the other, and compares it with the status that is promised."""
    demo = Process([executable(), "demo", "--port", "0", "--admin-port", "0"], tmp_path, "demo", cwd=ROOT)
    try:
        wait_until(lambda: not demo.is_running or "Ctrl-C" in demo.output.read_text(), "what the demo prints")
        text = demo.output.read_text()
        variables = re.search(r"^ *\. (\S+)$", text, re.MULTILINE)
        promises = re.findall(r"^ *# (\d{3})\b.*\n *(.*curl.*)$", text, re.MULTILINE)
        assert variables and promises, text + demo.log()
        assert {"200", "401", "403", "404", "429"} <= {status for status, _ in promises}
        folder = Path(variables[1]).parent
        assert folder.stat().st_mode & 0o077 == 0, "the folder holds tokens"
        for status, line in promises:
            done = subprocess.run(
                ["bash", "-c", f". {variables[1]}\n{line}"], capture_output=True, text=True, timeout=PATIENCE,
                env={"PATH": "/usr/local/bin:/usr/bin:/bin", "no_proxy": "*"})
            answers = re.findall(r"^HTTP/1\.1 (\d{3})", done.stdout, re.MULTILINE)
            assert answers and answers[-1] == status, f"{line}\n{done.stdout}{done.stderr}"
        demo.signal(signal.SIGINT)
        assert demo.wait() == 0
        assert not folder.exists(), "tokens are left behind"
    finally:
        demo.kill()
