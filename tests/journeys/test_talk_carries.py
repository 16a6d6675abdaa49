"""A talk carries more than words: a photo, a recording; and a screen reader hears only what is new."""

from io import BytesIO

import pytest
from browser import look
from PIL import Image
from playwright.sync_api import expect

pytestmark = [pytest.mark.journey, pytest.mark.xdist_group("browser")]

WATCH = """addEventListener("DOMContentLoaded", () => { window.added = [];
  if (document.querySelector("[data-lines]"))
  new MutationObserver((changes) => { for (const change of changes) for (const node of change.addedNodes)
    if (node.nodeType === 1) window.added.push(node.className) })
  .observe(document.querySelector("[data-lines]"), { childList: true, subtree: true }) })"""


def jpeg():
    out = BytesIO()
    Image.effect_noise((900, 600), 40).convert("RGB").save(out, "JPEG")
    return out.getvalue()


def open_talk(page, with_whom=""):
    page.goto("/talks/")
    page.locator(".talks a", has_text=with_whom).first.click()
    page.wait_for_url("**/talks/*/")


@pytest.mark.parametrize(("size", "language"), [("phone", "ar"), ("desk", "en")])
def test_a_photo_and_a_recording_reach_the_other_side(city, visit, size, language):
    page = visit(size, language, enter="teacher")
    open_talk(page, "ريم")
    before = page.locator(".line").count()
    page.locator(".attach summary").click()
    page.locator("#id_file").set_input_files({"name": "p.pdf", "mimeType": "application/pdf", "buffer": jpeg()})
    page.locator(".attach button.do").click()
    expect(page.locator("[data-told]")).not_to_be_empty()
    assert page.locator(".line").count() == before

    page.context.set_offline(True)
    page.locator("#id_file").set_input_files({"name": "p.jpg", "mimeType": "image/jpeg", "buffer": jpeg()})
    page.locator(".attach button.do").click()
    expect(page.locator("[data-told]")).to_have_text(page.locator("[data-attach]").get_attribute("data-offline"))
    page.context.set_offline(False)
    page.locator(".attach button.do").click()
    image = page.locator(".line").last.locator(".photo img")
    expect(image).to_be_visible()
    assert image.get_attribute("width") == "480"
    expect(page.locator(".line")).to_have_count(before + 1)

    page.locator(".attach summary").click()
    page.locator("[data-record]").click()
    expect(page.locator("[data-clock]")).to_contain_text("2")
    page.wait_for_timeout(1200)
    page.locator("[data-record]").click()
    expect(page.locator(".attach audio")).to_be_visible()
    look(page)
    page.locator(".attach button.do").click()
    expect(page.locator(".line").last.locator("audio")).to_be_visible()

    page.reload()
    expect(page.locator(".photo img").last).to_be_visible()
    assert page.evaluate("document.querySelector('.photo img').complete")
    look(page)
    for _each in range(2):
        place = page.locator(".line:not(.gone)").last.get_attribute("data-seq")
        last = page.locator(f"[data-seq='{place}']")
        last.locator("summary").click()
        last.locator("[data-delete]").click()
        expect(last.locator("audio, img")).to_have_count(0)


def test_a_screen_reader_hears_what_is_new_and_no_history(city, visit):
    page = visit("desk", "en", enter="teacher")
    page.context.add_init_script(WATCH)
    open_talk(page, "ريم")
    page.wait_for_timeout(1500)
    log = page.get_by_role("log")
    assert (log.get_attribute("aria-live"), log.get_attribute("aria-relevant")) == ("polite", "additions")
    assert page.evaluate("window.added") == []  # nothing of the history was put in again
    page.locator("textarea[name=body]").fill("Heard once")
    page.keyboard.press("Enter")
    expect(page.locator(".line").last.locator("[data-state]")).to_have_text("sent")
    page.wait_for_timeout(800)
    lines = [name for name in page.evaluate("window.added") if name.startswith("line") and "acts" not in name]
    assert lines == ["line mine"]
    expect(page.locator(".day").last).to_have_text("Today")
    written = page.locator(".line").last.locator("time").inner_text()
    page.reload()
    assert page.locator(".line").last.locator("time").inner_text() == written  # live and drawn anew alike
    title = page.locator(".about a")
    title.click()
    page.wait_for_url("**/listings/*/")


def test_words_are_found_again_and_lead_to_their_place(city, visit):
    page = visit("phone", "ar", enter="learner", scripts=False)
    open_talk(page, "أحفادي")  # one of the seed: other journeys open talks of their own
    page.locator("a.round").click()
    page.locator("#id_q").fill("مناسب")
    page.locator(".ask button").click()
    expect(page.locator("mark").first).to_be_visible()
    page.locator(".talks a").first.click()
    expect(page.locator(".line.found")).to_be_visible()
