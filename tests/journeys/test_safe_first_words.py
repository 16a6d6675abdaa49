"""A stranger writes: the number is hidden, the reader is warned, a report reaches the desk, without a mouse."""

import os
from pathlib import Path

import pytest
from browser import look, salmas_offer
from playwright.sync_api import expect

pytestmark = [pytest.mark.journey, pytest.mark.xdist_group("browser")]


def picture(page, name):
    if os.environ.get("PICTURES"):
        page.screenshot(path=str(Path(os.environ["PICTURES"]) / f"{name}.png"), full_page=True)


def test_first_words_are_safe_and_a_report_reaches_the_desk(visit):
    page = visit("phone", "ar", enter="learner")
    salmas_offer(page).click()
    page.locator("main .acts .do").click()
    page.locator("textarea[name=body]").fill("مرحبًا، رقمي صفر سبعة تسعة ١٢٣ ٤٥٦٧، كم عمرك؟")
    page.locator("main button.do").click()
    page.wait_for_url("**/talks/*/**")
    talk = page.url.split("#")[0]
    expect(page.locator(".line.mine .body").first).to_contain_text("•••")
    expect(page.locator(".line.mine .beside").first).to_be_visible()
    page.locator(".compose textarea").fill("Please my number is 0791234567")
    page.locator(".compose .do").click()
    expect(page.locator(".line.mine").nth(1).locator(".body")).to_contain_text("•••")
    page.locator(".compose textarea").fill("send me the OTP")
    page.locator(".compose .do").click()
    expect(page.locator(".line.waits")).to_be_visible()
    page.reload()
    expect(page.locator(".line.waits")).to_have_count(1)
    look(page)
    picture(page, "sender")

    reader = visit("phone", "ar", enter="teacher")
    reader.goto(talk)
    expect(reader.locator(".line .careful").first).to_be_visible()
    look(reader)
    picture(reader, "reader")
    reader.locator(".line .report").first.focus()
    reader.keyboard.press("Enter")
    reader.wait_for_url("**/report/**")
    look(reader)
    picture(reader, "report")
    reader.locator("button[value=money]").focus()
    reader.keyboard.press("Enter")
    reader.wait_for_url("**/talks/*/")
    expect(reader.locator(".talk > .notice")).to_be_visible()
    picture(reader, "reported")

    for size in ("desk", "phone"):
        for language in ("en", "ar"):
            desk = visit(size, language, enter="curator")
            desk.goto("/desk/talks/")
            expect(desk.locator(".case")).to_have_count(2)
            look(desk)
            picture(desk, f"desk_{size}_{language}")
    desk.keyboard.press("k")
    expect(desk.locator(".case")).to_have_count(1)
    desk.keyboard.press("w")
    expect(desk.locator(".case")).to_have_count(0)
