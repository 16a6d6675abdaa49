"""What is somebody's own in an answer by mail, whichever program in whichever language they use."""

from email import message_from_bytes, policy

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exchange.notices.answer_text import answer_of, own_words, words_of_html

OWN = "نعم، الثلاثاء يناسبني.\nYes, Tuesday."
QUOTED = "> كتب يوسف لك رسالة\n> Tuesday?\n>\n> https://rukn.example.org/talks/3/"
ADDRESS = "<reply@r.example>"
RULE = "_" * 32
ENDINGS = {
    "our own line": f"Am 24.11.2026 um 10:12 schrieb Rukn {ADDRESS}:\n> Write above this line. ⟡⟡⟡\n> Hello Karim,",
    "our own line alone": "Write your answer above this line; it goes into the talk. ⟡⟡⟡\n\nHello Karim,",
    "Gmail": f"On Tue, 24 Nov 2026 at 10:12, Rukn {ADDRESS} wrote:\n\n{QUOTED}",
    "Gmail, broken over lines": f"On Tue, 24 Nov 2026 at 10:12, ركن Rukn\n{ADDRESS}\nwrote:\n\n{QUOTED}",
    "Gmail in Arabic": "في الثلاثاء، ٢٤ نوفمبر ٢٠٢٦ في ١٠:١٢ ص تمت كتابة ما يلي بواسطة"
    f" \u202aRukn\u202c\u200f <\u202areply@r.example\u202c\u200f>:\n\n{QUOTED}",
    "Gmail in Arabic, older": f"بتاريخ 24 نوفمبر 2026 10:12 ص، كتب Rukn {ADDRESS}:\n\n{QUOTED}",
    "Apple Mail": f"On 24 Nov 2026, at 10:12, Rukn {ADDRESS} wrote:\n\n{QUOTED}",
    "Apple Mail in Arabic": f"في ٢٤ نوفمبر ٢٠٢٦، الساعة ١٠:١٢ ص، كتب/كتبت Rukn \u200f{ADDRESS}:\n\n{QUOTED}",
    "Yahoo in Arabic": f"في الثلاثاء، ٢٤ نوفمبر ٢٠٢٦ في ١٠:١٢:٠٠ ص غرينتش+٣، كتب Rukn {ADDRESS}:\n\nكتب يوسف لك",
    "Outlook": f"{RULE}\nFrom: Rukn {ADDRESS}\nSent: Tuesday\nTo: Karim\nSubject: x\n\nTuesday?",
    "Outlook in Arabic": f"{RULE}\nمن: Rukn {ADDRESS}\nتم الإرسال: الثلاثاء\nإلى: كريم\nالموضوع: x\n\nكتب",
    "Outlook without its rule": f"من: Rukn {ADDRESS}\nالتاريخ: الثلاثاء\nإلى: كريم\nالموضوع: x\n\nكتب",
    "Outlook, older": "-----Original Message-----\nFrom: Rukn",
    "Outlook, older, in Arabic": "-----الرسالة الأصلية-----\nمن: Rukn",
    "a signature": "-- \nKarim Haddad\n+962 7 9000 0000",
    "an iPhone": "Sent from my iPhone",
    "an iPhone in Arabic": "أُرسلت من الـ iPhone",
    "a Galaxy in Arabic": "تم الإرسال من هاتف \u200fGalaxy\u200f",
    "Outlook on a telephone": "الحصول على Outlook لـ iOS",
    "nothing": "",
}
KEPT = [
    "On Tuesday I wrote:",
    "في البيت كتب كثيرة: خذ ما شئت",
    "من: البيت إلى: السوق، نمشي معًا",
    "أرسلت من أجلك خبزًا",
    "5 > 3, and 3 < 5",
    "I will come on 24 Nov. He wrote: yes",
    "From: the old town\nit is ten minutes",
    "---",
]


class TestOwnWords:
    @pytest.mark.parametrize("ending", ENDINGS.values(), ids=ENDINGS)
    def test_are_kept_and_what_follows_is_left_out(self, ending):
        assert own_words(f"{OWN}\n\n{ending}") == OWN
        assert own_words(f"{OWN}\r\n\r\n{ending}\r\n".replace("\n", "\r\n")) == OWN

    def test_under_a_quotation_are_kept(self):
        text = f"On Tue, 24 Nov 2026 at 10:12, Rukn <x@r.example> wrote:\n{QUOTED}\n\n{OWN}"
        assert own_words(text) == OWN

    def test_between_quoted_lines_are_kept(self):
        text = "On 24 Nov 2026, Rukn wrote:\n> Tuesday?\nYes.\n> At six?\nAt seven."
        assert own_words(text) == "Yes.\nAt seven."

    @pytest.mark.parametrize("words", KEPT)
    def test_that_only_look_like_a_quotation_stay(self, words):
        assert own_words(words) == words

    @given(st.text(alphabet=st.sampled_from("اب 12\n>-:_نعم wrote:On من<@."), max_size=300))
    def test_of_whatever_text_are_part_of_it_and_stay_when_read_again(self, text):
        own = own_words(text)
        assert own_words(own) == own or len(own_words(own)) < len(own)
        assert set(own.split()) <= set(text.split())


class TestMail:
    def read(self, text):
        return answer_of(message_from_bytes(text.encode(), policy=policy.default))

    def test_of_html_alone_is_read_without_its_quotation(self):
        html = (
            "<html><head><style>p{}</style></head><body><div dir=rtl>نعم، <b>الثلاثاء</b><br>عند السادسة</div>"
            "<div class=gmail_quote><div class=gmail_attr>On … wrote:</div><blockquote><img src=x>Tuesday?</blockquote>"
            "</div></body></html>"
        )
        assert own_words(words_of_html(html)) == "نعم، الثلاثاء\nعند السادسة"

    def test_of_outlook_ends_where_the_old_mail_begins(self):
        assert own_words(words_of_html("<p>Yes</p><hr><div id=divRplyFwdMsg>From: x</div><p>old</p>")) == "Yes"

    def test_with_a_file_says_so_and_keeps_the_words(self):
        answer = self.read(
            "MIME-Version: 1.0\nContent-Type: multipart/mixed; boundary=x\n\n--x\n"
            "Content-Type: text/plain; charset=utf-8\n\nنعم\n--x\n"
            "Content-Type: image/jpeg\nContent-Disposition: attachment; filename=a.jpg\n\nxx\n--x--\n"
        )
        assert (answer.words, answer.has_attachments) == ("نعم", True)

    def test_that_was_flowed_is_joined_again(self):
        answer = self.read("Content-Type: text/plain; charset=utf-8; format=flowed\n\nYes, on \nTuesday.\nSee you.\n")
        assert answer.words == "Yes, on Tuesday.\nSee you."

    def test_in_an_unknown_or_wrong_charset_is_read_as_well_as_it_can_be(self):
        assert self.read("Content-Type: text/plain; charset=klingon\n\nYes é\n").words == "Yes é"
        assert self.read("Content-Type: text/plain; charset=us-ascii\n\nYes é\n").words.startswith("Yes ")
