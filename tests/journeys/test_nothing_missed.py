"""Salma is full for a month with one tap, and says when mail may come; by keyboard, without scripts, on a phone."""

import pytest
from browser import look, salmas_offer
from playwright.sync_api import expect

pytestmark = [pytest.mark.journey, pytest.mark.xdist_group("browser")]


def test_full_for_a_month_is_one_tap_and_who_asked_is_told(visit):
    page = visit("phone", "ar", enter="admin")  # a neighbour who has no talk with her yet, and needs none later
    salmas_offer(page).click()
    expect(page.locator(".listing-main .hint")).to_be_visible()  # how soon an answer usually comes
    page.locator("main .acts .do").click()
    page.locator("main button.do").click()
    page.wait_for_url("**/talks/*/**")
    talk = page.url.split("#")[0]

    reader = visit("phone", "ar", enter="teacher", scripts=False)
    reader.goto(talk)
    look_at = visit("phone", "ar", enter="teacher")
    look_at.goto(talk)
    look(look_at)
    reader.locator("button[name=days][value='30']").focus()
    reader.keyboard.press("Enter")
    reader.wait_for_url("**/talks/*/")
    expect(reader.locator(".flow > p.notice:not(.lesson-card)")).to_be_visible()
    page.reload()
    expect(page.locator(".flow > p.notice:not(.lesson-card)")).to_contain_text("لا متّسع الآن")
    look(page)
    # She has room again before the month is over; the other journeys find her offer where it was.
    reader.goto("/me/")
    back = reader.locator("form[action$='/resume/'] button")
    expect(back.first).to_be_visible()
    for _ in range(back.count()):
        back.first.click()
        reader.wait_for_url("**/me/**")
        reader.goto("/me/")
    expect(back).to_have_count(0)


@pytest.mark.parametrize("language", ["ar", "en"])
def test_one_question_decides_about_mail_and_the_finer_ones_wait_behind_it(visit, language):
    page = visit("phone", language, enter="learner")
    page.goto("/me/notices/")
    look(page)
    expect(page.locator(".kinds")).not_to_be_visible()
    page.locator(".finer summary").first.focus()
    page.keyboard.press("Enter")
    page.locator("select[name=mail_message]").select_option("digest")
    look(page)
    page.locator("main .acts .do").click()
    page.wait_for_url("**/me/notices/")
    expect(page.locator("input[name=mail][value=own]")).to_be_checked()
    expect(page.locator("select[name=mail_message]")).to_have_value("digest")
    plain = visit("phone", language, enter="learner", scripts=False)
    plain.goto("/me/notices/")
    plain.locator("input[name=mail][value=usual]").check()
    plain.locator("main .acts .do").click()
    expect(plain.locator("input[name=mail][value=usual]")).to_be_checked()
