"""Reports and held messages: what curators see of private talk, and what they decide."""

import uuid
from io import BytesIO

import pytest
from django.test import Client
from PIL import Image

from exchange.chat import services as chat
from exchange.chat.models import Held, Message
from exchange.chat.services import files
from exchange.moderation import services as moderation
from exchange.moderation.models import HeldDecision, Report
from exchange.moderation.rules import REPORTS, SEVERE
from exchange.notices.models import Notice
from exchange.outbox import services as outbox

CODE = "send me the OTP"


@pytest.fixture
def talk(salma, yusuf):
    talk = chat.open_conversation(subject="خياطة", subject_lang="ar", people=[salma, yusuf])
    for number in range(12):
        chat.send(conversation_id=talk.pk, sender=yusuf, client_id=uuid.uuid4(), body=f"كلام {number}")
    return talk


@pytest.fixture
def held(talk, yusuf):
    return chat.offer(conversation_id=talk.pk, sender=yusuf, client_id=uuid.uuid4(), body=CODE)


def signed_in(person):
    client = Client()
    client.force_login(person)
    return client


class TestFiles:
    def test_of_reported_messages_are_seen_until_it_is_decided(self, talk, salma, yusuf, huda, settings, tmp_path):
        settings.FILES_FOLDER = tmp_path / "files"
        chat.send(conversation_id=talk.pk, sender=salma, client_id=uuid.uuid4(), body="نعم؟")
        out = BytesIO()
        Image.new("RGB", (40, 30), "teal").save(out, "PNG")
        seq = files.send_file(
            conversation_id=talk.pk, sender=yusuf, client_id=uuid.uuid4(), data=out.getvalue(), name="x.png"
        ).seq
        made = moderation.report(conversation_id=talk.pk, reporter=salma, reason="unkind", seq=seq)
        address = f"/desk/talks/report/{made.pk}/file/{seq}/"
        assert f'href="{address}"' in signed_in(huda).get("/desk/talks/").content.decode()
        assert signed_in(huda).get(address)["Content-Type"] == "image/webp"
        assert signed_in(huda).get(f"/desk/talks/report/{made.pk}/file/1/").status_code == 404
        assert signed_in(salma).get(address).status_code == 404
        moderation.decide_report(report_id=made.pk, curator=huda, is_calm=True)
        assert signed_in(huda).get(address).status_code == 404


class TestHeld:
    def test_the_desk_shows_it_with_the_last_messages_and_no_others(self, held, huda):
        page = signed_in(huda).get("/desk/talks/").content.decode()
        assert CODE in page
        assert "كلام 11" in page
        assert "كلام 1<" not in page

    @pytest.mark.parametrize(("verdict", "delivered"), [("through", True), ("kept", False)])
    def test_a_decision_is_a_row_and_comes_once(self, held, huda, verdict, delivered):
        for _ in range(2):
            signed_in(huda).post(f"/desk/talks/held/{held.pk}/", {"verdict": verdict})
        decision = HeldDecision.objects.get()
        assert (decision.curator, decision.verdict) == (huda, verdict)
        assert Message.objects.filter(body=CODE).exists() == delivered
        assert not Held.objects.waiting().exists()

    def test_nobody_else_sees_or_decides(self, held, salma, yusuf, karim):
        for person in (salma, yusuf, karim):
            assert signed_in(person).get("/desk/talks/").status_code == 404
            assert signed_in(person).post(f"/desk/talks/held/{held.pk}/", {"verdict": "through"}).status_code == 404
            with pytest.raises(moderation.NotACurator):
                moderation.decide_held(held_id=held.pk, curator=person, is_through=True)

    def test_a_curator_does_not_decide_in_their_own_talk(self, huda, yusuf):
        talk = chat.open_conversation(subject="x", subject_lang="en", people=[huda, yusuf])
        held = chat.offer(conversation_id=talk.pk, sender=yusuf, client_id=uuid.uuid4(), body=CODE)
        assert not moderation.held_messages(curator=huda).exists()
        with pytest.raises(moderation.OwnText):
            moderation.decide_held(held_id=held.pk, curator=huda, is_through=True)

    def test_looking_writes_nothing(self, held, huda, talk):
        before = Held.objects.values().get(), Message.objects.count()
        signed_in(huda).get("/desk/talks/")
        assert (Held.objects.values().get(), Message.objects.count()) == before


class TestReport:
    def test_two_taps_report_with_the_last_ten_messages(self, talk, salma, huda):
        client = signed_in(salma)
        assert f"/talks/{talk.pk}/report/?message=12" in client.get(f"/talks/{talk.pk}/").content.decode()
        assert 'name="reason"' in client.get(f"/talks/{talk.pk}/report/?message=12").content.decode()
        client.post(f"/talks/{talk.pk}/report/", {"message": "12", "reason": "unkind"})
        (row,) = moderation.reports(curator=huda)
        assert [each["seq"] for each in row.words] == list(range(3, 13))
        assert "كلام 11" in signed_in(huda).get("/desk/talks/").content.decode()

    @pytest.mark.parametrize("reason", sorted(REPORTS))
    def test_severe_reasons_stop_the_talk_for_both_sides_at_once(self, talk, salma, yusuf, reason):
        moderation.report(conversation_id=talk.pk, reporter=salma, reason=reason)
        for person in (salma, yusuf):
            act = lambda who=person: chat.send(  # noqa: E731
                conversation_id=talk.pk, sender=who, client_id=uuid.uuid4(), body="بعد"
            )
            if reason in SEVERE:
                with pytest.raises(chat.Stopped):
                    act()
            else:
                act()

    def test_a_second_click_makes_no_second_report(self, talk, salma):
        one = moderation.report(conversation_id=talk.pk, reporter=salma, reason="unkind")
        assert moderation.report(conversation_id=talk.pk, reporter=salma, reason="unkind") == one
        assert Report.objects.count() == 1

    def test_only_who_takes_part_may(self, talk, karim, salma):
        assert signed_in(karim).get(f"/talks/{talk.pk}/report/").status_code == 404
        with pytest.raises(chat.NoSuchTalk):
            moderation.report(conversation_id=talk.pk, reporter=karim, reason="unkind")
        answer = signed_in(salma).post(f"/talks/{talk.pk}/report/", {"reason": "nonsense"})
        assert answer.status_code == 422
        assert not Report.objects.exists()

    @pytest.mark.parametrize(("verdict", "goes_on"), [("calm", True), ("warned", False)])
    def test_the_outcome_reaches_the_reporter_and_opens_or_keeps_the_talk(
        self, talk, salma, yusuf, huda, verdict, goes_on
    ):
        row = moderation.report(conversation_id=talk.pk, reporter=salma, reason="money")
        signed_in(huda).post(f"/desk/talks/report/{row.pk}/", {"verdict": verdict})
        outbox.relay()
        notice = Notice.objects.get(kind="report")
        assert (notice.person, notice.facts["verdict"]) == (salma, verdict)
        assert signed_in(salma).get("/notices/").status_code == 200
        talk.refresh_from_db()
        assert (talk.stopped_at is None) == goes_on

    def test_a_talk_stays_stopped_while_another_severe_report_waits(self, talk, salma, yusuf, huda):
        first = moderation.report(conversation_id=talk.pk, reporter=salma, reason="threat")
        moderation.report(conversation_id=talk.pk, reporter=yusuf, reason="threat")
        moderation.decide_report(report_id=first.pk, curator=huda, is_calm=True)
        talk.refresh_from_db()
        assert talk.stopped_at is not None
