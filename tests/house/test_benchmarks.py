"""A measurement that a dead city would pass measures nothing."""

from benchmarks import api_fuzz, connections


def test_connections_count_only_when_every_page_was_answered():
    assert not connections.falls_short({"connections_held": 20, "statuses": {200: 10_000}})
    assert connections.falls_short({"connections_held": 21, "statuses": {200: 10_000}})
    assert connections.falls_short({"connections_held": 0, "statuses": {503: 10_000}})
    assert connections.falls_short({"connections_held": 5, "statuses": {200: 9_999, 503: 1}})
    assert connections.falls_short({"connections_held": 5, "statuses": {}})


def test_the_fuzzer_counts_the_operations_there_are(client, db):
    from tests.exchange.api.test_doors import MATRIX

    assert api_fuzz.count_operations(client.get("/api/schema/").json()) == len(MATRIX)
