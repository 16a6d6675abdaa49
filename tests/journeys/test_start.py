"""The one command: starts from nothing, takes the next port, ends kindly, and starts again with its data."""

import re

import pytest

pytestmark = [pytest.mark.journey, pytest.mark.xdist_group("browser")]


def test_starts_from_nothing_and_again_with_its_data_beside_a_taken_port(first_start, city):
    assert f"Port {first_start.taken_port} is taken" in first_start.said
    assert "Building a city" in first_start.said
    doors = re.findall(r"http://\S+/demo/enter/(\w+)/", first_start.said)
    assert doors == ["teacher", "learner", "curator", "admin"]
    assert "سلمى الحداد" in first_start.teachers_page
    assert first_start.ended == 0
    assert first_start.seconds_to_end < 8

    again = city.log.read_text(encoding="utf-8")
    assert "Building a city" not in again
    assert float(re.search(r"ready after ([\d.]+) s", again).group(1)) < 5
