"""One detached stack, looked at, hurt, stopped and started again. The tests run in any order."""

import json
import os
import re
import signal
import socket
import subprocess
import tempfile
from pathlib import Path

import pytest

from tests.e2e.cli.conftest import TRILHA, Installation, eventually

LISTS = ("/v1/drivers", "/v1/vehicles", "/v1/event-types", "/v1/telemetry/events")


def test_data_flow_within_half_a_minute(demo: Installation) -> None:
    eventually(lambda: all(demo.get(f"{path}?limit=1")["items"] for path in LISTS), "data of every kind", within_s=30)


def test_status_tells_people_and_scripts(demo: Installation) -> None:
    eventually(lambda: demo.run("status").returncode == 0, "exit code 0")
    state = demo.status()
    assert state["running"]
    assert state["screen"]["api"] == f"http://127.0.0.1:{demo.port}"
    names = [child["name"] for child in state["children"]]
    assert names == ["postgres", "nats", "simulator", "migrate", "worker", "api"]
    text = demo.run("status").stdout
    assert all(name in text for name in names)


def test_the_token_is_one_word_and_stays(demo: Installation) -> None:
    token = demo.run("token").stdout
    assert re.fullmatch(r"[\w-]{32,}\n", token)
    assert json.loads(demo.run("token", "--json").stdout) == {"token": token.strip()}


def test_sync_follows_the_runs(demo: Installation) -> None:
    eventually(lambda: demo.get("/v1/drivers?limit=1")["items"], "an organisation")
    done = demo.run("sync", "events", "--json")
    assert done.returncode == 0, done.stderr
    (run,) = json.loads(done.stdout)["runs"]
    assert (run["kind"], run["status"]) == ("events", "succeeded")


def test_doctor_finds_nothing_wrong(demo: Installation) -> None:
    eventually(lambda: demo.get("/v1/telemetry/events?limit=1")["items"], "events")
    eventually(lambda: demo.run("status").returncode == 0, "ready")
    looked = demo.run("doctor", "--json")
    findings = {finding["part"]: finding["health"] for finding in json.loads(looked.stdout)["findings"]}
    assert set(findings) == {"processes", "database", "messages", "feed", "source"}
    assert "failed" not in findings.values(), looked.stdout
    assert looked.returncode == 0


def test_a_second_start_is_refused_and_changes_nothing(demo: Installation) -> None:
    before = demo.status()["pid"], (demo.folder / "run" / "simulator.port").read_text()
    for arguments in (("up", "--demo"), ("up", "--demo", "--detach")):
        refused = demo.run(*arguments)
        assert refused.returncode == 4
        for word in (f"process {before[0]}", "trilha down", "trilha status", "TRILHA_DATA_DIR", str(demo.folder)):
            assert word in refused.stderr
    assert (demo.status()["pid"], (demo.folder / "run" / "simulator.port").read_text()) == before


@pytest.mark.parametrize("victim", ["worker", "postgres"])
def test_what_is_killed_comes_back(demo: Installation, victim: str) -> None:
    eventually(lambda: demo.run("status").returncode == 0, "ready")
    before = demo.child(victim)
    os.kill(before["pid"], signal.SIGKILL)
    eventually(lambda: demo.child(victim)["restarts"] > before["restarts"], "counted")
    eventually(
        lambda: demo.child(victim)["state"] == "ready" and demo.child(victim)["pid"] != before["pid"], f"{victim} again"
    )
    eventually(lambda: demo.get("/health/ready"), "the API is ready")
    assert demo.child(victim)["last_exit"] == "SIGKILL"
    eventually(lambda: demo.run("sync", "events").returncode == 0, "data flow again")


def test_down_leaves_nothing_and_the_next_start_goes_on(demo: Installation) -> None:
    eventually(lambda: demo.get("/v1/telemetry/events?limit=1")["items"], "events")
    token = demo.run("token").stdout
    oldest = demo.get("/v1/telemetry/events?limit=1")["items"][0]["id"]
    drivers = {driver["id"] for driver in demo.get("/v1/drivers?limit=100")["items"]}

    assert demo.run("down").returncode == 0
    assert demo.processes() == []
    assert demo.run("status").returncode == 4
    assert demo.run("down").stdout == "was not running\n"

    own = demo.run("up", **OWN)
    assert own.returncode == 3
    assert "--demo" in own.stderr
    assert "TRILHA_DATA_DIR" in own.stderr

    started = demo.run("up", "--demo", "--detach")
    assert started.returncode == 0, started.stderr
    assert demo.run("token").stdout == token
    assert {driver["id"] for driver in demo.get("/v1/drivers?limit=100")["items"]} >= drivers
    since = demo.get("/v1/telemetry/events?limit=100")["items"]
    assert oldest in {event["id"] for event in since}


OWN = {
    "TRILHA_MIX_IDENTITY_URL": "http://127.0.0.1:1/core",
    "TRILHA_MIX_API_URL": "http://127.0.0.1:1",
    "TRILHA_MIX_CLIENT_ID": "nobody",
    "TRILHA_MIX_CLIENT_SECRET": "sesame-1",
    "TRILHA_MIX_USERNAME": "nobody@example.com",
    "TRILHA_MIX_PASSWORD": "sesame-2",
}


def test_the_screen_can_be_copied_and_ctrl_c_ends_it() -> None:
    with tempfile.TemporaryDirectory(prefix="trilha-screen-") as folder:
        Path(folder).chmod(0o755)
        screen = Installation(Path(folder) / "a rather long name for a data folder, longer than the screen is wide")
        with subprocess.Popen(
            [TRILHA, "up", "--demo"],
            env=screen.environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        ) as process:
            try:
                assert process.stdout is not None
                lines = []
                for line in process.stdout:
                    lines.append(line.rstrip("\n"))
                    if "/v1/etl/health" in line:
                        break
                text = "\n".join(lines)
                assert "Trilha is ready" in text
                assert any(line.endswith("ready after") or "HTTP API: ready" in line for line in lines)
                (sign_in,) = [line.strip() for line in lines if "TOKEN=" in line]
                command = f"{sign_in}; echo $TOKEN"
                told = subprocess.run(["/bin/sh", "-c", command], capture_output=True, text=True, check=True)
                assert told.stdout == screen.run("token").stdout
                assert sum(line.strip().startswith("curl ") and line.endswith("'") for line in lines) == 4
                process.send_signal(signal.SIGINT)
                rest = process.stdout.read()
                assert process.wait(30) == 0
                assert "kept in" in rest
            finally:
                if process.poll() is None:
                    process.send_signal(signal.SIGTERM)
        assert screen.processes() == []


def test_a_taken_port_names_its_setting(installation: Installation) -> None:
    Path(installation.folder.parent).chmod(0o755)
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = str(taken.getsockname()[1])
        for arguments in (("up", "--demo"), ("up", "--demo", "--detach")):
            refused = installation.run(*arguments, TRILHA_HTTP_PORT=port)
            assert refused.returncode == 4
            assert refused.stderr.count("TRILHA_HTTP_PORT") == 1
            assert refused.stderr.count("\n") == 1
    assert installation.processes() == []
