"""Finding words again in a talk: folded, all of them, newest first, each leading to its place."""

import re
import uuid

import pytest

from exchange.chat import services as chat
from exchange.chat.services import finding


@pytest.fixture
def talk(salma, yusuf):
    made = chat.open_conversation(subject="خياطة", subject_lang="ar", people=[salma, yusuf])
    for number, body in enumerate(
        ("متى درس الخِيَاطَة؟", "الثلاثاء عند المستشفى", "Bring the Café cups", "خياطة يوم الأحد", "شكرًا <b>")
    ):
        who = (salma, yusuf)[number % 2]
        chat.send(conversation_id=made.pk, sender=who, client_id=uuid.uuid4(), body=body)
    return made


def found(talk, person, text):
    return [each.message.seq for each in finding.find(person=person, conversation_id=talk.pk, text=text)]


class TestFind:
    @pytest.mark.parametrize(
        ("asked", "places"),
        [
            ("خياطه", [4, 1]),
            ("الخياطة", [4, 1]),
            ("مستشفي", [2]),
            ("CAFE cup", [3]),
            ("خياطة الأحد", [4]),
            ("خياطة غدًا", []),
            ("", []),
            ("؟ .*", []),
        ],
    )
    def test_folds_and_wants_every_word(self, talk, salma, asked, places):
        assert found(talk, salma, asked) == places

    def test_tells_nothing_to_who_is_no_member(self, talk, stranger):
        assert found(talk, stranger, "خياطة") == []

    def test_leaves_out_what_was_deleted(self, talk, yusuf):
        chat.take_back(person=yusuf, conversation_id=talk.pk, seq=4)
        assert found(talk, yusuf, "خياطة") == [1]


class TestPage:
    def test_results_lead_to_the_message_without_scripts(self, talk, salma, client_of):
        page = client_of(salma)
        shown = page.get(f"/talks/{talk.pk}/search/?q=الخياطة").content.decode()
        assert "<mark>خِيَاطَة</mark>" in shown
        (first, *_) = re.findall(r'href="(/talks/\d+/\?at=\d+#m\d+)"', shown)[::-1]
        assert first == f"/talks/{talk.pk}/?at=1#m1"
        assert 'id="m1" class="line found mine"' in page.get(first).content.decode()

    def test_shows_an_old_part_with_the_way_back(self, talk, salma, client_of):
        for number in range(60):
            chat.send(conversation_id=talk.pk, sender=salma, client_id=uuid.uuid4(), body=f"كلمة {number}")
        shown = client_of(salma).get(f"/talks/{talk.pk}/?at=2").content.decode()
        assert "data-past" in shown
        assert f'href="/talks/{talk.pk}/#end">' in shown
        assert "data-past" not in client_of(salma).get(f"/talks/{talk.pk}/").content.decode()

    def test_words_of_people_stay_words(self, talk, salma, client_of):
        assert "شكرًا &lt;b&gt;" in client_of(salma).get(f"/talks/{talk.pk}/search/?q=شكرا").content.decode().replace(
            "<mark>", ""
        ).replace("</mark>", "")
