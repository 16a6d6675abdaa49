"""Plain processes: a fallen one is started again, one that always falls ends all, a stubborn one is ended anyway."""

import os
import signal
import subprocess
import sys
import time

import pytest

from exchange.management import processes

SLEEPS = [sys.executable, "-c", "import time; time.sleep(60)"]
STUBBORN = [
    sys.executable,
    "-c",
    "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('up', flush=True); time.sleep(60)",
]


@pytest.fixture
def supervisor():
    said = []
    found = processes.Supervisor(said.append)
    found.said = said
    yield found
    for each in found.watched.values():
        each.signal(signal.SIGKILL)


def is_running(pid):
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def wait_for(condition):
    until = time.monotonic() + 10
    while not condition():
        assert time.monotonic() < until
        time.sleep(0.02)


def test_a_fallen_process_is_started_again_and_told(supervisor):
    supervisor.add("sleeper", SLEEPS, os.environ)
    first = supervisor.watched["sleeper"].process
    os.kill(first.pid, signal.SIGKILL)
    wait_for(lambda: first.poll() is not None)
    supervisor.look()
    again = supervisor.watched["sleeper"].process
    assert again.pid != first.pid
    assert again.poll() is None
    assert "sleeper ended with status -9" in supervisor.said[0]


def test_children_of_a_killed_process_are_ended_before_it_is_started_again(supervisor, tmp_path):
    place = tmp_path / "pid"
    code = (
        "import pathlib, subprocess, sys, time\n"
        "child = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(60)'])\n"
        f"pathlib.Path({str(place)!r}).write_text(str(child.pid))\n"
        "time.sleep(60)\n"
    )
    supervisor.add("parent", [sys.executable, "-c", code], os.environ)
    wait_for(lambda: place.exists() and place.read_text())
    child, parent = int(place.read_text()), supervisor.watched["parent"].process
    parent.kill()
    parent.wait()
    supervisor.look()
    wait_for(lambda: not is_running(child))


def test_one_that_falls_again_and_again_ends_everything(supervisor):
    supervisor.add("falls", [sys.executable, "-c", ""], os.environ)

    def look_for_long():
        for _ in range(200):
            supervisor.look()
            time.sleep(0.02)

    with pytest.raises(processes.FallsAgainAndAgain, match="falls"):
        look_for_long()


def test_end_leaves_nobody_behind(supervisor, monkeypatch):
    monkeypatch.setattr(processes, "END_SECONDS", 0.3)
    supervisor.add("sleeper", SLEEPS, os.environ)
    supervisor.add("stubborn", STUBBORN, os.environ)
    time.sleep(0.3)
    pids = [each.process.pid for each in supervisor.watched.values()]
    supervisor.end()
    assert not any(is_running(pid) for pid in pids)
    supervisor.look()
    assert [each.process.pid for each in supervisor.watched.values()] == pids


def test_the_proxy_is_told_where_everything_is(tmp_path):
    path = processes.proxy_configuration(place=tmp_path, root=tmp_path / "root", port=1, pages=2, sockets=[3, 4])
    text = path.read_text(encoding="utf-8")
    assert "listen 127.0.0.1:1;" in text
    assert "server 127.0.0.1:2 " in text
    assert "server 127.0.0.1:4 " in text
    assert f"set $rukn_root {tmp_path / 'root'};" in text
    assert (tmp_path / "locations.conf").exists()


def test_the_demo_of_services_says_what_is_missing(tmp_path):
    kept = {name: value for name, value in os.environ.items() if name not in ("REDIS_URL", "ELASTICSEARCH_URL")}
    ended = subprocess.run(
        [sys.executable, "manage.py", "services_demo"],
        cwd=processes.settings.BASE_DIR, env={**kept, "RUKN_VAR": str(tmp_path)}, capture_output=True, text=True,
        timeout=60, check=False,
    )  # fmt: skip
    assert ended.returncode == 2
    assert "REDIS_URL, ELASTICSEARCH_URL" in ended.stderr
    assert "make demo" in ended.stderr
