"""What was written without a connection outlives its tab, is sent once, and is wiped at sign-out."""

import pytest
from playwright.sync_api import expect

pytestmark = [pytest.mark.journey, pytest.mark.xdist_group("browser")]

COUNT = """() => new Promise((done) => { const asked = indexedDB.open("rukn");
  asked.onsuccess = () => { const base = asked.result;
    if (!base.objectStoreNames.contains("unsent")) { base.close(); return done(0); }
    const count = base.transaction("unsent").objectStore("unsent").count();
    count.onsuccess = () => { base.close(); done(count.result); } } })"""


def say(page, text):
    page.locator("textarea[name=body]").fill(text)
    page.keyboard.press("Enter")


def test_unsent_words_are_shared_by_tabs_sent_once_and_wiped_at_sign_out(city, visit):
    one = visit("desk", "en", enter="learner")
    one.goto("/talks/")
    one.locator(".talks a", has_text="أحفادي").first.click()
    one.wait_for_url("**/talks/*/")
    two = one.context.new_page()
    two.goto(one.url)
    say(one, "Both of us see this")
    expect(two.get_by_text("Both of us see this")).to_have_count(1)
    expect(one.locator(".line").last.locator("[data-state]")).to_have_text("sent")

    one.context.set_offline(True)
    say(one, "Written on the bus")
    waiting = two.locator(".line", has_text="Written on the bus")
    expect(waiting.locator("[data-state]")).to_have_text("not sent yet, we keep trying")
    assert two.evaluate(COUNT) == 1
    one.close()
    one.context.set_offline(False)
    expect(waiting.locator("[data-state]")).to_have_text("sent", timeout=20_000)
    expect(waiting).to_have_count(1)
    assert two.evaluate(COUNT) == 0

    waiting.locator("summary").click()
    waiting.locator("[data-answer]").click()
    say(two, "An answer to myself")
    expect(two.locator(".line").last.locator(".quote")).to_have_text("Written on the bus")
    waiting.first.locator("summary").click()
    waiting.first.locator("[data-delete]").click()
    expect(two.locator(".line.gone")).to_have_count(1)
    two.reload()
    expect(two.locator(".line.gone .body")).to_have_text("This message was deleted.")
    expect(two.locator(".line").last.locator(".quote")).to_have_text("This message was deleted.")

    other = two.context.new_page()
    other.goto("/me/")
    two.context.set_offline(True)
    say(two, "Never to be seen by the next person")
    expect(two.get_by_text("Never to be seen by the next person")).to_have_count(1)
    assert two.evaluate(COUNT) == 1
    two.close()
    other.context.set_offline(False)
    other.locator("[data-sign-out] button").click()
    other.wait_for_load_state()
    assert other.evaluate(COUNT) == 0
