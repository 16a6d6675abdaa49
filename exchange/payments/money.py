"""Amounts of money: whole numbers of the smallest unit, what people type, what they read. Values in, values out.

Exponents and steps as Stripe wants amounts (docs.stripe.com/currencies): three-decimal currencies must end in 0.
"""

import re
from decimal import Decimal
from typing import NamedTuple

from babel.numbers import format_currency

_ZERO = ["BIF", "CLP", "DJF", "GNF", "JPY", "KMF", "KRW", "MGA", "PYG", "RWF", "VND", "VUV", "XAF", "XOF", "XPF"]
_THREE = ["BHD", "JOD", "KWD", "OMR", "TND"]
_TWO = [
    "AED",
    "AUD",
    "BRL",
    "CAD",
    "CHF",
    "CNY",
    "CZK",
    "DKK",
    "DZD",
    "EGP",
    "EUR",
    "GBP",
    "HKD",
    "IDR",
    "ILS",
    "INR",
    "LBP",
    "LKR",
    "MAD",
    "MXN",
    "MYR",
    "NGN",
    "NOK",
    "NZD",
    "PHP",
    "PKR",
    "PLN",
    "QAR",
    "RON",
    "SAR",
    "SEK",
    "SGD",
    "THB",
    "TRY",
    "USD",
    "YER",
    "ZAR",
]
EXPONENTS = {**dict.fromkeys(_ZERO, 0), **dict.fromkeys(_TWO, 2), **dict.fromkeys(_THREE, 3), "ISK": 2, "UGX": 2}
STEPS = {**dict.fromkeys(_THREE, 10), "ISK": 100, "UGX": 100}  # smallest difference between two amounts
CURRENCIES = tuple(sorted(EXPONENTS))
MOST = 99_999_990  # eight digits: more no card is charged at once
# What a card is charged at least; elsewhere one whole unit, or fifty where there are no smaller ones.
_LEAST = {"JOD": 500, "KWD": 200, "BHD": 250, "OMR": 250, "TND": 2_000, "AED": 200, "SAR": 200, "QAR": 200,
          "EGP": 3_000, "MAD": 500, "DZD": 10_000, "LBP": 5_000_000, "USD": 50, "EUR": 50, "GBP": 30}  # fmt: skip

_DIGITS = str.maketrans("٠١٢٣٤٥٦٧٨٩۰۱۲۳۴۵۶۷۸۹", "01234567890123456789")
_BLANKS = re.compile("[\\s\u00a0\u202f\u200e\u200f\u061c]+")
_GROUPED = re.compile(r"\d{1,3}(,\d{3})+(\.\d+)?", re.ASCII)
_PLAIN = re.compile(r"\d+(\.\d*)?|\.\d+", re.ASCII)
_LONE_COMMA = re.compile(r"(\d+),(\d{1,2}|\d{4,})", re.ASCII)
_LONGEST = 24  # fewer digits than decimals are reckoned with


class _Gender(NamedTuple):
    """The word for one, and how an adjective ends: beside one, beside two, and counted from eleven on."""

    alone: str
    ending: str
    dual: str
    counted: str


_HE, _SHE = _Gender("واحد", "", "ان", "ًّا"), _Gender("واحدة", "ة", "تان", "ة")


class _Noun(NamedTuple):
    """A unit of money in Arabic as it is counted."""

    one: str
    two: str
    few: str
    many: str
    gender: _Gender = _HE


_DINAR = _Noun("دينار", "ديناران", "دنانير", "دينارًا")
_RIYAL = _Noun("ريال", "ريالان", "ريالات", "ريالًا")
_DIRHAM = _Noun("درهم", "درهمان", "دراهم", "درهمًا")
_POUND = _Noun("جنيه", "جنيهان", "جنيهات", "جنيهًا")
_LIRA = _Noun("ليرة", "ليرتان", "ليرات", "ليرة", _SHE)
_DOLLAR = _Noun("دولار", "دولاران", "دولارات", "دولارًا")
# What cities of the region are paid in: CLDR has one form of most of them, whatever the number.
_ARABIC = {
    "JOD": (_DINAR, "أردني"), "KWD": (_DINAR, "كويتي"), "BHD": (_DINAR, "بحريني"), "TND": (_DINAR, "تونسي"),
    "DZD": (_DINAR, "جزائري"), "OMR": (_RIYAL, "عُماني"), "QAR": (_RIYAL, "قطري"), "SAR": (_RIYAL, "سعودي"),
    "YER": (_RIYAL, "يمني"), "AED": (_DIRHAM, "إماراتي"), "MAD": (_DIRHAM, "مغربي"), "EGP": (_POUND, "مصري"),
    "LBP": (_LIRA, "لبناني"), "USD": (_DOLLAR, "أمريكي"),
}  # fmt: skip


class NotAnAmount(ValueError):
    """What was typed is no amount of this currency; `why` is "unreadable", "unclear", "too_fine", "least" or "most"."""

    def __init__(self, why: str, bound: int = 0) -> None:
        super().__init__(why)
        self.why, self.bound = why, bound


def least(currency: str) -> int:
    """Give the smallest amount that can be paid by card."""
    return _LEAST.get(currency, 10 ** EXPONENTS[currency] if EXPONENTS[currency] else 50)


def unit(currency: str) -> int:
    """Give how many of the smallest unit make a whole one: 1, 100 or 1,000."""
    return int(10 ** EXPONENTS[currency])


def step(currency: str) -> int:
    """Give the smallest difference between two amounts: 10 where three decimals are written and the last is 0."""
    return STEPS.get(currency, 1)


def rounded(amount: int, currency: str) -> int:
    """Give the nearest amount that can be charged; halves go up."""
    each = step(currency)
    return (amount + each // 2) // each * each


def share(amount: int, currency: str, *, percent: int) -> int:
    """Give so many percent of an amount, rounded down to what can be charged, so that two shares are never more than
    the whole."""
    each = step(currency)
    return amount * percent // 100 // each * each


def read(text: str, currency: str, *, most: int = MOST) -> int:
    """Give what a person typed in the smallest unit: "٧٫٥", "7.50", "1,250.500", "١٬٢٥٠".

    Refuses an amount it would have to guess: "1,250" is 1250 where two decimals are written, but might be 1.250 where
    three are. Raises `NotAnAmount`.
    """
    number = _number(text, currency)
    minor = number.scaleb(EXPONENTS[currency])
    if minor != minor.to_integral_value():
        raise NotAnAmount("too_fine")
    amount = int(minor)
    if amount > most:
        raise NotAnAmount("most", most)
    if rounded(amount, currency) != amount:
        raise NotAnAmount("too_fine")
    if amount < least(currency):
        raise NotAnAmount("least", least(currency))
    return amount


def _number(text: str, currency: str) -> Decimal:
    plain = _BLANKS.sub("", text).translate(_DIGITS)
    has_arabic_signs = "٬" in plain or "٫" in plain
    plain = plain.replace("٬", ",").replace("٫", ".").replace("،", ",")
    if not plain or len(plain) > _LONGEST:
        raise NotAnAmount("unreadable")
    if _GROUPED.fullmatch(plain):
        is_unclear = plain.count(",") == 1 and "." not in plain and not has_arabic_signs
        if is_unclear and EXPONENTS[currency] == 3:
            raise NotAnAmount("unclear")
        return Decimal(plain.replace(",", ""))
    if _LONE_COMMA.fullmatch(plain):
        plain = plain.replace(",", ".")
    if not _PLAIN.fullmatch(plain):
        raise NotAnAmount("unreadable")
    return Decimal(plain)


def decimal(amount: int, currency: str) -> Decimal:
    """Give an amount in whole units."""
    return Decimal(amount).scaleb(-EXPONENTS[currency])


def field(amount: int, currency: str) -> str:
    """Give an amount as a form shows it: "7.500"."""
    return f"{decimal(amount, currency):.{EXPONENTS[currency]}f}"


def words(amount: int, currency: str, language: str) -> str:
    """Give an amount with the name of its currency: "7.500 دنانير أردنية", "7.500 Jordanian dinars"; a whole one
    without decimals, because to many "5.000" reads as five thousand."""
    is_whole = amount % unit(currency) == 0
    if language.startswith("ar") and currency in _ARABIC:
        return _in_arabic(amount, currency, is_whole)
    return str(
        format_currency(
            decimal(amount, currency), currency, locale="ar_JO" if language.startswith("ar") else "en_GB",
            format_type="name", numbering_system="latn", currency_digits=not is_whole,
            decimal_quantization=not is_whole,
        )
    )  # fmt: skip


def _in_arabic(amount: int, currency: str, is_whole: bool) -> str:
    """Count as Arabic does: one and two by the noun alone, 3 to 10 its plural, 11 to 99 its accusative, then the
    noun as it is; a part of a unit follows the whole before it."""
    noun, adjective = _ARABIC[currency]
    whole, last = amount // unit(currency), amount // unit(currency) % 100
    if is_whole and whole == 1:
        return f"{noun.one} {adjective}{noun.gender.ending} {noun.gender.alone}"
    if is_whole and whole == 2:
        return f"{noun.two} {adjective}{noun.gender.dual}"
    if 3 <= last <= 10:
        name = f"{noun.few} {adjective}ة"
    elif last >= 11:
        name = f"{noun.many} {adjective}{noun.gender.counted}"
    else:
        name = f"{noun.one} {adjective}{noun.gender.ending}"
    shown = f"{whole:,}" if is_whole else f"{decimal(amount, currency):,.{EXPONENTS[currency]}f}"
    return f"{shown}\u00a0{name}"
