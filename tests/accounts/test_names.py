"""What neighbours call each other."""

import pytest

from accounts.models import first_name_of


@pytest.mark.parametrize(
    ("name", "first"),
    [
        ("سلمى الحربي", "سلمى"),
        ("Yusuf Mansour", "Yusuf"),
        ("أم خالد الزهراني", "أم خالد"),
        ("أبو صالح المري", "أبو صالح"),
        ("عبد الرحمن السيد", "عبد الرحمن"),
        ("أم عبد الله", "أم عبد الله"),
        ("Abu Bakr Ali", "Abu Bakr"),
        ("Um Kulthum", "Um Kulthum"),
        ("أبو", "أبو"),
        ("  ليلى \u00a0 حسن", "ليلى"),
    ],
)
def test_a_first_name_is_whole(name, first):
    assert first_name_of(name) == first
