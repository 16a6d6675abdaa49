"""Exceptions from one's week: away from … to …, also free on …."""

from datetime import UTC, datetime, timedelta

import pytest
import time_machine

from accounts.models import OtherTime
from accounts.services import other_times
from exchange.outbox.models import Event

NOW = datetime(2026, 11, 26, 9, 0, tzinfo=UTC)
AWAY, ALSO, HOURS = "/me/times/away/", "/me/times/also/", "/me/free-hours/"


@pytest.fixture(autouse=True)
def _now():
    with time_machine.travel(NOW, tick=False):
        yield


class TestOnThePage:
    def test_away_counts_both_days_in_on_the_citys_clock(self, client_of, salma):
        answer = client_of(salma).post(AWAY, {"away-first": "2026-12-01", "away-last": "2026-12-10"})
        assert answer.status_code == 302
        row = OtherTime.objects.get()
        assert (row.kind, row.starts_at, row.ends_at) == (
            "away", datetime(2026, 11, 30, 21, 0, tzinfo=UTC), datetime(2026, 12, 10, 21, 0, tzinfo=UTC),
        )  # fmt: skip
        shown = client_of(salma).get(HOURS).content.decode()
        assert "1 ديسمبر 2026" in shown or "1 كانون الأول 2026" in shown
        assert "10 كانون الأول 2026" in shown or "10 ديسمبر 2026" in shown

    def test_also_free_may_be_typed_in_arabic_digits_and_end_after_midnight(self, client_of, salma):
        client_of(salma).post(ALSO, {"also-day": "٢٠٢٦-١٢-٠٥", "also-begins": "٢١:٣٠", "also-ends": "00:30"})
        row = OtherTime.objects.get()
        assert (row.kind, row.ends_at - row.starts_at) == ("free", timedelta(hours=3))
        assert row.starts_at == datetime(2026, 12, 5, 18, 30, tzinfo=UTC)

    def test_is_taken_away_by_its_owner_only(self, client_of, salma, yusuf):
        client_of(salma).post(AWAY, {"away-first": "2026-12-01", "away-last": "2026-12-10"})
        url = f"/me/times/{OtherTime.objects.get().pk}/remove/"
        client_of(yusuf).post(url)
        assert OtherTime.objects.exists()
        client_of(salma).post(url)
        assert not OtherTime.objects.exists()

    @pytest.mark.parametrize(
        ("url", "sent"),
        [
            (AWAY, {}),
            (AWAY, {"away-first": "2026-12-10", "away-last": "2026-12-01"}),
            (AWAY, {"away-first": "2026-10-10", "away-last": "2026-11-01"}),
            (AWAY, {"away-first": "2026-12-01", "away-last": "2028-12-01"}),
            (AWAY, {"away-first": "0001-01-01", "away-last": "9999-12-31"}),
            (AWAY, {"away-first": "31.31.2026", "away-last": "soon"}),
            (ALSO, {"also-day": "2026-12-05", "also-begins": "25:00", "also-ends": "x"}),
            (ALSO, {"also-day": "2026-11-20", "also-begins": "10:00", "also-ends": "11:00"}),
            (ALSO, {"also-day": "9999-12-31", "also-begins": "23:00", "also-ends": "22:00"}),
        ],
    )
    def test_what_cannot_be_is_told_and_stores_nothing(self, client_of, salma, url, sent):
        answer = client_of(salma).post(url, sent)
        assert answer.status_code == 422
        assert not OtherTime.objects.exists()
        for typed in sent.values():
            assert typed in answer.content.decode()


class TestTheService:
    def test_tells_that_the_person_changed_once(self, salma):
        for _ in range(2):
            other_times.add(person=salma, kind="away", starts_at=NOW, ends_at=NOW + timedelta(days=3))
        assert (
            Event.objects.filter(name="person.changed", subject_id=str(salma.pk)).values("made_at").distinct().count()
            == 1
        )
        assert OtherTime.objects.count() == 1

    def test_takes_fifty_at_most_and_forgets_what_is_long_over(self, salma):
        with time_machine.travel(NOW - timedelta(days=90), tick=False):
            other_times.add(
                person=salma,
                kind="free",
                starts_at=NOW - timedelta(days=80),
                ends_at=NOW - timedelta(days=80, hours=-1),
            )
        for number in range(other_times.MOST):
            start = NOW + timedelta(days=number)
            other_times.add(person=salma, kind="free", starts_at=start, ends_at=start + timedelta(hours=1))
        with pytest.raises(other_times.TooManyTimes):
            other_times.add(person=salma, kind="away", starts_at=NOW, ends_at=NOW + timedelta(hours=1))
        assert OtherTime.objects.count() == other_times.MOST


def test_a_program_lists_adds_and_removes_them(client, salma, yusuf):
    from accounts import services as accounts

    headers = {"authorization": f"Token {accounts.make_token(person=salma)}"}
    sent = {"kind": "away", "starts_at": "2026-12-01T00:00+03:00", "ends_at": "2026-12-02T00:00+03:00"}
    made = client.post("/api/me/other-times/", sent, "application/json", headers=headers).json()
    assert made["starts_at"].startswith("2026-1")
    assert client.get("/api/me/other-times/", headers=headers).json()["results"] == [made]
    wrong = client.post(
        "/api/me/other-times/", {**sent, "starts_at": "2026-12-01"}, "application/json", headers=headers
    )
    assert (wrong.status_code, list(wrong.json()["fields"])) == (422, ["starts_at"])
    assert client.delete(f"/api/me/other-times/{made['id']}/", headers=headers).status_code == 204
    assert not OtherTime.objects.exists()
