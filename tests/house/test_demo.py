"""The one command: starts from nothing, keeps its data, takes the next port, ends kindly, and exists only as a demo."""

import io
import re
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

import pytest
from browser import surroundings
from django.core.mail import EmailMessage
from django.db import connection, transaction
from django.utils import timezone

from accounts.models import Person
from exchange.checks import demo_is_off
from exchange.console_mail import PrintedMail
from exchange.ledger import statements
from exchange.ledger.models import Posting
from exchange.ledger.services import audit
from exchange.lessons.models import Lesson
from exchange.lessons.services import checking
from exchange.management.seed import plant
from skills.models import Listing
from skills.services import concepts

ROOT = Path(__file__).resolve().parent.parent.parent


@pytest.fixture
def start(tmp_path):
    """Start demos in one place, and end whatever a failed test left running."""
    running = []
    with surroundings(tmp_path) as own:

        def run(port):
            running.append(_start(own, port))
            return running[-1]

        yield run
        for process in running:
            process.kill()
            process.wait()


def _start(environment, port):
    command = [sys.executable, "manage.py", "demo", "--port", str(port), "--no-progress"]
    return subprocess.Popen(
        command,
        cwd=ROOT,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        encoding="utf-8",
    )


def read_until(process, words):
    said = ""
    while True:
        line = process.stdout.readline()
        assert line, f"ended early:\n{said}"
        said += line
        if words in line:
            return said


def stop(process):
    started = time.monotonic()
    process.send_signal(signal.SIGINT)
    assert process.wait(timeout=10) == 0
    return time.monotonic() - started


def test_prints_a_code_whole_and_a_notice_in_one_line():
    stream = io.StringIO()
    code = EmailMessage("Your code", "Hello,\n\nYour code is 123456.\n", to=["yusuf@example.org"])
    notice = EmailMessage("رد جديد", "سطور كثيرة\n" * 9, to=["salma@example.org"], headers={"List-Unsubscribe": "<x>"})
    assert PrintedMail(stream=stream).send_messages([code, notice]) == 2
    assert stream.getvalue().splitlines() == [
        "✉ yusuf@example.org · Your code",
        "  Hello,",
        "  Your code is 123456.",
        "✉ salma@example.org · رد جديد",
    ]


@pytest.mark.xdist_group("browser")
def test_starts_again_with_its_data_beside_a_taken_port(start):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        first = start(port)
        said = read_until(first, "Ctrl-C")
        assert f"Port {port} is taken" in said
        doors = re.findall(r"http://\S+/demo/enter/(\w+)/", said)
        assert doors == ["teacher", "learner", "curator", "admin"]
        address = re.search(r"ready after [\d.]+ s:\s+(\S+)", said).group(1)
        browser = urllib.request.build_opener(urllib.request.HTTPCookieProcessor())
        page = browser.open(f"{address}demo/enter/teacher/?lang=ar").read().decode()
        assert "سلمى الحداد" in page
        assert stop(first) < 8
    again = start(port)
    said = read_until(again, "Ctrl-C")
    assert "Building a city" not in said
    assert float(re.search(r"ready after ([\d.]+) s", said).group(1)) < 5
    stop(again)


def test_the_same_seed_gives_the_same_city(db):
    def grow(seed):
        with transaction.atomic():
            plant.plant(size="small", seed=seed, progress=lambda _count: None)
            rows = list(Listing.objects.order_by("id").values_list("title", "owner__email", "free_mask", "state"))
            rows += Posting.objects.order_by("id").values_list("account__person__email", "minutes", "balance")
            transaction.set_rollback(True)
        concepts.forget()
        return rows

    first = grow(7)
    assert first == grow(7)
    assert first != grow(8)


def test_the_city_has_a_past_that_adds_up(db):
    plant.plant(size="small", seed=7, progress=lambda _count: None)
    connection.check_constraints()  # also what PostgreSQL looks at only at the end
    assert audit.verify().is_well
    assert not any(checking.faults(now=timezone.now()).values())
    assert 30 <= Lesson.objects.filter(state="confirmed", in_return="hours").count() <= 60
    for name, kinds in (("salma", {"taught", "held", "start", "pot_to", "gift_to", "gift_from"}),
                        ("yusuf", {"taught", "held", "start", "gift_to", "gift_from", "pot_from"})):  # fmt: skip
        person = Person.objects.get(email=f"{name}@example.org")
        assert kinds <= {line.what for line in statements.lines(person=person)}
    assert statements.pot(limit=20).balance > 0


class TestEntrances:
    def test_do_not_exist_outside_the_demo(self, client, db):
        assert client.get("/demo/enter/admin/").status_code == 404

    def test_fail_the_deployment_check(self, settings):
        assert demo_is_off(None) == []
        settings.DEMO = True
        assert [message.id for message in demo_is_off(None)] == ["rukn.E001"]
