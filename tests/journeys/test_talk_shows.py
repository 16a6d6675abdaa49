"""What a talk shows is true, in order, and in sight: the same live and after a reload."""

import re

import pytest
from playwright.sync_api import expect

pytestmark = [pytest.mark.journey, pytest.mark.xdist_group("browser")]

SHOWN = "lines => [...lines.querySelectorAll('.body')].slice(-4).map(body => [body.dir, body.innerHTML])"
AGED = """made => new Promise((done) => { const asked = indexedDB.open("rukn");
  asked.onsuccess = () => { const base = asked.result; const step = base.transaction("unsent", "readwrite");
    step.objectStore("unsent").put({ client_id: "old", me: made.me, talk: made.talk, body: made.body, made: made.at });
    step.oncomplete = () => { base.close(); done(); } } })"""


def say(page, text):
    page.locator("textarea[name=body]").fill(text)
    page.locator(".compose .do").click()


@pytest.fixture
def two(city, visit):
    """Two people at one talk, one on a phone, one at a desk; and its address."""
    one, other = visit("phone", "ar", enter="learner"), visit("desk", "ar", enter="teacher")
    one.goto("/talks/")
    one.locator(".talks a", has_text="أحفادي").first.click()
    one.wait_for_url("**/talks/*/")
    other.goto(one.url)
    for page in (one, other):
        expect(page.locator("[data-banner]")).to_be_hidden()
    return one, other


def state(page, text):
    return page.locator(".line", has_text=text).locator("[data-state]")


def test_dates_numbers_code_and_lines_stand_as_they_were_written(two):
    one, other = two
    say(one, "الموعد 2026-11-23 والهاتف +962 7 9123 4567 من 10:30–11:15\n\n  لغة C++")
    say(one, "Excel هو ما أريد أن أتعلّمه من الصفر")
    say(one, "```\ndef greet():\n    return 1\n```")
    say(one, "٢٠٢٦-١١-٢٣ و `a + b`")
    expect(other.locator(".line").last).to_contain_text("a + b")
    live = other.locator(".lines").evaluate(SHOWN)
    assert one.locator(".lines").evaluate(SHOWN) == live
    assert [direction for direction, _ in live] == ["rtl", "rtl", "ltr", "rtl"]
    for turned in ("2026-11-23", "+962 7 9123 4567", "10:30–11:15", "C++"):
        assert f'<bdi dir="ltr">{turned}</bdi>' in live[0][1]
    assert other.locator(".line .body").nth(-4).inner_text().count("\n") == 2
    assert other.locator("code.block").last.inner_text() == "def greet():\n    return 1"
    other.reload()
    assert other.locator(".lines").evaluate(SHOWN) == live


def test_seen_is_what_was_in_sight(two):
    one, other = two
    for number in range(11):
        say(one, f"سطر {number}")
    say(one, "السطر الأخير")
    expect(state(one, "السطر الأخير")).to_have_text("قُرئت")
    other.locator(".flow").evaluate("flow => flow.scrollTop = 0")
    say(one, "هل رأيتِ هذه؟")
    expect(other.locator("[data-news]")).to_be_visible()
    one.wait_for_timeout(1500)
    assert state(one, "هل رأيتِ هذه؟").inner_text() != "قُرئت"
    other.locator("[data-news]").click()
    expect(state(one, "هل رأيتِ هذه؟")).to_have_text("قُرئت")
    expect(other.locator("[data-news]")).to_be_hidden()


def test_what_stands_beside_a_message_leaves_its_time_whole(two):
    one, other = two
    say(one, "كم عمرك؟")
    expect(other.locator(".line .beside")).to_be_visible()
    for line in other.locator(".line:has(.beside)").all():
        time, beside = line.locator("small").bounding_box(), line.locator(".beside").first.bounding_box()
        assert time["height"] < 70  # one line, in the largest letters too
        assert time["y"] >= beside["y"] + beside["height"] - 1


def test_deleting_without_a_connection_says_so_and_too_late_is_not_offered(two):
    one, _other = two
    say(one, "سأحذف هذه")
    expect(state(one, "سأحذف هذه")).to_have_text(re.compile("أُرسلت|وصلت|قُرئت"))
    one.context.set_offline(True)
    expect(one.locator("[data-banner]")).to_be_visible()
    line = one.locator(".line", has_text="سأحذف هذه")
    line.locator("summary").click()
    line.locator("[data-delete]").click()
    expect(one.locator("[data-typing-line]")).to_contain_text("لا اتصال")
    one.context.set_offline(False)
    line.locator("summary").click()
    line.locator("[data-delete]").click()
    expect(line).to_have_count(0)
    one.context.set_offline(True)
    say(one, "لن تُرسل هذه")
    unsent = one.locator(".line", has_text="لن تُرسل هذه")
    unsent.locator("summary").click()
    unsent.locator("[data-delete]").click()
    expect(unsent).to_have_count(0)
    one.context.set_offline(False)
    say(one, "وهذه قديمة")
    expect(state(one, "وهذه قديمة")).to_have_text(re.compile("أُرسلت|وصلت|قُرئت"))
    late = one.locator(".line", has_text="وهذه قديمة")
    late.locator("time").evaluate("time => time.dateTime = new Date(Date.now() - 11 * 60000).toISOString()")
    late.locator("summary").click()
    expect(late.locator("[data-answer]")).to_be_visible()
    assert late.locator("[data-delete]").count() == 0


def test_drafts_stay_with_their_talk_and_agree_in_all_tabs(two):
    one, _other = two
    field = one.locator("textarea[name=body]")
    field.fill("نصف رسالة")
    one.wait_for_timeout(3100)  # whoever writes is not written over
    again = one.context.new_page()
    again.goto(one.url)
    assert again.locator("textarea[name=body]").input_value() == "نصف رسالة"
    again.locator("textarea[name=body]").fill("نصف رسالة، وبقيتها")
    again.locator(".compose .do").click()
    expect(one.locator("textarea[name=body]")).to_have_value("")
    again.locator("textarea[name=body]").fill("تبقى هنا")
    one.goto("/talks/")
    one.locator(".talks a", has_text="حسن").first.click()
    expect(one.locator("textarea[name=body]")).to_have_value("")


def test_what_waited_for_more_than_a_week_is_not_sent_any_more(two):
    one, _other = two
    talk, me = (int(one.locator("[data-talk]").get_attribute(name)) for name in ("data-talk", "data-me"))
    old = {"me": me, "talk": talk, "body": "من الأسبوع الماضي", "at": one.evaluate("Date.now()") - 8 * 86_400_000}
    one.evaluate(AGED, old)
    one.reload()
    expect(one.locator("[data-banner]")).to_be_hidden()
    one.wait_for_timeout(500)
    assert one.get_by_text("من الأسبوع الماضي").count() == 0
    one.reload()
    assert one.get_by_text("من الأسبوع الماضي").count() == 0


def test_what_was_refused_says_so_and_goes_on_saying_it(two):
    one, other = two
    other.locator(".more summary").click()
    other.locator(".more .danger").click()
    say(one, "هل تسمعينني؟")
    line = one.locator(".line").last
    expect(line.locator(".beside")).to_be_visible()
    one.wait_for_timeout(4500)  # after which what waits is told anew
    expect(line).to_have_class(re.compile("refused"))
    assert line.locator("[data-state]").count() == 0
    assert one.locator("textarea[name=body]").input_value() == "هل تسمعينني؟"
    other.goto("/me/")
    other.locator("form[action*=unblock] button").first.click()  # the city is shared
    expect(other.locator("form[action*=unblock]")).to_have_count(0)
