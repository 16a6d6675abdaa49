"""How one wants to hear: one question first, the finer ones behind it; what waits follows at once."""

from datetime import UTC, datetime

import pytest
import time_machine

from exchange.notices.models import Choice, Notice
from exchange.notices.rules import KINDS, Habits
from exchange.notices.services import choosing, telling

NOON = datetime(2026, 11, 24, 10, tzinfo=UTC)  # 13:00 in Amman
PLAIN = {"mail": "usual", "every": "day", "day": "6", "hour": "18", "quiet_from": "22", "quiet_until": "7", "zone": ""}


@pytest.fixture(autouse=True)
def _noon():
    with time_machine.travel(NOON, tick=False):
        yield


@pytest.fixture
def keep(client_of, yusuf):
    def run(**changed):
        pages = {f"page_{kind}": "on" for kind in KINDS}
        sent = {name: value for name, value in {**PLAIN, **pages, **changed}.items() if value is not None}
        return client_of(yusuf).post("/me/notices/", sent)

    return run


class TestPage:
    def test_asks_one_question_and_says_the_hour_by_ones_clock(self, yusuf, client_of):
        choosing.choose(person=yusuf, hours=Habits(zone="America/New_York"))
        page = client_of(yusuf).get("/me/notices/").content.decode()
        assert "5:00" in page
        assert page.index("ماذا نرسل إلى بريدك") < page.index('class="finer"')
        assert "نيويورك" in page

    def test_does_not_show_curators_kinds_to_others(self, yusuf, huda, client_of):
        assert "mail_wish_given" not in client_of(yusuf).get("/me/notices/").content.decode()
        assert "mail_wish_given" in client_of(huda).get("/me/notices/").content.decode()

    def test_one_answer_holds_for_all_kinds(self, keep, yusuf):
        assert keep(mail="never").status_code == 302
        assert {how for how, _page in choosing.choices_of(person=yusuf).values()} == {"never"}
        keep(mail="digest")
        assert {how for how, _page in choosing.choices_of(person=yusuf).values()} == {"digest"}
        keep()
        assert all(how == KINDS[kind].how for kind, (how, _page) in choosing.choices_of(person=yusuf).items())

    def test_each_kind_may_be_chosen_for_itself_by_mail_and_on_the_page(self, keep, yusuf, client_of):
        keep(mail="own", mail_message="digest", mail_met="never", page_met=None)
        ways = choosing.choices_of(person=yusuf)
        assert (ways["message"], ways["met"], ways["enquiry"]) == (("digest", True), ("never", False), ("now", True))
        telling.tell(people=[yusuf.pk], kind="met", key="k", url="/", search="x")
        assert not Notice.objects.exists()
        assert 'value="own" required id="id_mail_3" checked' in client_of(yusuf).get("/me/notices/").content.decode()

    def test_a_kind_that_was_changed_holds_whatever_the_one_answer_says(self, keep, yusuf):
        ways = {f"mail_{kind}": how for kind, (how, _page) in choosing.choices_of(person=yusuf).items()}
        keep(**{**ways, "mail_message": "never"})  # changed below, the question above left as it was
        assert choosing.choices_of(person=yusuf)["message"] == ("never", True)
        assert choosing.choices_of(person=yusuf)["enquiry"] == ("now", True)

    def test_keeps_the_hours_and_the_clock(self, keep, yusuf):
        keep(every="week", day="3", hour="9", quiet_from="20", quiet_until="8", zone="Europe/Berlin")
        assert choosing.habits(person=yusuf) == Habits("week", 9, 3, 20, 8, "Europe/Berlin")

    @pytest.mark.parametrize("wrong", [{"zone": "Mars/Base"}, {"hour": "24"}, {"mail": "hourly"}, {"day": "x"}])
    def test_refuses_what_is_on_no_list_beside_its_field(self, keep, wrong, yusuf):
        assert keep(**wrong).status_code == 422
        assert not Choice.objects.filter(person=yusuf).exists()


class TestWhatWaits:
    def test_follows_a_new_hour_and_a_new_zone(self, yusuf):
        telling.tell(people=[yusuf.pk], kind="met", key="k", url="/", search="x")
        assert Notice.objects.get().mail_due_at == datetime(2026, 11, 24, 15, tzinfo=UTC)
        choosing.choose(person=yusuf, hours=Habits(hour=8))
        assert Notice.objects.get().mail_due_at == datetime(2026, 11, 25, 5, tzinfo=UTC)
        choosing.choose(person=yusuf, hours=Habits(hour=8, zone="America/New_York"))
        assert Notice.objects.get().mail_due_at == datetime(2026, 11, 24, 13, tzinfo=UTC)

    def test_is_not_mailed_once_its_kind_is_stopped_and_stays_on_the_page(self, yusuf):
        telling.tell(people=[yusuf.pk], kind="met", key="k", url="/", search="x")
        choosing.choose(person=yusuf, mail={"met": "never"})
        assert Notice.objects.get().mail_due_at is None
        assert telling.unread_count(person=yusuf) == 1

    def test_hears_of_no_kind_or_way_that_there_is_not(self, yusuf):
        with pytest.raises(KeyError):
            choosing.choose(person=yusuf, mail={"gossip": "now"})
        with pytest.raises(ValueError, match="hourly"):
            choosing.choose(person=yusuf, mail={"met": "hourly"})
