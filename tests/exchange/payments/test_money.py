"""Amounts in the smallest unit: what people type in two scripts, what is charged, what is read."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exchange.payments import money

THREE = ("JOD", "KWD", "BHD", "OMR", "TND")


class TestWhatIsTyped:
    @pytest.mark.parametrize(
        ("text", "currency", "amount"),
        [
            ("7.5", "JOD", 7_500), ("٧٫٥", "JOD", 7_500), ("٧٫٥٠٠", "JOD", 7_500), ("۷٫۵", "JOD", 7_500),
            ("7", "JOD", 7_000), (" ٧ ", "JOD", 7_000), ("7.", "JOD", 7_000), ("1,250.500", "JOD", 1_250_500),
            ("١٬٢٥٠", "JOD", 1_250_000), ("١٬٢٥٠٫٥", "JOD", 1_250_500), ("7,5", "JOD", 7_500), ("٧،٥", "JOD", 7_500),
            ("1.250", "JOD", 1_250), ("7.50", "USD", 750), ("1,250", "USD", 125_000), ("0.5", "USD", 50),
            ("1,250,000", "JPY", 1_250_000), ("500", "JPY", 500), ("\u200f٧٫٥\u00a0", "JOD", 7_500),
        ],
    )  # fmt: skip
    def test_is_read_in_both_scripts(self, text, currency, amount):
        assert money.read(text, currency) == amount

    @pytest.mark.parametrize(
        ("text", "currency", "why"),
        [
            ("", "JOD", "unreadable"), ("-5", "JOD", "unreadable"), ("+5", "JOD", "unreadable"),
            ("five", "JOD", "unreadable"), ("1e9", "JOD", "unreadable"), ("NaN", "JOD", "unreadable"),
            ("1.2.3", "JOD", "unreadable"), ("٧٫٥٫١", "JOD", "unreadable"), ("1,25,0", "JOD", "unreadable"),
            ("9" * 41, "JOD", "unreadable"), ("9" * 24, "JOD", "most"), ("0." + "0" * 21 + "1", "JOD", "too_fine"),
            ("७", "JOD", "unreadable"), (".", "JOD", "unreadable"), ("5 USD", "JOD", "unreadable"),
            ("1,250", "JOD", "unclear"), ("1،250", "JOD", "unclear"), ("7.5005", "JOD", "too_fine"),
            ("7.505", "JOD", "too_fine"), ("7.505", "USD", "too_fine"), ("7.5", "JPY", "too_fine"),
            ("0", "JOD", "least"), ("0.1", "JOD", "least"), ("0.10", "USD", "least"), ("999999999", "JOD", "most"),
            ("1.50", "UGX", "too_fine"),
        ],
    )  # fmt: skip
    def test_is_refused_rather_than_guessed(self, text, currency, why):
        with pytest.raises(money.NotAnAmount) as refusal:
            money.read(text, currency)
        assert refusal.value.why == why

    @given(st.text(max_size=60), st.sampled_from(money.CURRENCIES))
    def test_never_breaks_and_gives_only_what_can_be_charged(self, text, currency):
        try:
            amount = money.read(text, currency)
        except money.NotAnAmount:
            return
        assert money.least(currency) <= amount <= money.MOST
        assert amount == money.rounded(amount, currency)

    @given(st.text("0123456789.,٠١٩٫٬،", max_size=45), st.sampled_from(money.CURRENCIES))
    def test_never_breaks_on_digits_and_signs(self, text, currency):
        try:
            assert money.read(text, currency) <= money.MOST
        except money.NotAnAmount:
            return

    @given(st.integers(1, 9_999_999), st.sampled_from(money.CURRENCIES))
    def test_reads_back_what_a_form_shows(self, tens, currency):
        amount = tens * money.step(currency)
        if money.least(currency) <= amount <= money.MOST:
            assert money.read(money.field(amount, currency), currency) == amount


class TestAmounts:
    @pytest.mark.parametrize("currency", THREE)
    def test_of_three_decimals_end_in_nought(self, currency):
        assert money.unit(currency) == 1_000
        assert [money.rounded(each, currency) for each in (5_124, 5_125, 5_129)] == [5_120, 5_130, 5_130]

    @given(st.integers(1, money.MOST), st.sampled_from(money.CURRENCIES), st.integers(0, 100))
    def test_are_shared_without_making_money(self, amount, currency, percent):
        amount = amount // money.step(currency) * money.step(currency)
        part = money.share(amount, currency, percent=percent)
        assert 0 <= part <= amount
        assert part % money.step(currency) == 0
        assert (amount - part) % money.step(currency) == 0

    def test_of_no_decimals_are_whole(self):
        assert money.unit("JPY") == 1
        assert money.share(501, "JPY", percent=50) == 250


@pytest.mark.parametrize(
    ("amount", "currency", "language", "words"),
    [
        (7_500, "JOD", "ar", "7.500 دنانير أردنية"),
        (7_500, "JOD", "en", "7.500 Jordanian dinars"),
        (1_250_250, "KWD", "en", "1,250.250 Kuwaiti dinars"),
        (500, "JPY", "en", "500 Japanese yen"),
        (750, "USD", "en", "7.50 US dollars"),
        (1_000, "JOD", "ar", "دينار أردني واحد"),
        (2_000, "JOD", "ar", "ديناران أردنيان"),
        (5_000, "JOD", "ar", "5 دنانير أردنية"),
        (10_000, "KWD", "ar", "10 دنانير كويتية"),
        (12_000, "JOD", "ar", "12 دينارًا أردنيًّا"),
        (99_000, "JOD", "ar", "99 دينارًا أردنيًّا"),
        (100_000, "JOD", "ar", "100 دينار أردني"),
        (102_000, "JOD", "ar", "102 دينار أردني"),
        (103_000, "JOD", "ar", "103 دنانير أردنية"),
        (1_250_000, "JOD", "ar", "1,250 دينارًا أردنيًّا"),
        (500, "JOD", "ar", "0.500 دينار أردني"),
        (2_500, "TND", "ar", "2.500 دينار تونسي"),
        (12_250, "BHD", "ar", "12.250 دينارًا بحرينيًّا"),
        (0, "JOD", "ar", "0 دينار أردني"),
        (100, "LBP", "ar", "ليرة لبنانية واحدة"),
        (200, "LBP", "ar", "ليرتان لبنانيتان"),
        (1_200, "LBP", "ar", "12 ليرة لبنانية"),
        (300, "EGP", "ar", "3 جنيهات مصرية"),
        (1_100, "SAR", "ar", "11 ريالًا سعوديًّا"),
        (700, "AED", "ar", "7 دراهم إماراتية"),
        (300, "EUR", "ar", "3 يورو"),
        (2_000_000, "JOD", "en", "2,000 Jordanian dinars"),
    ],
)
def test_amounts_are_told_with_their_currency(amount, currency, language, words):
    assert money.words(amount, currency, language).replace("\u00a0", " ") == words
