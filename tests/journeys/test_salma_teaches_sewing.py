"""A retired person lists sewing, a curator lets it through, a learner wishes it, they meet and talk live."""

import itertools
import re

import pytest
from browser import come_in, look, look_at_contrast
from playwright.sync_api import expect

pytestmark = [pytest.mark.journey, pytest.mark.xdist_group("browser")]

ERRANDS = [
    pytest.param("ar", "phone", "أتعلم خياطة", "خياطة", id="ar-phone"),
    pytest.param("ar", "desk", "أتعلم خياطة", "خياطه", id="ar-desk"),
    pytest.param("en", "phone", "learn to sew", "sewing", id="en-phone"),
    pytest.param("en", "desk", "learn to sew", "sew clothes", id="en-desk"),
]
numbers = itertools.count(1)


def write(page, kind, title, skill, body):
    """Answer the five questions and send."""
    page.goto(f"/{kind}/new/")
    look(page)
    page.locator("main .do").click()
    page.wait_for_url("**/edit/1/")
    look(page)
    page.locator("input[name=title]").fill(title)
    page.locator("input[name=skills]").fill(skill)
    page.keyboard.press("Escape")
    page.locator("main button.do").click()
    page.wait_for_url("**/edit/2/")
    look(page)
    page.locator("textarea[name=body]").fill(body)
    page.locator("main button.do").click()
    page.wait_for_url("**/edit/3/")
    look(page)
    page.locator("main button.do").click()
    page.wait_for_url("**/edit/4/")
    look(page)
    page.locator("input[value=tue-evening]").check()
    page.locator("main button.do").click()
    page.wait_for_url("**/edit/5/")
    look(page)
    page.locator("main button.do").click()
    page.wait_for_url("**/check/")
    look(page)
    expect(page.locator("main")).to_contain_text(title)
    page.locator("main button.do").click()
    page.wait_for_url("**/sent/")
    look(page)
    return int(re.search(r"/listings/(\d+)/", page.url).group(1))


def let_through(page, title):
    """Find a text on the desk and press the key."""
    page.goto("/desk/")
    look(page)
    page.get_by_role("link", name=title).first.click()
    page.wait_for_url(re.compile(r"/desk/\d+/"))
    look(page)
    page.keyboard.press("a")
    expect(page.locator(".notice").first).to_be_visible()


@pytest.mark.parametrize(("language", "size", "wish", "skill"), ERRANDS)
def test_lists_is_found_and_talks(city, visit, language, size, wish, skill):
    number = next(numbers)
    teacher, curator, learner = visit(size, language), visit(size, language, enter="curator"), visit(size, language)
    offer_title = f"الخياطة للمبتدئات من الصفر {language}{size}"
    wish_title = f"{wish} {language}{size}"

    come_in(teacher, city, f"um.ali.{language}.{size}@example.org", f"أم علي {number}")
    write(teacher, "offer", offer_title, "خياطة", "نبدأ بالإبرة والخيط ثم الماكينة.")
    let_through(curator, offer_title)
    come_in(learner, city, f"learner.{language}.{size}@example.org", f"Noor {number}")
    wish_id = write(learner, "wish", wish_title, skill, "I have a machine from my mother. عندي ماكينة.")
    let_through(curator, wish_title)

    learner.goto(f"/listings/{wish_id}/matches/")
    card = learner.locator(".card", has_text=offer_title)
    for _ in range(30):
        if card.count():
            break
        learner.wait_for_timeout(300)
        learner.reload()
    expect(card).to_be_visible()
    assert 1 <= card.locator(".why li").count() <= 3
    look(learner)

    card.locator(".do").click()
    learner.wait_for_url("**/hello/")
    look(learner)
    learner.locator("main button.do").click()
    learner.wait_for_url("**/talks/*/")
    look(learner)
    talk = learner.url
    teacher.goto("/talks/")
    look(teacher)
    teacher.locator(".talks a").first.click()
    teacher.wait_for_url("**/talks/*/")
    expect(teacher.locator(".line")).to_have_count(1)

    say(teacher, "أهلًا، يناسبك الثلاثاء؟")
    expect(learner.locator(".line").nth(1)).to_contain_text("أهلًا، يناسبك الثلاثاء؟")
    learner.locator("textarea[name=body]").press_sequentially("نعم")
    expect(teacher.locator("[data-typing-line]")).not_to_be_empty()
    learner.keyboard.press("Control+A")
    learner.keyboard.press("Delete")

    learner.context.set_offline(True)
    expect(learner.locator("[data-banner]")).to_be_visible()
    for text in ("واحد", "اثنان", "ثلاثة"):
        say(learner, text)
    say(teacher, "أحضري قماشًا قديمًا")
    learner.context.set_offline(False)
    learner.goto(talk)
    expect(teacher.locator(".line")).to_have_count(6, timeout=20_000)
    expect(learner.locator(".line")).to_have_count(6, timeout=20_000)
    expect(learner.locator(".line.mine").last.locator("[data-state]")).to_have_text(
        {"ar": "قُرئت", "en": "seen"}[language], timeout=10_000
    )
    told = [page.locator(".line .body").all_inner_texts() for page in (teacher, learner)]
    assert told[0] == told[1]
    assert len(set(told[0])) == 6
    learner.reload()
    assert learner.locator(".line .body").all_inner_texts() == told[0]
    look(learner)
    look_at_contrast(learner)


def say(page, text):
    """Type and send; one's own words are there at once."""
    page.locator("textarea[name=body]").fill(text)
    page.locator(".compose .do").click()
    expect(page.locator(".line.mine", has_text=text)).to_be_visible(timeout=1_000)
