"""Fixtures: everything that a test starts is ended with it. Those with `module_` are shared by a module's tests."""

import os
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from harness import house as houses
from harness.gateway import Gateway
from harness.origin import Origin
from harness.process import executable

sys.dont_write_bytecode = True
# Clients in this process obey proxies of the environment; what is tested is on this machine.
os.environ["no_proxy"] = os.environ["NO_PROXY"] = "127.0.0.1"


def pytest_sessionstart(session):
    try:
        executable()
    except RuntimeError as error:
        raise pytest.UsageError(str(error)) from error


def make_origins() -> Iterator[Callable[..., Origin]]:
    made: list[Origin] = []

    def make(*arguments, kind: type[Origin] = Origin) -> Origin:
        made.append(kind(*arguments))
        return made[-1]

    yield make
    for origin in made:
        origin.close()
    for origin in made:
        for failure in origin.failures:
            raise failure


def start_gateways(folder: Path) -> Iterator[Callable[..., Gateway]]:
    made: list[Gateway] = []

    def start(configuration: dict, **more) -> Gateway:
        made.append(Gateway(folder, configuration, name=f"gateway{len(made)}", **more))
        return made[-1]

    yield start
    codes = [gateway.stop() for gateway in made]
    assert codes == [gateway.expected_code for gateway in made], "\n".join(gateway.log() for gateway in made)


@pytest.fixture
def origins():
    """Makes origins; their mistakes fail the test."""
    yield from make_origins()


@pytest.fixture
def gateways(tmp_path):
    """Starts gateways; one that ended by itself, or does not end well, fails the test."""
    yield from start_gateways(tmp_path)


@pytest.fixture(scope="module")
def module_origins():
    yield from make_origins()


@pytest.fixture(scope="module")
def module_gateways(tmp_path_factory):
    yield from start_gateways(tmp_path_factory.mktemp("gateway"))


@pytest.fixture(scope="module")
def house(module_gateways, tmp_path_factory):
    """A gateway with four domains in front of a token service."""
    yield from houses.build(tmp_path_factory.mktemp("service"), module_gateways)
