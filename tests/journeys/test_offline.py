"""The connection goes and comes, pages are reloaded in between: nothing is lost and nothing stands there twice (C8)."""

import os
import random

import pytest
from playwright.sync_api import expect

pytestmark = [pytest.mark.journey, pytest.mark.xdist_group("browser")]

ROUNDS = int(os.environ.get("OFFLINE_ROUNDS", "4"))  # the long form: OFFLINE_ROUNDS=50
WAITING = """() => new Promise((done) => { const asked = indexedDB.open("rukn");
  asked.onsuccess = () => { const base = asked.result, kept = base.transaction("unsent").objectStore("unsent").count();
    kept.onsuccess = () => { base.close(); done(kept.result); } } })"""
BODIES = (
    """() => [...document.querySelectorAll(".line")].map((line) => line.querySelector(".body").textContent.trim())"""
)
EARLIER = ".earlier a[href^='?before=']"


def test_words_written_with_and_without_a_connection_arrive_once(city, visit):
    rng = random.Random(8)
    page = visit("phone", "en", enter="learner")
    page.goto("/talks/")
    page.locator(".talks a", has_text="أحفادي").first.click()
    page.wait_for_url("**/talks/*/")
    page.set_default_timeout(20_000)
    said = []

    def say(text):
        page.locator("textarea[name=body]").fill(text)
        page.locator("[data-compose] button.do").click()
        expect(page.get_by_text(text, exact=True)).to_have_count(1)
        said.append(text)

    for number in range(ROUNDS):
        say(f"Before cut {number}")
        page.context.set_offline(True)
        for more in range(rng.randrange(1, 3)):
            say(f"Without a line {number}-{more}")
        page.context.set_offline(False)
        if rng.random() < 0.5:
            say(f"Just back {number}")
        if rng.random() < 0.6:
            page.reload()
    for _ in range(60):
        if page.evaluate(WAITING) == 0:
            break
        page.wait_for_timeout(500)
    assert page.evaluate(WAITING) == 0
    page.reload()
    shown = page.evaluate(BODIES)
    while set(said) - set(shown) and page.locator(EARLIER).count():
        page.locator(EARLIER).click()
        page.wait_for_load_state()
        shown = page.evaluate(BODIES) + shown
    assert {text: shown.count(text) for text in said if shown.count(text) != 1} == {}
