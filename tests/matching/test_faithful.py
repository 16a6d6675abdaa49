"""Reasons are true: take the fact behind one away and the pair falls in its list or leaves it."""

from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent.parent


@pytest.fixture(scope="module")
def measure():
    import importlib.util

    spec = importlib.util.spec_from_file_location("benchmark_matching", ROOT / "benchmarks" / "matching.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_a_pair_falls_when_its_reasons_fact_is_taken_away(measure):
    told = measure.faithful(60, size=300)
    assert told["sums_exact"] == told["score_falls"] == told["rank_falls_or_pair_goes"] == 60
