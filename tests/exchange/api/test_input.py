"""Whatever is sent: a clear 4xx with a word and a sentence, nothing stored, never a 5xx."""

import pytest

from skills.models import Revision

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        ("{", 400, "parse_error"),
        ("[]", 400, "parse_error"),
        ("null", 400, "parse_error"),
        ('{"kind": NaN}', 400, "parse_error"),
        ('{"title": ' + "9" * 5000 + "}", 400, "parse_error"),
        (b'{"title": "\xff\xfe"}', 400, "parse_error"),
        ('{"a":' * 20000 + "1" + "}" * 20000, 400, "parse_error"),
        ('{"title": "' + "x" * 1_000_000 + '"}', 413, "too_large"),
        ('{"kind": "offer", "title": "a\\u0000b"}', 422, "invalid"),
        ('{"kind": "offer", "title": "a\\ud800b"}', 422, "invalid"),
        ('{"kind": "\\ud800"}', 422, "invalid"),
        ('{"kind": {"\\ud800": 1}}', 422, "invalid"),
        ('{"kind": "offer", "district": 1e400}', 422, "invalid"),
        ('{"kind": "offer", "district": 99999999999999999999999}', 422, "invalid"),
        ('{"kind": "offer", "district": true}', 422, "invalid"),
        ('{"kind": "offer", "free": ["tue-evening", 5]}', 422, "invalid"),
        ('{"kind": "offer", "free": "tue-evening"}', 422, "invalid"),
        ('{"kind": "offer", "skills": [{"uri": "rukn:nothing"}]}', 422, "invalid"),
        ('{"kind": "offer", "skills": [{}]}', 422, "invalid"),
        ('{"kind": "offer", "skills": [7]}', 422, "invalid"),
        ('{"kind": "offer", "title": ["x"]}', 422, "invalid"),
        ('{"kind": "offer", "title": 7}', 422, "invalid"),
        ('{"kind": "offer", "title": "' + "x" * 91 + '"}', 422, "invalid"),
        ("{}", 422, "invalid"),
    ],
    ids=lambda value: str(value)[:30],
)
def test_a_bad_body_is_told_and_stores_nothing(program, salma, body, status, code):
    answer = program(salma)("POST", "listings/", body)
    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert answer.json()["text"]
    assert not Revision.objects.exists()


def test_fields_are_named_with_their_sentences(program, salma):
    wrong = {"kind": "theft", "skills": [{"text": "x"}, {"text": ""}], "district": 5}
    fields = program(salma, language="ar")("POST", "listings/", wrong).json()["fields"]
    assert fields == {
        "kind": ["هذا ليس من الخيارات."],
        "skills.1.text": ["اذكر مهارة واحدة على الأقل."],
        "district": ["لا يوجد حيّ كهذا."],
    }


@pytest.mark.parametrize("kind", ["text/plain", "application/xml", "multipart/form-data; boundary=x", "a", ""])
def test_only_json_is_read(program, salma, kind):
    answer = program(salma)("POST", "listings/", '{"kind": "offer"}', content_type=kind)
    assert (answer.status_code, answer.json()["code"]) == (415, "not_json")


@pytest.mark.parametrize(
    "query",
    ["cursor=x", "cursor=%00", "cursor=WzEsMl0", "cursor=W10", "cursor=WyJhIl0", "cursor=WzFlOTldCg", "limit=0",
     "limit=101", "limit=-1", "limit=x", "limit=9" + "9" * 5000, "cursor=" + "A" * 5000, "limit=%D9%A3", "district=1e9",
     "district=" + "9" * 400, "concept=%00", "kind=%00", "day=someday", "new=0", "speaks=", "district=",
     "day=&day=mon"],
)  # fmt: skip
def test_a_bad_question_is_told(program, concepts, query):
    for path in ("listings/", "search/"):
        answer = program()("GET", f"{path}?{query}")
        assert (answer.status_code, answer.json()["code"]) == (422, "invalid"), path


def test_numbers_that_no_column_holds_are_not_there(program, salma):
    ask = program(salma)
    for number in ("9" * 19, "9" * 40, "9" * 4400):
        for path in (f"listings/{number}/", f"talks/{number}/", f"people/{number}/", f"concepts/{number}/"):
            assert ask("GET", path).status_code == 404
    assert ask("POST", "matches/dismiss/", {"offer": 2**53 - 1, "wish": 1}).status_code == 404
    assert ask("POST", "matches/dismiss/", {"offer": 2**70, "wish": 1}).status_code == 422


def test_a_wrong_method_is_told_with_those_that_work(program, salma):
    answer = program(salma)("DELETE", "me/")
    assert (answer.status_code, answer.json()["code"]) == (405, "method_not_allowed")
    assert answer["Allow"] == "GET, PATCH, HEAD"


def test_search_takes_any_words(program, concepts):
    for words in ("%00", "%F0%9F%A7%B5" * 60, '" OR 1=1 --', "*", "(", "ا" * 5000, "%ED%A0%80"):
        assert program()("GET", f"search/?q={words}").status_code in (200, 422), words
