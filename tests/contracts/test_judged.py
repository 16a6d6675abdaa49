"""How well each engine answers questions judged by hand, and how far the engines agree (tests/data/judged.json)."""

import json
from math import log2
from pathlib import Path

import pytest
from django.conf import settings
from django.db import connection

from search.query import Query
from skills.models import Listing

pytestmark = [pytest.mark.django_db, pytest.mark.late_engine]
JUDGED = json.loads((Path(__file__).resolve().parents[1] / "data" / "judged.json").read_text(encoding="utf-8"))
GOAL = {"elastic": 0.90, "sqlite": 0.80, "postgres": 0.80}  # mean nDCG at ten
AGREE = 0.85  # share of questions whose first answer is the one in the file: Elasticsearch's when it was judged


def ndcg(found, judged, depth=10):
    """Järvelin & Kekäläinen 2002, with gains 2^grade - 1."""

    def gain(grades):
        return sum((2**grade - 1) / log2(place + 2) for place, grade in enumerate(grades[:depth]))

    return gain([judged.get(key, 0) for key in found]) / gain(sorted(judged.values(), reverse=True))


def engines():
    """Give name → engine, of those that this environment has."""
    from search.backends.postgres import PostgresBackend
    from search.backends.sqlite import SqliteBackend

    found = {"sqlite": SqliteBackend()} if connection.vendor == "sqlite" else {"postgres": PostgresBackend()}
    if settings.ELASTICSEARCH_URL:
        from search.backends.elastic import ElasticBackend

        found["elastic"] = ElasticBackend()
    return found


@pytest.fixture
def answers(request):
    """Plant the demo's hand-written listings and ask every engine every question: engine → [[key, …], …]."""
    import random

    from django.utils import timezone

    from exchange.management.seed import plant
    from skills.services import concepts

    concepts.ensure_shipped()
    city = plant.City(random.Random(1), timezone.now(), {}, plant._districts())
    plant._personas(city)
    plant._written_listings(city, lambda _count: None)
    if settings.ELASTICSEARCH_URL:
        request.getfixturevalue("_own_indices")
        from search.backends import elastic_rebuild

        elastic_rebuild.rebuild()
    keys = dict(Listing.objects.values_list("id", "key"))
    return {
        name: [
            [keys[hit.listing_id] for hit in engine.find(Query(text=text, lang="ar", limit=10)).hits]
            for text, _topic, _kind in JUDGED["questions"]
        ]
        for name, engine in engines().items()
    }


def test_answers_are_good_and_engines_agree(answers):
    judged = [JUDGED["topics"][topic] for _text, topic, _kind in JUDGED["questions"]]
    for name, found in answers.items():
        scores = [ndcg(keys, wanted) for keys, wanted in zip(found, judged, strict=True)]
        worst = sorted(zip(scores, JUDGED["questions"], found, strict=True), key=lambda row: row[0])[:12]
        assert sum(scores) / len(scores) >= GOAL[name], (name, sum(scores) / len(scores), worst)
        same = sum((keys[0] if keys else "") == first for keys, first in zip(found, JUDGED["first"], strict=True))
        assert same / len(judged) >= AGREE, (name, same / len(judged))


def test_there_are_enough_questions_of_each_kind():
    kinds = [kind for _text, _topic, kind in JUDGED["questions"]]
    assert len(kinds) >= 120
    assert {"plain", "across languages", "typing slip", "marks and letters", "digits"} <= set(kinds)
