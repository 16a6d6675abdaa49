"""What every test may ask for: the cast, a few concepts, listings made through services."""

import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.core.cache import cache
from django.db import connection
from django.test import Client
from hypothesis import settings as chance
from people import PEOPLE

from accounts import districts as remembered
from accounts import services as accounts
from accounts.models import District, Person
from exchange.outbox import services as outbox
from skills import rules
from skills.models import Listing
from skills.services import concepts as concept_services
from skills.services import listings as listing_services

chance.register_profile("rukn", deadline=None)  # a busy machine is not a slow program; speed is for benchmarks/
chance.load_profile("rukn")
HERE = Path(__file__).parent
DATA = HERE / "data"
# Plain Python, texts and files: nothing in these asks a database or a service, so `make test-services` does not run
# again what `make test` ran (`-m "not pure"`). A test of theirs that does ask a database is run there all the same.
PURE = {
    "deploy/test_deploy.py", "exchange/chat/test_screening.py", "exchange/lessons/test_slots.py",
    "exchange/lib/test_arabic.py", "exchange/lib/test_breaker.py", "exchange/lib/test_logs.py",
    "exchange/lib/test_text.py", "exchange/notices/test_answer_text.py", "exchange/notices/test_when.py",
    "exchange/payments/test_money.py", "house/test_environment.py", "house/test_folding.py", "house/test_house.py",
    "matching/test_assignment.py", "matching/test_explain.py", "matching/test_find_rings.py", "matching/test_rings.py",
    "matching/test_scoring.py", "skills/test_resolution.py", "skills/test_shipped_concepts.py",
}  # fmt: skip


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark what is pure; pytest-django lets no test reach the database that does not say so."""
    for item in items:
        asks = {"db", "transactional_db"} & set(getattr(item, "fixturenames", ())) or item.get_closest_marker(
            "django_db"
        )
        if item.path.relative_to(HERE).as_posix() in PURE and not asks:
            item.add_marker("pure")


@pytest.fixture(scope="session")
def files_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where files of talks lie while tests run."""
    return tmp_path_factory.mktemp("files")


@pytest.fixture(autouse=True)
def _plain_surroundings(settings: Any, files_folder: Path) -> None:
    """No broker in tests: the bell is lost, `relay()` does what it would have rung for."""
    settings.FILES_FOLDER = files_folder
    settings.CELERY_BROKER_URL = "memory://"
    settings.RATE_LIMITS = {}  # tests of limits set their own
    settings.STRIPE_SECRET_KEY = settings.STRIPE_WEBHOOK_SECRET = settings.STRIPE_API_BASE = ""  # money is off
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    cache.clear()
    concept_services.forget()
    remembered.forget()


@pytest.fixture(scope="session", autouse=True)
def _no_stray_sessions(django_db_setup: None, django_db_blocker: Any) -> Iterator[None]:
    """End what threads of sockets left open, so that PostgreSQL lets the test database be dropped."""
    yield
    if connection.vendor == "postgresql" and str(connection.settings_dict["NAME"]).startswith("test_"):
        with django_db_blocker.unblock(), connection.cursor() as cursor:
            cursor.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                " WHERE datname = current_database() AND pid <> pg_backend_pid()"
            )


@pytest.fixture(scope="session", autouse=True)
def _history_may_be_thrown_away(django_db_setup: None) -> None:
    """Let tests that commit empty their SQLite tables afterwards: there a flush deletes, which the ledger refuses."""
    if connection.vendor != "sqlite":
        return
    flush = connection.ops.sql_flush

    def without_triggers(*args: Any, **kwargs: Any) -> list[str]:
        with connection.cursor() as cursor:
            cursor.execute("SELECT name, sql FROM sqlite_master WHERE type = 'trigger' AND name LIKE 'ledger_%'")
            triggers = cursor.fetchall()
        drops, makes = [f"DROP TRIGGER {name}" for name, _sql in triggers], [sql for _name, sql in triggers]
        return [*drops, *flush(*args, **kwargs), *makes]

    connection.ops.sql_flush = without_triggers  # type: ignore[method-assign]


@pytest.fixture(scope="session")
def _own_indices() -> Iterator[None]:
    """Give this test process index names of its own, and take its indices away at the end."""
    from search.backends import elastic_index as index

    settings.SEARCH_PREFIX = f"test_{os.environ.get('PYTEST_XDIST_WORKER', 'main')}_{os.getpid()}_"
    settings.SEARCH_SECONDS, index.ASK_SECONDS = 5.0, 10.0  # a busy test machine is not an engine that hangs
    yield
    for name in index.client().indices.get(index=f"{settings.SEARCH_PREFIX}*").body:
        index.client().indices.delete(index=name)
    index.client().options(ignore_status=404).indices.delete_index_template(name=f"{settings.SEARCH_PREFIX}listings")


@pytest.fixture(autouse=True)
def _engine_follows(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where Elasticsearch is the engine, bring it what a test wrote before it is asked.

    In life the outbox does so within two seconds; tests of that path (tests/search/test_indexing.py) go without.
    """
    if not settings.ELASTICSEARCH_URL or request.node.get_closest_marker("late_engine"):
        return
    request.getfixturevalue("_own_indices")
    from search import indexing
    from search.backends import elastic, elastic_index, elastic_rebuild

    asked = elastic._run

    def brought(search: Any, until: float) -> Any:
        log = len(connection.queries_log)
        bring()
        while len(connection.queries_log) > log:  # these are the test's own, not the page's
            connection.queries_log.pop()
        return asked(search, until + 5.0)

    def bring() -> None:
        if not elastic_index.behind(elastic_index.read_alias()):
            elastic_rebuild.rebuild()
        ids = list(Listing.objects.values_list("id", flat=True))
        elastic_index.client().indices.refresh(index=elastic_index.read_alias())  # what another test wrote last, too
        elastic_index.client().delete_by_query(
            index=elastic_index.read_alias(), query={"bool": {"must_not": {"terms": {"number": ids}}}},
            refresh=True, conflicts="proceed",
        )  # fmt: skip
        indexing._engine.worked()
        indexing.sync(ids)
        elastic_index.client().indices.refresh(index=elastic_index.read_alias())

    monkeypatch.setattr(elastic, "_run", brought)


@pytest.fixture
def districts(db: None) -> dict[str, District]:
    """Four districts by slug."""
    rows = [
        ("naseem", "حي النسيم", "Naseem", 20, 30),
        ("waha", "حي الواحة", "Waha", 30, 35),
        ("university", "حي الجامعة", "University", 70, 60),
        ("port", "الميناء القديم", "Old Port", 90, 10),
    ]
    made = {
        slug: District.objects.get_or_create(slug=slug, defaults={"ar": ar, "en": en, "x": x, "y": y})[0]
        for slug, ar, en, x, y in rows
    }
    remembered.forget()
    return made


@pytest.fixture
def cast(districts: dict[str, District]) -> dict[str, Person]:
    """Everyone, welcomed and settled."""
    return {
        key: accounts.make_person(
            email=f"{key}@example.org",
            name=str(who["name"]),
            district=districts[str(who["district"])],
            language=str(who["language"]),
            role=str(who.get("role", "resident")),
            speaks=list(who["speaks"]),
            free_codes=list(who.get("free", ())),
        )
        for key, who in PEOPLE.items()
    }


def _one(key: str) -> Any:
    @pytest.fixture(name=key)
    def person(cast: dict[str, Person]) -> Person:
        return cast[key]

    return person


salma, yusuf, huda, karim, nadia, stranger = (_one(key) for key in PEOPLE)


@pytest.fixture
def concepts(db: None) -> dict[str, int]:
    """A small tree of concepts (tests/data/concepts.jsonl), uri → id."""
    with (DATA / "concepts.jsonl").open("rb") as lines:
        rows = [
            rules.concept_row(value)
            for _, value in rules.json_lines("concepts.jsonl", lines)
            if isinstance(value, dict)
        ]
    concept_services.import_rows(rows)
    return dict(concept_services.tree().ids)


@pytest.fixture
def client_of() -> Callable[[Person], Client]:
    """Give a browser (without scripts) in which a person is signed in."""

    def make(person: Person) -> Client:
        client = Client(headers={"accept-language": person.language})
        client.force_login(person, backend="allauth.account.auth_backends.AuthenticationBackend")
        return client

    return make


def _listing(owner: Person, kind: str, title: str, tags: list[str], **content: Any) -> Listing:
    lang = content.pop("lang", owner.language)
    return listing_services.publish_directly(
        owner=owner,
        kind=kind,
        tags=[
            {
                "text": "" if tag.startswith("rukn:") else tag,
                "lang": lang,
                "uri": tag if tag.startswith("rukn:") else None,
            }
            for tag in tags
        ],
        title=title,
        lang=lang,
        **{"body": title + ".", "speaks": owner.profile.speaks, "free_mask": owner.profile.free_mask, **content},
    )


@pytest.fixture
def make_offer(concepts: dict[str, int]) -> Callable[..., Listing]:
    """Make a published offer: make_offer(salma, "خياطة للمبتدئات", ["rukn:sewing"])."""
    return lambda owner, title, tags=(), **content: _listing(owner, "offer", title, list(tags), **content)


@pytest.fixture
def make_wish(concepts: dict[str, int]) -> Callable[..., Listing]:
    """Make a published wish: make_wish(yusuf, "أتعلم خياطة", ["خياطة"])."""
    return lambda owner, title, tags=(), **content: _listing(owner, "wish", title, list(tags), **content)


@pytest.fixture
def relay() -> Callable[[], None]:
    """Hand every waiting event to its handlers until none is left."""

    def run() -> None:
        while outbox.relay():
            pass

    return run
