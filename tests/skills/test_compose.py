"""The five questions as pages: kept, forgiving, never lost."""

import pytest

from skills.models import Revision

BAD = ["", "   ", "\x00", "\u202e\u200b", "x" * 1_000_000]


@pytest.fixture
def hers(concepts, salma, client_of):
    browser = client_of(salma)
    browser.post("/offer/new/")
    return browser, Revision.objects.get(listing__owner=salma)


class TestQuestions:
    def test_lead_from_one_to_five_and_to_the_check(self, hers, districts):
        browser, revision = hers
        pk = revision.listing_id
        answers = [
            {"title": "خياطة للمبتدئات", "skills": "خياطة، تطريز"},
            {"body": "نبدأ بالإبرة.", "speaks": ["ar"]},
            {"format": "place", "district": districts["naseem"].pk, "place": "المكتبة"},
            {"free": ["tue-evening"]},
            {"in_return": "gift", "in_return_note": ""},
        ]
        for step, answer in enumerate(answers, start=1):
            assert browser.post(f"/listings/{pk}/edit/{step}/", answer).status_code == 302
        assert "خياطة للمبتدئات" in browser.get(f"/listings/{pk}/check/").content.decode()
        assert browser.post(f"/listings/{pk}/send/").url == f"/listings/{pk}/sent/"

    @pytest.mark.parametrize("bad", BAD)
    def test_say_what_is_wrong_beside_the_field(self, hers, bad):
        browser, revision = hers
        answer = browser.post(f"/listings/{revision.listing_id}/edit/1/", {"title": bad, "skills": "خياطة"})
        assert answer.status_code == 422
        page = answer.content.decode()
        assert 'class="error"' in page
        assert 'value="خياطة"' in page

    def test_ask_for_a_district_when_meeting_in_person(self, hers):
        browser, revision = hers
        answer = browser.post(f"/listings/{revision.listing_id}/edit/3/", {"format": "place"})
        assert answer.status_code == 422

    @pytest.mark.parametrize("skills", ["", "  ", "،"])
    @pytest.mark.parametrize(
        ("title", "tag"),
        [
            ("أريد أن أتعلم العود", {"text": "العزف على العود", "uri": "rukn:oud"}),
            ("زقزقة برمائية", {"text": "زقزقة برمائية", "uri": None}),
        ],
    )
    def test_take_the_skill_from_the_title_where_none_is_named(self, hers, title, tag, skills):
        browser, revision = hers
        answer = browser.post(f"/listings/{revision.listing_id}/edit/1/", {"title": title, "skills": skills})
        assert answer.status_code == 302
        revision.refresh_from_db()
        assert [{"text": each["text"], "uri": each["uri"]} for each in revision.tags] == [tag]
        assert tag["text"] in browser.get(f"/listings/{revision.listing_id}/check/").content.decode()

    def test_ask_about_a_title_that_may_mean_several_skills(self, hers):
        browser, revision = hers
        path, title = f"/listings/{revision.listing_id}/edit/1/", "فيديو"
        page = browser.post(path, {"title": title, "skills": ""})
        assert page.status_code == 200
        assert 'value="rukn:video-calls"' in page.content.decode()
        chosen = {"meaning-فيديو": "rukn:video-calls", "asked": "meaning-فيديو"}
        assert browser.post(path, {"title": title, "skills": "", **chosen}).status_code == 302
        revision.refresh_from_db()
        assert [tag["uri"] for tag in revision.tags] == ["rukn:video-calls"]

    @pytest.mark.parametrize(("keeping", "words"), [("balances", "ساعة"), ("participation", "مشاركةً")])
    def test_speak_of_hours_only_where_a_city_keeps_them(self, hers, settings, keeping, words):
        browser, revision = hers
        settings.HOURS = keeping
        page = browser.get(f"/listings/{revision.listing_id}/edit/5/").content.decode()
        label = page.split('value="hours"')[1].split("</label>")[0]
        assert words in label

    def test_show_html_as_text(self, hers):
        browser, revision = hers
        browser.post(
            f"/listings/{revision.listing_id}/edit/1/", {"title": "<script>alert(1)</script>", "skills": "<b>"}
        )
        page = browser.get(f"/listings/{revision.listing_id}/check/").content.decode()
        assert "<script>alert(1)" not in page
        assert "&lt;script&gt;alert(1)" in page


class TestAutosave:
    def test_keeps_half_an_answer(self, hers):
        browser, revision = hers
        answer = browser.post(f"/listings/{revision.listing_id}/autosave/", {"title": "خيا", "skills": "خياطة"})
        assert answer.json()["tags"] == [{"text": "خياطة", "concept": "الخياطة"}]
        revision.refresh_from_db()
        assert revision.title == "خيا"

    @pytest.mark.parametrize("bad", BAD)
    def test_never_fails_on_what_is_typed(self, hers, bad):
        browser, revision = hers
        answer = browser.post(f"/listings/{revision.listing_id}/autosave/", {"title": bad, "body": bad, "skills": bad})
        assert answer.status_code == 200


class TestSuggest:
    @pytest.mark.parametrize("typed", ["خيا", "الخيا", "sew", "SEW"])
    def test_completes_in_both_languages(self, hers, typed):
        found = hers[0].get("/concepts/suggest/", {"q": typed}).json()["concepts"]
        assert "rukn:sewing" in [hit["uri"] for hit in found]
