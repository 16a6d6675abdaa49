"""A real browser against the real one-command start: one process with pages, sockets and background work."""

import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import urlsplit

import psycopg
import pytest
from axe_playwright_python.sync_playwright import Axe
from django.conf import settings
from elasticsearch import Elasticsearch
from playwright.sync_api import Browser, BrowserContext, Locator, Page, expect, sync_playwright

ROOT = Path(__file__).resolve().parent.parent
CHROMIUM = os.environ.get("CHROMIUM", "/usr/bin/chromium")
FLAGS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--use-fake-device-for-media-stream",  # a microphone that hums
    "--use-fake-ui-for-media-stream",
]
WCAG = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]
SIZES = {"phone": {"width": 360, "height": 740}, "desk": {"width": 1280, "height": 800}}
# axe takes joined Arabic letters of some fonts for icons and skips their contrast; Latin letters it measures.
SWAP = """() => { const walk = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT); let node;
  while ((node = walk.nextNode())) node.data = node.data.replace(/\\p{Script=Arabic}/gu, "x") }"""


# A Python beside the demo that does what it is told, line by line, and says what came of it.
BESIDE = """
import contextlib, io, json, sys, traceback
for line in sys.stdin:
    said, wrong = io.StringIO(), ""
    try:
        with contextlib.redirect_stdout(said):
            exec(json.loads(line), {})
    except Exception:
        wrong = traceback.format_exc()
    print("beside " + json.dumps([said.getvalue().strip(), wrong]), flush=True)
"""

# What axe judges by: elements with their attributes, where there is text and of which script, the window, the look.
# Numbers and words are left out, and neighbours that are made alike count once.
MAKE = """() => {
  const scripts = [/\\p{Script=Arabic}/u, /\\p{Script=Latin}|\\d/u];
  const words = (text) => scripts.map((script) => script.test(text) ? "x" : "-").join("");
  const told = ["alt", "aria-label", "content", "d", "nonce", "placeholder", "src", "srcset", "title", "value"];
  const leads = /^(href|action|data-|hx-)/;
  const make = (node) => {
    if (node.nodeType === Node.TEXT_NODE) return node.data.trim() && "'" + words(node.data) + "'";
    if (node.nodeType !== Node.ELEMENT_NODE || ["SCRIPT", "STYLE"].includes(node.tagName)) return "";
    const own = [...node.attributes].map(({ name, value }) =>
      name + "=" + (told.includes(name) ? words(value) : leads.test(name) ? value.replace(/\\d+/g, "0") : value));
    const state = [node.checked, node.disabled, node.open, !!node.value, node === document.activeElement];
    const inner = [...node.childNodes].map(make).filter((each, place, all) => each && each !== all[place - 1]);
    return "<" + [node.tagName, ...own.sort(), ...state].join(" ") + ">" + inner.join("") + "</>";
  };
  const asked = ["dark", "light"].filter((each) => matchMedia(`(prefers-color-scheme: ${each})`).matches);
  return [innerWidth, innerHeight, asked, make(document.documentElement)].join(" ");
}"""
# Pages are drawn alike whatever stores and searches, so axe measures them in `make test`, not again on services.
ON_SERVICES = settings.DATABASE_URL.startswith("postgres")
_measured: set[tuple[str, ...]] = set()


class City:
    """The running demo: its address, its surroundings, and the codes it prints instead of mailing them."""

    def __init__(self, address: str, log: Path, own: dict[str, str]) -> None:
        self.address = address
        self.log = log
        self.own = own
        self._beside: subprocess.Popen[str] | None = None

    def run(self, code: str) -> str:
        """Let Python run beside the demo, on its database: for what only time would bring. Gives what it prints."""
        if self._beside is None:
            self._beside = subprocess.Popen(
                [sys.executable, "manage.py", "shell", "-c", BESIDE], cwd=ROOT, env=self.own, text=True,
                stdin=subprocess.PIPE, stdout=subprocess.PIPE,
            )  # fmt: skip
        assert self._beside.stdin is not None
        assert self._beside.stdout is not None
        self._beside.stdin.write(json.dumps(code) + "\n")
        self._beside.stdin.flush()
        answer = next(line for line in self._beside.stdout if line.startswith("beside "))
        said, wrong = json.loads(answer.removeprefix("beside "))
        assert not wrong, wrong
        return str(said)

    def close(self) -> None:
        """End what runs beside the demo."""
        if self._beside is not None:
            self._beside.communicate(timeout=20)

    def code_for(self, email: str) -> str:
        """Wait for the newest code that was mailed to an address."""
        until = time.monotonic() + 10
        while time.monotonic() < until:
            mails = self.log.read_text(encoding="utf-8").split("✉ ")
            for mail in reversed(mails):
                if mail.startswith(f"{email} ") and (found := re.search(r"^\s*(\d{6})\s*$", mail, re.M)):
                    return found.group(1)
            time.sleep(0.1)
        raise AssertionError(f"no code was mailed to {email}")


@contextmanager
def surroundings(place: Path) -> Iterator[dict[str, str]]:
    """Give the environment of an installation of its own: a folder, and on real services a database, a Redis number
    and index names that no other test touches."""
    name = f"journey_{os.getpid()}_{place.name.lower()}".replace("-", "_")
    own = {**os.environ, "RUKN_VAR": str(place), "PYTHONUNBUFFERED": "1"}
    database, redis = urlsplit(settings.DATABASE_URL), urlsplit(settings.REDIS_URL)
    if redis.scheme:
        own["REDIS_URL"] = redis._replace(path="/9").geturl()
    if settings.ELASTICSEARCH_URL:
        own["SEARCH_PREFIX"] = f"{name}_"
    if not database.scheme.startswith("postgres"):
        yield own
        return
    server = {"host": database.hostname, "port": database.port, "user": database.username, "autocommit": True}
    with psycopg.connect(dbname="postgres", password=database.password, **server) as connection:
        connection.execute(f'CREATE DATABASE "{name}"')
        try:
            yield {**own, "DATABASE_URL": database._replace(path=f"/{name}").geturl()}
        finally:
            connection.execute(f'DROP DATABASE "{name}" WITH (FORCE)')
            if settings.ELASTICSEARCH_URL:
                engine = Elasticsearch(settings.ELASTICSEARCH_URL)
                for index in engine.indices.get(index=f"{name}_*").body:
                    engine.indices.delete(index=index)
                engine.options(ignore_status=404).indices.delete_index_template(name=f"{name}_listings")


@dataclass
class FirstStart:
    """How `manage.py demo` started from nothing, what it said, showed and kept, and how it ended."""

    place: Path
    own: dict[str, str]
    taken_port: int
    said: str
    teachers_page: str
    ended: int
    seconds_to_end: float


@pytest.fixture(scope="session")
def first_start(tmp_path_factory: pytest.TempPathFactory) -> Iterator[FirstStart]:
    """Start `manage.py demo` as a newcomer does, in a folder of its own and beside a taken port, and stop it."""
    place = tmp_path_factory.mktemp("city")
    with surroundings(place) as own, socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port, log = taken.getsockname()[1], place / "first.txt"
        with _demo(own, port, log) as process:
            _wait_for("Ctrl-C", process, log)
            said = log.read_text(encoding="utf-8")
            address = re.search(r"ready after [\d.]+ s:\s+(\S+)", said)
            assert address is not None, said
            newcomer = urllib.request.build_opener(urllib.request.HTTPCookieProcessor())
            page = newcomer.open(f"{address.group(1)}demo/enter/teacher/?lang=ar").read().decode()
            started = time.monotonic()
            process.send_signal(signal.SIGINT)
            ended = process.wait(timeout=30)
        yield FirstStart(place, own, port, said, page, ended, time.monotonic() - started)


@pytest.fixture(scope="session")
def city(first_start: FirstStart) -> Iterator[City]:
    """Start it again, with its data, for every journey."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    log = first_start.place / "log.txt"
    with _demo(first_start.own, port, log) as process:
        _wait_for("Ctrl-C", process, log)
        city = City(f"http://127.0.0.1:{port}", log, first_start.own)
        urllib.request.urlopen(f"{city.address}/find/?q=sewing").read()  # the first question loads the skills
        yield city
        city.close()


@contextmanager
def _demo(own: dict[str, str], port: int, log: Path) -> "Iterator[subprocess.Popen[bytes]]":
    command = [sys.executable, "manage.py", "demo", "--port", str(port), "--no-progress"]
    with log.open("w", encoding="utf-8") as out:
        process = subprocess.Popen(command, cwd=ROOT, stdout=out, stderr=out, env=own)
        try:
            yield process
        finally:
            process.terminate()
            process.wait(timeout=10)


def _wait_for(words: str, process: "subprocess.Popen[bytes]", log: Path) -> None:
    until = time.monotonic() + 240  # a busy machine is not a demo that hangs
    while time.monotonic() < until and process.poll() is None:
        if words in log.read_text(encoding="utf-8"):
            return
        time.sleep(0.1)
    raise AssertionError(f"the demo did not start:\n{log.read_text(encoding='utf-8')[-3000:]}")


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    """Debian's Chromium."""
    with sync_playwright() as play:
        browser = play.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield browser
        browser.close()


@pytest.fixture
def visit(city: City, chromium: Browser) -> Iterator:
    """Open a window: visit("phone", "ar") gives a page whose errors fail the test at its end."""
    contexts: list[BrowserContext] = []
    errors: list[str] = []

    def open_window(size: str, language: str, *, enter: str = "", scripts: bool = True) -> Page:
        context = chromium.new_context(viewport=SIZES[size], base_url=city.address, java_script_enabled=scripts)
        context.add_cookies([{"name": "language", "value": language, "url": city.address}])
        contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(10_000)
        page.set_default_navigation_timeout(30_000)  # a busy machine is not a page that hangs
        page.on("pageerror", lambda error: errors.append(str(error)))
        page.on("console", lambda message: errors.append(message.text) if "Content Security" in message.text else None)
        if enter:
            page.goto(f"/demo/enter/{enter}/?lang={language}")
        return page

    yield open_window
    for context in contexts:
        context.close()
    assert errors == []


def look(page: Page) -> None:
    """Look at a page as axe does, fit and direction included; a page of the same make is measured once."""
    page.wait_for_load_state()  # a click leads on before the next page is there
    expect(page.locator("h1")).to_have_count(1)
    wider = page.evaluate("document.documentElement.scrollWidth - window.innerWidth")
    assert wider <= 0, f"{page.url} is {wider} px wider than its window"
    language = page.evaluate("document.documentElement.lang")
    assert page.evaluate("document.documentElement.dir") == ("rtl" if language == "ar" else "ltr")
    _measure(page, WCAG)


def look_at_contrast(page: Page) -> None:
    """Measure the contrast of Arabic text too; changes the page, so look last."""
    page.evaluate(SWAP)
    _measure(page, ["color-contrast"])


def _measure(page: Page, rules: list[str]) -> None:
    make = (*rules, page.evaluate(MAKE))
    if ON_SERVICES or make in _measured:
        return
    found = Axe().run(page, options={"runOnly": rules, "resultTypes": ["violations"]})
    assert found.violations_count == 0, f"{page.url}\n{found.generate_report()}"
    _measured.add(make)


def come_in(page: Page, city: City, email: str, name: str) -> None:
    """Join by e-mailed code: three pages, no password."""
    page.goto("/enter/")
    look(page)
    page.get_by_role("textbox").first.fill(email)
    page.keyboard.press("Enter")
    page.wait_for_url("**/enter/code/**")
    look(page)
    page.locator("input[name=code]").fill(city.code_for(email))
    page.keyboard.press("Enter")
    page.wait_for_url("**/welcome/")
    look(page)
    page.locator("input[name=name]").fill(name)
    page.locator("select[name=district]").select_option(index=1)
    page.locator("main .do").click()
    page.wait_for_url(f"{city.address}/")
    look(page)


def salmas_offer(page: Page) -> Locator:
    """Look for sewing, and give the way to Salma's: the one of the many offers that "teacher" can answer for."""
    page.goto("/find/?q=الخياطة&kind=offer")
    return page.locator(".card", has_text="لضم الخيط").locator(".what a").first


def day(days: int) -> str:
    """Give the date in so many days, as a form takes it."""
    return (datetime.now(UTC) + timedelta(days=days)).date().isoformat()
