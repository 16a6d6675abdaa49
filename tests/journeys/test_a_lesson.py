"""From hello to "it took place": two people agree on a lesson, hold it, and both say so; also without scripts."""

import itertools
import re

import pytest
from browser import come_in, day, look, look_at_contrast, salmas_offer
from playwright.sync_api import expect

pytestmark = [pytest.mark.journey, pytest.mark.xdist_group("browser")]

numbers = itertools.count(1)
WORDS = {
    "ar": {"booked": "محجوز", "cancel": "لا أستطيع الحضور", "waiting": "بانتظار ردّ", "held": "تمّ الدرس"},
    "en": {"booked": "booked", "cancel": "I cannot come", "waiting": "Waiting for an answer", "held": "It took place"},
}
PASS = """
from datetime import timedelta
from django.db import transaction
from exchange.lessons.models import Lesson
from exchange.lessons.services import clock
with transaction.atomic():
    lesson = Lesson.objects.select_for_update().get(id={number})
    clock.catch_up(lesson, now=lesson.ends_at + timedelta(minutes=1))
"""


def say_hello(page):
    """Say hello to Salma, who teaches sewing; gives the address of the talk."""
    salmas_offer(page).click()
    page.locator("main .acts .do").click()
    page.locator("main button.do").click()
    page.wait_for_url("**/talks/*/**")
    return page.url.split("#")[0]


def propose(page, days, *, hour="18:00"):
    """Fill in the one form of a lesson with times of one's own, and send it; gives the lesson's address."""
    own = page.locator("details.finer:not([open]) > summary")
    if own.count():
        own.click()
    for number, date in enumerate(days, start=1):
        page.locator(f"input[name=day_{number}]").fill(date)
        page.locator(f"input[name=time_{number}]").fill(hour)
    if page.locator("input[name=place]").count():
        page.locator("select[name=minutes]").select_option("90")
        page.locator("input[name=place]").fill("مكتبة الحي")
    page.locator("main button.do").click()
    page.wait_for_url(re.compile(r"/lessons/\d+/$"))
    return page.url


@pytest.mark.parametrize("language", ["ar", "en"])
@pytest.mark.parametrize("size", ["phone", "desk"])
def test_two_agree_on_a_lesson_hold_it_and_both_say_so(city, visit, language, size):
    words, number = WORDS[language], next(numbers)
    learner = visit(size, language)
    come_in(learner, city, f"learner{number}@example.org", f"Dana {number}")
    talk = say_hello(learner)
    look(learner)
    learner.locator(".lesson-card a").click()
    look(learner)
    learner.locator("main button.do").click()  # nothing was said: kept, and said kindly
    expect(learner.locator("#errors")).to_be_visible()
    look(learner)
    where = propose(learner, [day(20 + 3 * number), day(21 + 3 * number)])
    expect(learner.locator(".case h2")).to_contain_text(words["waiting"])
    look(learner)

    teacher = visit(size, language, enter="teacher")
    teacher.goto(talk)
    look(teacher)
    teacher.locator(".lesson-card a").click()
    look(teacher)
    teacher.locator("main button.do").click()  # no time was chosen
    expect(teacher.locator("#errors")).to_be_visible()
    teacher.locator("input[name=proposal]").nth(1).check()
    teacher.locator("main button.do").click()
    expect(teacher.locator(".lesson h2").first).to_contain_text(words["booked"])
    look(teacher)

    learner.reload()
    expect(learner.locator(".lesson h2").first).to_contain_text(words["booked"])
    learner.get_by_text(words["cancel"]).click()  # what it would cost is said before it is done
    look(learner)
    learner.goto("/lessons/")
    look(learner)

    city.run(PASS.format(number=where.rstrip("/").rsplit("/", 1)[1]))
    own = where.removeprefix(city.address)
    learner.goto("/")
    expect(learner.locator(f".ring-call a[href='{own}']")).to_be_visible()  # the first page calls for their word
    for page in (teacher, learner):
        page.goto("/lessons/")
        page.locator(f"main a[href='{own}']").click()
        look(page)
        page.locator("main button.do").click()
        page.wait_for_url(where)
    for page in (teacher, learner):
        page.reload()
        expect(page.locator(".kind")).to_have_text(words["held"])
        look(page)
    look_at_contrast(learner)


def test_the_same_without_scripts_with_other_times_and_a_cancellation(city, visit):
    number = next(numbers)
    joining = visit("phone", "ar")
    come_in(joining, city, f"learner{number}@example.org", f"Dana {number}")
    talk = say_hello(joining)
    cookies = joining.context.cookies()
    learner = visit("phone", "ar", scripts=False)
    learner.context.clear_cookies()
    learner.context.add_cookies(cookies)
    learner.goto(talk)
    learner.locator(".lesson-card a").click()
    where = propose(learner, [day(20 + 3 * number)])

    teacher = visit("phone", "ar", enter="teacher", scripts=False)
    teacher.goto(where)
    teacher.get_by_role("link", name="اقترح أوقاتًا أخرى").click()
    propose(teacher, [day(21 + 3 * number)], hour="10:30")
    learner.goto(where)
    learner.locator("main button.do").click()
    expect(learner.locator(".lesson h2").first).to_contain_text("محجوز")
    learner.get_by_role("link", name="اطلب وقتًا آخر").click()
    propose(learner, [day(22 + 3 * number)], hour="11:00")
    teacher.goto(where)
    teacher.get_by_role("button", name="ليبقَ كما هو").click()
    expect(teacher.locator(".lesson h2").first).to_contain_text("محجوز")
    teacher.locator("details.finer summary").click()
    teacher.locator("textarea[name=cancel-note]").fill("سافرت ابنتي")
    teacher.get_by_role("button", name="ألغِ الدرس").click()
    learner.goto(where)
    expect(learner.locator(".case")).to_contain_text("سافرت ابنتي")
    learner.locator("main button.do").click()
    learner.wait_for_url(re.compile(r"/lessons/\d+/ask/$"))


@pytest.mark.parametrize("language", ["ar", "en"])
def test_a_lesson_can_be_read_in_large_text_and_strong_contrast_by_night(visit, language):
    page = visit("phone", language, enter="teacher")
    page.emulate_media(color_scheme="dark")
    page.goto("/lessons/")
    page.locator(".aa summary").click()
    with page.expect_response("**/appearance/"):
        page.locator("button[name=text][value=largest]").click()
    with page.expect_response("**/appearance/"):
        page.locator("button[name=contrast][value=high]").click()
    page.reload()
    look(page)
    page.locator(".talks a").first.click()
    page.wait_for_url("**/lessons/*/")
    look(page)
    page.goto(page.url + "ask/")
    page.set_viewport_size({"width": 320, "height": 640})
    look(page)
    look_at_contrast(page)


def test_a_booked_lesson_is_printed_on_one_page_with_what_when_and_where(visit, tmp_path):
    page = visit("desk", "ar", enter="learner")
    page.goto("/lessons/")
    page.locator(".talks a", has_text="محجوز").first.click()
    page.wait_for_url("**/lessons/*/")
    page.emulate_media(media="print")
    expect(page.locator("h1")).to_be_visible()
    expect(page.locator(".case .big")).to_be_visible()
    for hidden in ("main form", ".places", ".steps", ".first-meeting", ".acts"):
        for each in page.locator(hidden).all():
            expect(each).not_to_be_visible()
    assert len(re.findall(rb"/Type\s*/Page\b", page.pdf(format="A4"))) == 1
