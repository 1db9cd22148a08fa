"""The commands of Tests/Performance, in small: what they count is right in any build, and their bounds are seen.

Bounds of time are off here; those of allocations are the build's own.
"""

import shlex
import shutil
import subprocess
import sys

import pytest

from harness.process import ROOT, executable

FOLDER = ROOT / "Tests/Performance"


def run(command: str, *options: str, event_loops: int = 1) -> subprocess.CompletedProcess:
    """Runs a command on the gateway that is tested."""
    gateway = f"{shlex.quote(executable())} run {{config}} --event-loops {event_loops}"
    return subprocess.run(
        [sys.executable, FOLDER / command, "--gateway", gateway, *options], capture_output=True, text=True, timeout=300)


def passes(command: str, *options: str, event_loops: int = 1) -> str:
    """What a command printed that found everything within its bounds."""
    done = run(command, *options, event_loops=event_loops)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_a_request_allocates_no_more_than_its_bound():
    build = "release" if "/release/" in executable() else "debug"
    passes("mallocs", "--build", build, "--requests", "4000", "--warm-up", "2000")


def test_more_allocations_than_the_bound_are_an_exit_code():
    done = run("mallocs", "--scenarios", "plain", "--requests", "500", "--warm-up", "500", "--max", "0")
    assert done.returncode == 1 and "OVER" in done.stdout, done.stdout + done.stderr


def test_large_hits_are_measured():
    # Timings decide nothing here.
    assert "hits of 64 KiB, gateway: " in passes("hits", "--rounds", "1", "--seconds", "0.3", "--max", "1000")


def test_idle_connections_stay_open():
    assert "300 connections" in passes("idle", "--connections", "300", "--max", "64KiB", "--settle", "0.5")


def test_slow_clients_do_not_stop_normal_ones():
    passes("slow", "--clients", "60", "--rounds", "1", "--seconds", "2", "--max", "1000")


def test_connections_that_come_go_and_break_off_leave_no_descriptor():
    passes("soak", "--seconds", "8", "--warm-up", "4", "--top-seconds", "1", "--rate", "500", "--max-growth", "100")


def test_the_client_and_the_origin_of_tunnels_agree_without_a_gateway():
    passes("tunnels", "--direct", "--tunnels", "10", "--messages", "1")


def test_tunnels_are_open_at_the_same_time_and_echo():
    passes("tunnels", "--tunnels", "50", "--messages", "2")


def test_a_killed_origin_costs_no_repeatable_request_and_loses_no_other_silently():
    passes("kill", "--connections", "32", "--seconds", "4")


@pytest.mark.parametrize("outage", ["gone", "hangs"])
def test_rotated_keys_and_a_lost_key_server_cost_no_valid_token(outage):
    said = passes("keys", "--seconds", "5", "--gone", "2", "--outage", outage, "--max", "100", event_loops=2)
    assert "5 keys published, 2 withdrawn" in said and "401 token_key_unknown" in said, said


def test_a_token_ends_on_every_loop():
    small = ["--rounds", "1", "--tokens", "4", "--commands", "4"]
    said = passes("revocation", "--interval", "1", "--margin", "100", *small, event_loops=2)
    assert "revoked by command: 4 tokens" in said, said


needs_redis = pytest.mark.skipif(
    shutil.which("redis-server") is None, reason="redis-server is missing: install the package redis-server")
SMALL_LIMIT = ["--seconds", "2", "--rate", "200", "--connections", "24", "--max-error", "20"]


def test_two_loops_admit_what_is_exact():
    said = passes("limits", "--parts", "memory", *SMALL_LIMIT, event_loops=2)
    assert "memory, gcra, admitted off exact" in said and "memory, sliding window, admitted off exact" in said, said


@needs_redis
def test_gateways_on_one_server_admit_together_what_is_exact():
    said = passes("limits", "--parts", "redis", *SMALL_LIMIT, "--lease", "5", event_loops=2)
    assert "redis, gcra with leases, admitted more than exact" in said, said


@pytest.mark.parametrize(
    "stores", [pytest.param(["--without-redis"], id="memory"), pytest.param([], id="redis", marks=needs_redis)])
def test_two_keys_get_the_same_however_much_they_ask(stores):
    passes("limits", "--parts", "fairness", *stores, *SMALL_LIMIT, "--max-unfairness", "30", event_loops=2)


@needs_redis
@pytest.mark.parametrize("on_failure", ["open", "local"])
def test_a_store_that_fails_costs_no_answer_and_is_used_again(on_failure):
    small = ["--trouble", "1", "--failure-rate", "150", "--failure-connections", "64", "--recovery", "20"]
    said = passes("limits", "--parts", "failures", "--on-failure", on_failure, *small, "--margin", "60000",
                  event_loops=2)
    assert all(f"{on_failure}, {trouble}" in said for trouble in ("killed", "stopped", "emptied", "slow")), said


def test_new_callers_are_held_and_take_little_memory():
    small = ["--keys", "6000", "--flood-rounds", "2", "--flood-rate", "2000", "--connections", "16"]
    said = passes("limits", "--parts", "table", *small, "--max-key", "8KiB", "--max-stall", "60000")
    assert "6000 live ones" in said, said


@pytest.mark.parametrize("options", [
    ["limits", "--parts", "memory", "--seconds", "1", "--rate", "100", "--max-error", "-1"],
    ["limits", "--parts", "cost", "--without-redis", "--rounds", "1", "--round-seconds", "0.2", "--max-memory-cost",
     "-100000"]])
def test_a_limit_over_its_bound_is_an_exit_code(options):
    done = run(*options, event_loops=2)
    assert done.returncode == 1 and "OVER" in done.stdout, done.stdout + done.stderr


@pytest.mark.parametrize("options", [
    ["keys", "--seconds", "2", "--gone", "0", "--max", "0"],
    ["revocation", "--interval", "1", "--margin", "-2", "--rounds", "1", "--tokens", "2", "--commands", "0"]])
def test_a_bound_of_time_that_cannot_be_kept_is_an_exit_code(options):
    done = run(*options, event_loops=2)
    assert done.returncode == 1 and "seconds" in done.stdout and "OVER" in done.stdout, done.stdout + done.stderr


@pytest.mark.parametrize(
    "command", ["mallocs", "idle", "tunnels", "kill", "slow", "soak", "keys", "revocation", "limits", "hits"])
def test_help_says_what_a_command_shows(command):
    assert "--gateway COMMAND" in passes(command, "--help")
