"""The gateway's configuration for a command."""

import json
import re
from pathlib import Path

TEMPLATES = Path(__file__).resolve().parents[1]


def filled(text: str, values: dict) -> str:
    return re.sub(r"@([A-Z0-9_]+)@", lambda found: str(values[found.group(1)]), text)


def from_template(scenario: str, folder: Path, port: int, origins: list[int], domains: int) -> Path:
    """SCENARIO.yaml.in and, for each domain d0.example, d1.example and so on, SCENARIO.domain.yaml.in."""
    values = {"PORT": port, "RUN": folder, "ORIGIN0": origins[0], "ORIGIN1": origins[-1]}
    (folder / "domains.d").mkdir(exist_ok=True)
    domain = (TEMPLATES / f"{scenario}.domain.yaml.in").read_text()
    for index in range(domains):
        here = {**values, "DOMAIN": f"d{index}.example", "ORIGIN": origins[index % len(origins)]}
        (folder / f"domains.d/d{index}.yaml").write_text(filled(domain, here))
    file = folder / f"{scenario}.yaml"
    file.write_text(filled((TEMPLATES / f"{scenario}.yaml.in").read_text(), values))
    return file


def plain(folder: Path, port: int, origins: list[int], upstream: dict | None = None, name: str = "gateway",
          **more) -> Path:
    """One domain, d0.example, on these origins; bounds so wide that they do not decide what is measured. The file is
    called after `name`."""
    wide = {"max_connections": 4096, "max_idle": 512, "max_waiting": 4096}
    endpoints = [f"http://127.0.0.1:{origin}" for origin in origins]
    whole = {
        "version": 1, "listeners": [{"bind": f"127.0.0.1:{port}"}],
        "upstreams": {"origin": {"endpoints": endpoints, **wide, **(upstream or {})}},
        "domains": [{"name": "d0.example", "upstream": "origin"}], "limits": {"connections": 50000}, **more}
    # JSON is YAML, and the standard library writes it.
    file = folder / f"{name}.yaml"
    file.write_text(json.dumps(whole, indent=2))
    return file
