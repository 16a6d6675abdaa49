"""Two people thank each other for a lesson: sealed, then opened, shown to everyone, and on one sheet of paper."""

import os
import re
from pathlib import Path

import pytest
from browser import day, look, look_at_contrast
from playwright.sync_api import expect

pytestmark = [pytest.mark.journey, pytest.mark.xdist_group("browser")]
SALMAS, YUSUFS = "صبرك جميل يا بني، رأيت أحفادي أخيرًا", "You never gave up, that is what I take home"


def picture(page, name):
    if os.environ.get("PICTURES"):
        page.screenshot(path=str(Path(os.environ["PICTURES"]) / f"{name}.png"), full_page=True)


def lesson_of(page):
    page.goto("/lessons/")
    page.locator("main a", has_text="أحفادي").first.click()
    page.wait_for_url(re.compile(r"/lessons/\d+/$"))
    return page.url


def test_two_people_thank_each_other(visit):
    salma = visit("phone", "ar", enter="teacher")
    lesson = lesson_of(salma)
    if salma.locator("form[action$='/confirm/']").count():
        salma.locator("form[action$='/confirm/'] button").first.click()
    salma.locator("main a.do[href$='/thanks/']").click()
    salma.wait_for_url("**/thanks/")
    look(salma)
    picture(salma, "thanks_empty_phone_ar")
    salma.locator("main form button.do").click()
    expect(salma.locator(".error-summary")).to_be_visible()
    look(salma)
    picture(salma, "thanks_error_phone_ar")
    salma.locator("textarea[name=learned]").fill("كيف أتصل بالفيديو وأكبّر الصورة")
    salma.locator("textarea[name=thanks]").fill(SALMAS)
    salma.locator("main form button.do").click()
    expect(salma.locator(".notice.success").first).to_be_visible()
    look(salma)
    picture(salma, "thanks_sealed_phone_ar")

    yusuf = visit("desk", "en", enter="learner")
    yusuf.goto(f"{lesson}thanks/")
    expect(yusuf.locator("main")).not_to_contain_text(SALMAS)
    look(yusuf)
    picture(yusuf, "thanks_empty_desk_en")
    yusuf.locator("textarea[name=thanks]").fill(YUSUFS)
    yusuf.locator("main form button.do").click()
    expect(yusuf.locator("main")).to_contain_text(SALMAS)
    look(yusuf)
    picture(yusuf, "thanks_open_desk_en")
    yusuf.locator("button[value=public]").click()
    expect(yusuf.locator("button[value=public]")).to_have_attribute("aria-current", "true")
    yusuf.goto("/me/passport/")
    expect(yusuf.locator("main")).to_contain_text(SALMAS)
    look(yusuf)
    picture(yusuf, "passport_desk_en")

    for size, language in (("phone", "ar"), ("desk", "ar"), ("phone", "en")):
        page = visit(size, language, enter="teacher" if language == "ar" else "learner")
        page.goto("/me/passport/")
        look(page)
        picture(page, f"passport_{size}_{language}")
        page.goto(f"{lesson}thanks/")
        look(page)
        picture(page, f"thanks_open_{size}_{language}")
        look_at_contrast(page)

    paper = salma.context.new_page()
    paper.goto("/me/passport/")
    sheet = paper.pdf(format="A4", prefer_css_page_size=True)
    assert len(re.findall(rb"/Type\s*/Page[^s]", sheet)) == 1
    if os.environ.get("PICTURES"):
        (Path(os.environ["PICTURES"]) / "passport.pdf").write_bytes(sheet)
    paper.close()

    stranger = visit("phone", "ar")
    yusuf.goto("/me/")
    own = yusuf.locator("a[href^='/people/']").first.get_attribute("href")
    stranger.goto(own)
    expect(stranger.locator("main")).to_contain_text(SALMAS)
    look(stranger)
    picture(stranger, "person_phone_ar")

    curator = visit("desk", "ar", enter="curator")
    curator.goto(own)
    curator.locator("a[href$='/report/']").first.click()
    look(curator)
    picture(curator, "thanks_report_desk_ar")
    curator.locator("button[value=other]").click()
    salma.goto(f"{lesson}curators/")
    look(salma)
    picture(salma, "private_note_phone_ar")
    salma.locator("textarea").fill("كل شيء كان جميلًا، شكرًا لكم")
    salma.locator("main form button.do").click()
    curator.goto("/desk/thanks/")
    expect(curator.locator(".case")).to_have_count(2)
    look(curator)
    picture(curator, "desk_thanks_desk_ar")
    curator.locator("button[value=unkind]").click()
    stranger.goto(own)
    expect(stranger.locator("main")).not_to_contain_text(SALMAS)


# What the swap is about is made here, so that it does not matter what the other journeys did to the city (a lesson of
# talks that one of them reports cannot be half of a swap): Salma wishes something new and has something new to give for
# it, and Yusuf says hello.
HELLO = """
from accounts.models import Person
from exchange.lessons import services as lessons
from skills.services import listings
salma, yusuf = (Person.objects.get(email=f"{name}@example.org") for name in ("salma", "yusuf"))
def publish(kind, title):
    return listings.publish_directly(
        owner=salma, kind=kind, title=title, body=f"{title}.", lang="ar", format="place", tags=[],
    )
publish("offer", "تطريز على الطارة")
wish = publish("wish", "أتعلم أرسل رسائل صوتية")
print(lessons.say_hello(listing=wish, by=yusuf, body="مرحبًا، أعلّمك بسرور.", is_stranger=False).pk)
"""


def test_a_lesson_for_a_lesson_is_asked_for_and_answered(city, visit):
    lesson = f"/lessons/{city.run(HELLO)}/"
    page = visit("phone", "ar", enter="learner")
    page.goto(lesson)
    page.locator("main a[href*='/talks/']").last.click()
    page.wait_for_url("**/talks/*/**")
    page.locator(".lesson-card a").click()
    page.wait_for_url(f"**{lesson}**")
    swap = f"{lesson}swap/"
    page.goto(swap)
    look(page)
    picture(page, "swap_ask_phone_ar")
    page.get_by_label("تطريز على الطارة").check()
    own = page.locator("main details.finer:not([open]) > summary")  # times that suit both come first, one's own behind
    while own.count():
        own.first.click()
    for half, days in (("this", 60), ("other", 67)):
        page.locator(f"input[name={half}-day_1]").fill(day(days))
        page.locator(f"input[name={half}-time_1]").fill("17:00")
        page.locator(f"input[name={half}-format][value=place]").check()
        page.locator(f"input[name={half}-place]").fill("مكتبة الحي")
    page.locator("main form button.do").click()
    page.wait_for_url(re.compile(r"/lessons/\d+/$"))
    look(page)
    picture(page, "swap_asked_phone_ar")
    for size, language in (("desk", "en"), ("phone", "ar")):
        salma = visit(size, language, enter="teacher")
        salma.goto(swap)
        look(salma)
        picture(salma, f"swap_answer_{size}_{language}")
    salma.locator("main form button.do").click()
    salma.wait_for_url(re.compile(r"/lessons/\d+/$"))
    expect(salma.locator("main .notice").first).to_be_visible()
    picture(salma, "swap_booked_phone_ar")
