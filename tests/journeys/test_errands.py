"""Smaller errands in a real browser: without scripts, with a killed tab, by keyboard, with large text."""

import pytest
from browser import look, look_at_contrast
from playwright.sync_api import expect

pytestmark = [pytest.mark.journey, pytest.mark.xdist_group("browser")]


def test_everything_needed_works_without_scripts(city, visit):
    page = visit("phone", "ar", scripts=False)
    page.goto("/enter/")
    page.locator("input[name=email]").fill("no.scripts@example.org")
    page.locator("main .do").click()
    page.locator("input[name=code]").fill(city.code_for("no.scripts@example.org"))
    page.locator("main .do").first.click()
    page.locator("input[name=name]").fill("سالم")
    page.locator("select[name=district]").select_option(index=2)
    page.locator("main .do").click()
    page.goto("/find/")
    page.locator("input[name=q]").fill("الخياطه")
    page.locator(".ask .do").click()
    page.locator(".card .what a", has_text="الخياطة").first.click()
    page.locator("main .acts .do").click()
    page.locator("main button.do").click()
    page.locator("textarea[name=body]").fill("هل يناسبك الأحد؟")
    page.locator(".compose .do").click()
    expect(page.locator(".line.mine")).to_have_count(2)
    page.locator(".more summary").click()
    page.goto("/me/")
    page.get_by_role("button", name="خروج").click()
    page.goto("/me/")
    assert "/enter/" in page.url


def test_killed_tab_loses_at_most_two_seconds(visit):
    page = visit("desk", "en", enter="learner")
    page.goto("/offer/new/")
    page.locator("main .do").click()
    page.wait_for_url("**/edit/1/")
    address = page.url
    page.locator("input[name=title]").press_sequentially("Mending radios with patience", delay=60)
    page.wait_for_timeout(2_000)
    page.context.new_page().goto("/")
    page.close(run_before_unload=False)
    again = visit("desk", "en", enter="learner")
    again.goto(address)
    expect(again.locator("input[name=title]")).to_have_value("Mending radios with patience")


def test_skills_are_suggested_and_chosen_by_keyboard(visit):
    page = visit("desk", "ar", enter="learner")
    page.goto("/find/")
    page.locator("input[name=q]").press_sequentially("خيا", delay=40)
    expect(page.locator(".suggestions li").first).to_be_visible()
    look(page)
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    page.wait_for_url("**/find/?q=*")
    expect(page.locator(".card").first).to_be_visible()


def test_filters_answer_at_once_and_back_restores(visit):
    page = visit("desk", "en")
    page.goto("/find/?q=sewing")
    before = page.locator(".count").inner_text()
    page.locator("#id_kind_wish").check()
    page.wait_for_url("**/find/?*kind=wish*")
    expect(page.locator(".chips.removable li")).to_have_count(1)
    assert page.locator("[data-filters]").get_attribute("open") is not None
    assert page.evaluate("document.activeElement.id") == "id_kind_wish"
    assert page.locator(".count").inner_text() != before
    look(page)
    page.go_back()
    expect(page.locator(".count")).to_have_text(before)


def test_curator_clears_texts_by_keyboard_and_takes_one_back(visit):
    page = visit("desk", "ar", enter="curator")
    page.goto("/desk/")
    page.locator("main .do").first.click()
    page.wait_for_load_state()  # keys are heard once the page's script runs
    first = page.locator("h1").inner_text()
    page.keyboard.press("r")
    page.keyboard.press("1")
    look(page)
    page.keyboard.press("Enter")
    expect(page.locator("h1")).not_to_have_text(first)
    page.keyboard.press("j")
    page.wait_for_load_state()
    page.keyboard.press("u")
    expect(page.locator("h1")).to_have_text(first)
    look(page)


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("language", ["ar", "en"])
def test_pages_can_be_read_in_the_largest_text_by_day_and_night(visit, language, scheme):
    page = visit("phone", language, enter="teacher")
    page.emulate_media(color_scheme=scheme)
    page.goto("/")
    page.locator(".aa summary").click()
    with page.expect_response("**/appearance/"):
        page.locator("button[name=text][value=largest]").click()
    look(page)
    for address in ("/", "/find/?q=sewing", "/me/", "/talks/", "/me/free-hours/", "/me/hours/", "/help/"):
        page.goto(address)
        assert page.locator("html").get_attribute("data-text") == "largest"
        look(page)
        look_at_contrast(page)
    page.set_viewport_size({"width": 320, "height": 640})
    page.goto("/find/?q=sewing")
    look(page)


@pytest.mark.parametrize("language", ["ar", "en"])
@pytest.mark.parametrize("device", ["phone", "desk"])
def test_the_place_to_write_is_in_sight(visit, device, language):
    page = visit(device, language, enter="learner")
    page.goto("/talks/")
    for address in page.locator(".talks a").evaluate_all("links => links.map(link => link.href)"):
        page.goto(address)
        seen = """box => { const at = box.getBoundingClientRect();
          return document.elementFromPoint(at.x + at.width / 2, at.bottom - 2) === box }"""
        assert page.locator("textarea[name=body]").evaluate(seen), address
        assert page.locator(".flow").bounding_box()["height"] > 250
        assert page.evaluate("document.documentElement.scrollHeight - innerHeight") < 250  # the foot, and nothing more
        assert page.locator(".top").bounding_box()["height"] < 90  # one row
        page.locator("textarea[name=body]").fill("كلمة")
        assert page.evaluate("scrollY") == 0  # writing moves nothing


def test_slow_first_visit_is_light(visit):
    page = visit("phone", "ar")
    sizes = {}
    page.on("response", lambda response: sizes.__setitem__(response.url, len(response.body())))
    page.goto("/", wait_until="networkidle")
    fonts = sum(size for url, size in sizes.items() if ".woff2" in url)
    assert sum(sizes.values()) - fonts < 100_000
    assert len(sizes) <= 12
    assert all("127.0.0.1" in url for url in sizes)


def test_language_switch_keeps_filters_and_what_is_typed(visit):
    page = visit("desk", "en", enter="learner")
    page.goto("/find/")
    page.locator("#id_kind_wish").check()
    page.wait_for_url("**/find/?*kind=wish*")
    page.locator("[data-language] button").click()
    expect(page.locator("html")).to_have_attribute("lang", "ar")
    assert "kind=wish" in page.url
    page.goto("/me/profile/")
    page.locator("textarea[name=about]").fill("نصف جملة لم تُحفظ")
    page.locator("[data-language] button").click()
    expect(page.locator("html")).to_have_attribute("lang", "en")
    expect(page.locator("textarea[name=about]")).to_have_value("نصف جملة لم تُحفظ")


def test_opening_a_talk_says_that_it_was_seen(visit):
    page = visit("phone", "ar", enter="learner")
    sent = []
    page.on("websocket", lambda socket: socket.on("framesent", lambda frame: sent.append(str(frame))))
    page.goto("/talks/")
    page.locator(".talks a").first.click()
    page.wait_for_url("**/talks/*/")
    for _ in range(50):
        if any('"seen"' in frame for frame in sent):
            return
        page.wait_for_timeout(100)
    raise AssertionError(sent)
