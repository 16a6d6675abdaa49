"""Variables that cannot work stop the start of every process, with a sentence that names them and the cure."""

import os
import runpy
import subprocess
import sys
from datetime import date
from pathlib import Path

import pytest

import manage
from exchange import celery, checks, storage
from exchange.lib.agreement import agree
from exchange.lib.environment import OTHER_NAMES, Env, WrongVariable, keep_in, misspelt
from exchange.lib.servers import index_prefix, listening, mail_url, redis_url, sender, service_url, site_url
from exchange.notices import webpush
from search.backends.postgres import PostgresBackend

ROOT = Path(__file__).resolve().parent.parent.parent
WELL = {
    "SITE_URL": "https://rukn.example.org",
    "BEHIND_HTTPS": True,
    "DEMO": False,
    "DEBUG": False,
    "SECRET_KEY": "0123456789abcdef0123456789abcdef",
    "SECRET_KEY_FALLBACKS": [],
    "ALLOWED_HOSTS": ["rukn.example.org"],
    "CSRF_TRUSTED_ORIGINS": ["https://rukn.example.org"],
    "TRUSTED_PROXIES": 1,
    "REDIS_URL": "redis://r:6379/0",
    "DATABASE_URL": "postgres://u:p@h:5432/rukn",
    "ELASTICSEARCH_URL": "http://e:9200",
    "SEARCH_BACKEND": "search.backends.guarded.GuardedBackend",
    "EMAIL_URL": "smtp+tls://u:p@h:587",
    "DEFAULT_FROM_EMAIL": "rukn@example.org",
    "METRICS_TOKEN": "a" * 32,
    "REPLY_ADDRESS": "reply@rukn.example.org",
    "VAPID_PUBLIC_KEY": "public",
    "VAPID_PRIVATE_KEY": "private",
    "VAPID_CONTACT": "mailto:desk@example.org",
    "STRIPE_SECRET_KEY": "sk_live_abc",
    "STRIPE_WEBHOOK_SECRET": "whsec_one, whsec_two",
    "STRIPE_API_BASE": "",
    "CITY_COUNTRY": "JO",
    "HOURS_START": 60,
    "HOURS_CEILING": 6000,
}
HERE = {"SITE_URL": "http://127.0.0.1:8000", "BEHIND_HTTPS": False, "ALLOWED_HOSTS": ["127.0.0.1"]}
NO_KEYS = {"STRIPE_SECRET_KEY": "", "STRIPE_WEBHOOK_SECRET": ""}
NOTHING = {
    "SECRET_KEY": "", "TRUSTED_PROXIES": 0, "REDIS_URL": "", "DATABASE_URL": "", "ELASTICSEARCH_URL": "",
    "SEARCH_BACKEND": "search.backends.sqlite.SqliteBackend", "EMAIL_URL": "", "DEFAULT_FROM_EMAIL": "",
    "REPLY_ADDRESS": "", "VAPID_PUBLIC_KEY": "", "VAPID_PRIVATE_KEY": "", "VAPID_CONTACT": "", "METRICS_TOKEN": "",
    "CSRF_TRUSTED_ORIGINS": [], "HOURS_START": 0, "CITY_COUNTRY": "",
}  # fmt: skip


def test_a_whole_environment_is_left_alone():
    agree(WELL)
    agree({**WELL, **HERE, **NO_KEYS})
    agree({**WELL, **HERE, "STRIPE_SECRET_KEY": "sk_test_a", "STRIPE_API_BASE": "http://127.0.0.1:12111"})
    agree({**WELL, "HOURS_CEILING": 0})
    agree({**WELL, "EMAIL_URL": "consolemail://", "DEFAULT_FROM_EMAIL": ""})
    agree({**WELL, "ALLOWED_HOSTS": [".Example.org"]})


@pytest.mark.parametrize(
    "change",
    [
        {},
        {"DEMO": True},
        {"DEBUG": True},
        {"DATABASE_URL": "postgres://h/rukn", "SEARCH_BACKEND": "search.backends.postgres.PostgresBackend"},
        {"DEMO": True, "REPLY_ADDRESS": "reply@rukn.example.org"},
        {
            "DEMO": True, "DATABASE_URL": "postgres://h/rukn", "REDIS_URL": "redis://h", "TRUSTED_PROXIES": 1,
            "ELASTICSEARCH_URL": "http://h:9200", "SEARCH_BACKEND": "search.backends.guarded.GuardedBackend",
        },
    ],
    ids=["nothing", "demo", "development", "demo on PostgreSQL", "demo with answers", "services-demo"],
)  # fmt: skip
def test_what_is_tried_on_one_machine_is_left_alone(change):
    agree({**WELL, **HERE, **NO_KEYS, **NOTHING, **change})


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"SITE_URL": "rukn.example.org"}, "SITE_URL must look like"),
        ({"SITE_URL": "https://rukn.example.org/city"}, "without a path"),
        ({"SITE_URL": "http://rukn.example.org"}, "SITE_URL must begin with https"),
        ({"BEHIND_HTTPS": False}, "set BEHIND_HTTPS=1"),
        ({"SECRET_KEY": ""}, "SECRET_KEY must be set"),
        ({"SECRET_KEY": "only-twenty-letters!"}, "SECRET_KEY must have 32 or more"),
        ({"SECRET_KEY": "abcd" * 20}, "SECRET_KEY must have 32 or more characters, 5 or more of them different"),
        ({"SECRET_KEY_FALLBACKS": ["x" * 50]}, "SECRET_KEY_FALLBACKS must have 32 or more"),
        ({"DEMO": True}, "DEMO is on.*take DEMO away"),
        ({"DEBUG": True}, "DEBUG is on.*take DEBUG away"),
        ({"DATABASE_URL": "", "REDIS_URL": ""}, "DATABASE_URL must name PostgreSQL"),
        ({"DATABASE_URL": "sqlite:////srv/x", "REDIS_URL": ""}, "DATABASE_URL must name PostgreSQL"),
        ({"REDIS_URL": ""}, "set REDIS_URL .*workers hear of no work"),
        ({"TRUSTED_PROXIES": 0}, "set TRUSTED_PROXIES"),
        ({"EMAIL_URL": ""}, "set EMAIL_URL"),
        ({"SITE_URL": "https://rukn.example.org?x=1"}, "SITE_URL must look like"),
        ({"CSRF_TRUSTED_ORIGINS": ["rukn.example.org"]}, "CSRF_TRUSTED_ORIGINS must hold addresses"),
        ({"ELASTICSEARCH_URL": ""}, "SEARCH_BACKEND is GuardedBackend, so set ELASTICSEARCH_URL"),
        ({"SEARCH_BACKEND": "search.backends.sqlite.SqliteBackend"}, "DATABASE_URL names another database"),
        ({**HERE, **NO_KEYS, "EMAIL_URL": ""}, "REPLY_ADDRESS is where mails are answered, so set EMAIL_URL"),
        ({"VAPID_CONTACT": "desk@example.org"}, "VAPID_CONTACT must begin with https:// or mailto:"),
        ({"HOURS_START": 7000}, "HOURS_START .*is above HOURS_CEILING"),
        ({"ALLOWED_HOSTS": ["other.example.org"]}, "ALLOWED_HOSTS must hold rukn.example.org"),
        ({"DATABASE_URL": ""}, "REDIS_URL is for several processes"),
        ({"DATABASE_URL": "sqlite:///x"}, "REDIS_URL is for several processes"),
        ({"DEFAULT_FROM_EMAIL": ""}, "set DEFAULT_FROM_EMAIL"),
        ({"METRICS_TOKEN": "short"}, "METRICS_TOKEN must have 16"),
        ({"VAPID_PRIVATE_KEY": ""}, "Set both VAPID_PUBLIC_KEY and"),
        ({"VAPID_PUBLIC_KEY": ""}, "Set both VAPID_PUBLIC_KEY and"),
        ({"REPLY_ADDRESS": "reply"}, "REPLY_ADDRESS must look like"),
        ({"REPLY_ADDRESS": "a+b@rukn.example.org"}, "REPLY_ADDRESS must look like"),
        ({"STRIPE_WEBHOOK_SECRET": ""}, "Set both STRIPE_SECRET_KEY and"),
        ({"STRIPE_SECRET_KEY": ""}, "Set both STRIPE_SECRET_KEY and"),
        ({"STRIPE_SECRET_KEY": "pk_live_abc"}, "must begin with sk_test_ or sk_live_"),
        ({"STRIPE_WEBHOOK_SECRET": "whsec_one,two"}, "must begin with whsec_"),
        ({"STRIPE_API_BASE": "http://127.0.0.1:12111"}, "take STRIPE_API_BASE away"),
        (
            {"SITE_URL": "http://127.0.0.1", "ALLOWED_HOSTS": ["127.0.0.1"], "BEHIND_HTTPS": False},
            "STRIPE_SECRET_KEY is a live key: set BEHIND_HTTPS",
        ),
        ({"CITY_COUNTRY": "Jordan"}, "CITY_COUNTRY must be two capital letters"),
        ({"REPLY_ADDRESS": "answers-to-your-talk@rukn.example.org"}, "at most 16 characters"),
    ],
)
def test_halves_and_contradictions_are_named(change, says):
    with pytest.raises(WrongVariable, match=says):
        agree({**WELL, **change})


class TestValues:
    @pytest.mark.parametrize(
        ("value", "read", "says"),
        [
            ("yes please", lambda env: env.bool("RUKN_TRIED"), "must be 1 or 0"),
            ("four", lambda env: env.int("RUKN_TRIED", 4, least=0, most=9), "whole number"),
            ("-1", lambda env: env.int("RUKN_TRIED", 4, least=0, most=10**6), "between 0 and 1000000"),
            ("0,6", lambda env: env.float("RUKN_TRIED", 0.6, least=0.05, most=10), "a number"),
            ("nan", lambda env: env.float("RUKN_TRIED", 0.6, least=0.05, most=10), "between 0.05 and 10"),
            ("no_such_module", lambda env: env.module("RUKN_TRIED"), "not installed"),
            ("no_such.module", lambda env: env.module("RUKN_TRIED"), "not installed"),
            ("/proc", lambda env: env.folder("RUKN_TRIED", default=ROOT), "in which this user may write"),
            (
                str(ROOT / "manage.py"),
                lambda env: env.folder("RUKN_TRIED", default=ROOT),
                "in which this user may write",
            ),
            ("hindi", lambda env: env.choice("RUKN_TRIED", "latn", ("latn", "arab")), "one of latn, arab"),
            ("Amman", lambda env: env.zone("RUKN_TRIED", "Asia/Amman"), "time zone"),
            ("8-12 12-17", lambda env: env.hours("RUKN_TRIED", "8-12 12-17 17-22"), "three ranges of hours"),
            ("8-13 12-17 17-22", lambda env: env.hours("RUKN_TRIED", "8-12 12-17 17-22"), "one after the other"),
            ("8-12 12-17 17-26", lambda env: env.hours("RUKN_TRIED", "8-12 12-17 17-22"), "up to 24"),
            ("in spring", lambda env: env.seasons("RUKN_TRIED"), "first and last day"),
            ("2027-03-09,2027-02-08", lambda env: env.seasons("RUKN_TRIED"), "first and last day"),
        ],
    )
    def test_that_cannot_be_are_refused(self, monkeypatch, value, read, says):
        monkeypatch.setenv("RUKN_TRIED", value)
        with pytest.raises(WrongVariable, match=f"RUKN_TRIED.*{says}"):
            read(Env())

    def test_unset_and_empty_ones_have_their_default(self, monkeypatch):
        monkeypatch.setenv("RUKN_TRIED", "")
        assert Env().int("RUKN_TRIED", 4, least=1, most=9) == 4
        assert Env().text("RUKN_TRIED", default="four") == "four"
        assert Env().names("RUKN_TRIED", default=["four"]) == ["four"]
        assert Env().folder("RUKN_TRIED", default=Path("/never/looked/at")) == Path("/never/looked/at")
        assert Env().bool("RUKN_TRIED_TOO", default=True) is True

    def test_times_of_the_city_are_read(self, monkeypatch):
        monkeypatch.setenv("RUKN_TRIED", "9-12 13-17 18-24")
        assert Env().hours("RUKN_TRIED", "8-12 12-17 17-22") == ((9, 12), (13, 17), (18, 24))
        monkeypatch.setenv("RUKN_TRIED", "2027-02-08,2027-03-09 2028-01-28,2028-02-26")
        assert Env().seasons("RUKN_TRIED")[1] == (date(2028, 1, 28), date(2028, 2, 26))

    def test_misspelt_names_are_refused(self, monkeypatch):
        env = Env()
        env.text("ELASTICSEARCH_URL")
        monkeypatch.setenv("ELASTICSEARCH_URI", "http://h:9200")
        with pytest.raises(WrongVariable, match="did you mean ELASTICSEARCH_URL"):
            env.refuse_misspelt()

    @pytest.mark.parametrize("name", [*OTHER_NAMES, "database_url", "Redis_Url"])
    def test_names_that_others_use_are_told(self, name):
        ours = ["DATABASE_URL", "ELASTICSEARCH_URL", "EMAIL_URL", "REDIS_URL", "SECRET_KEY"]
        assert misspelt([name], ours) == {name: OTHER_NAMES.get(name, name.upper())}
        assert misspelt([name, *ours], ours) == {}  # a platform may set both

    def test_what_overrules_ours_is_refused(self, monkeypatch):
        monkeypatch.setenv("CELERY_BROKER_URL", "redis://elsewhere")
        with pytest.raises(WrongVariable, match="CELERY_BROKER_URL would overrule REDIS_URL"):
            Env().refuse_misspelt()

    def test_words_are_taken_as_they_are(self, monkeypatch):
        monkeypatch.setenv("RUKN_TRIED", "$ecret")
        assert Env().text("RUKN_TRIED") == "$ecret"
        monkeypatch.setenv("RUKN_TRIED", "one.example.org, two.example.org,")
        assert Env().names("RUKN_TRIED", default=[]) == ["one.example.org", "two.example.org"]

    def test_a_folder_is_made_and_a_full_disk_is_no_fault_of_a_variable(self, tmp_path, monkeypatch):
        assert keep_in("RUKN_TRIED", tmp_path / "new" / "one", mode=0o700).is_dir()

        def full(**_):
            raise OSError(28, "No space left on device")

        monkeypatch.setattr("tempfile.TemporaryFile", full)
        assert keep_in("RUKN_TRIED", tmp_path) == tmp_path


class TestAddresses:
    @pytest.mark.parametrize(
        ("read", "value", "says"),
        [
            (redis_url, "redis://h/abc", "number of a database"),
            (redis_url, "redis://h/-1", "number of a database"),
            (redis_url, "redis://h:0/1", "between 1 and 65535"),
            (redis_url, "http://h", "must look like redis://"),
            (site_url, "http://h:abc", "between 1 and 65535"),
            (site_url, "http://[::1", "between 1 and 65535"),
            (site_url, "https://h?x=1", "without a path"),
            (site_url, "https://h/#top", "take away what follows the #"),
            (site_url, "https://me:pw@h", "without a path"),
            (site_url, "HTTPS://h", "begins with 'HTTPS'"),
            (mail_url, "garbage", "must look like smtp"),
            (mail_url, "smpt://h", "begins with 'smpt'"),
            (mail_url, "http://h", "begins with 'http'"),
            (mail_url, "submission://h", "begins with 'submission'"),
            (mail_url, "smtp://h:port", "between 1 and 65535"),
            (mail_url, "smtp+tls://", "host is missing"),
            (mail_url, "smtp+tls://u:p@:587", "host is missing"),
            (mail_url, "smtp+tls://u@h:587", "both USER and PASSWORD"),
            (mail_url, "smtp+tls://u:p@h:587/inbox", "what follows the port"),
            (mail_url, "smtp+tls://u:p@h:465", "write smtp\\+ssl"),
            (mail_url, "smtp+tls://u:p#w@h:587", "# is %23"),
            (mail_url, "filemail:///mails", "from the root on"),
            (sender, "Rukn", "must hold an address"),
            (sender, "Rukn <rukn>", "must hold an address"),
            (sender, "a@b.example\nBcc: c@d.example", "must hold an address"),
            (listening, "nowhere", "must look like 127.0.0.1:8025"),
            (listening, "127.0.0.1:smtp", "must look like 127.0.0.1:8025"),
            (listening, "127.0.0.1:99999", "must look like 127.0.0.1:8025"),
            (index_prefix, "Rukn_", "must look like rukn_"),
            (index_prefix, "a*b", "must look like rukn_"),
            (index_prefix, "_x", "must look like rukn_"),
            (index_prefix, " ", "must look like rukn_"),
            (index_prefix, "a" * 101, "100 at most"),
        ],
    )
    def test_that_cannot_be_are_refused(self, read, value, says):
        with pytest.raises(WrongVariable, match=f"TRIED.*{says}"):
            read("TRIED", value)

    @pytest.mark.parametrize(
        ("read", "value", "given"),
        [
            (redis_url, "", ""),
            (redis_url, "redis://:pw@h:6379/15", "redis://:pw@h:6379/15"),
            (redis_url, "rediss://h/99?ssl_cert_reqs=required", "rediss://h/99?ssl_cert_reqs=required"),
            (site_url, "https://rukn.example.org/", "https://rukn.example.org"),
            (site_url, "http://127.0.0.1:8000", "http://127.0.0.1:8000"),
            (mail_url, "", "consolemail://"),
            (mail_url, "smtp+ssl://me@b.example:p%23w@h:465", "smtp+ssl://me@b.example:p%23w@h:465"),
            (mail_url, "smtp://127.0.0.1:25", "smtp://127.0.0.1:25"),
            (mail_url, "filemail:////tmp/mails", "filemail:////tmp/mails"),
            (sender, "", ""),
            (sender, "ركن Rukn <rukn@localhost>", "ركن Rukn <rukn@localhost>"),
            (listening, "[::1]:8025", ("::1", 8025)),
            (index_prefix, "journey_7_city0_", "journey_7_city0_"),
        ],
    )
    def test_that_work_are_taken(self, read, value, given):
        assert read("TRIED", value) == given

    def test_secrets_are_not_repeated(self):
        with pytest.raises(WrongVariable) as refused:
            service_url("TRIED", "redis://:canary/@h:6379", ("redis",))
        assert "canary" not in str(refused.value)


@pytest.fixture
def settled(monkeypatch, tmp_path):
    """Read exchange/settings.py anew with only these variables; gives what it says."""

    def read(**variables):
        for name in {*os.environ} - {"PATH", "HOME", "LANG"}:
            monkeypatch.delenv(name)
        for name, value in {"RUKN_VAR": str(tmp_path), **variables}.items():
            monkeypatch.setenv(name, value)
        return runpy.run_path(str(ROOT / "exchange" / "settings.py"))

    return read


class TestSettings:
    def test_stand_with_nothing_set(self, settled, tmp_path):
        said = settled()
        assert said["DATABASES"]["default"]["NAME"] == str(tmp_path / "rukn.sqlite3")
        assert said["EMAIL_BACKEND"].endswith("console.EmailBackend")
        assert said["SEARCH_PREFIX"] == "rukn_"

    def test_take_an_empty_variable_as_one_that_is_not_set(self, settled):
        empty = (
            "EMAIL_URL", "SITE_URL", "DATABASE_URL", "REDIS_URL", "SEARCH_PREFIX", "MAIL_INLET", "STATIC_ROOT",
            "FILES_FOLDER", "RESOLVE_RERANK", "RING_LENGTH", "PROMETHEUS_MULTIPROC_DIR", "CITY_NAME_AR",
        )  # fmt: skip
        said, unset = settled(**dict.fromkeys(empty, "")), settled()
        for name in ("SITE_URL", "STATIC_ROOT", "FILES_FOLDER", "MAIL_INLET", "CITY", "EMAIL_CONFIG"):
            assert said[name] == unset[name], name

    def test_are_those_of_the_mail_server(self, settled):
        said = settled(EMAIL_URL="smtp+tls://me:p%23w@mail.example.org:587", DEFAULT_FROM_EMAIL="Rukn <r@example.org>")
        assert (said["EMAIL_HOST"], said["EMAIL_PORT"], said["EMAIL_USE_TLS"]) == ("mail.example.org", 587, True)
        assert (said["EMAIL_HOST_USER"], said["EMAIL_HOST_PASSWORD"]) == ("me", "p#w")

    @pytest.mark.parametrize(
        ("name", "values"),
        [
            ("DATABASE_URL", ["sqlite://", "postgres://h/rukn?bogus=1"]),
            ("REDIS_URL", ["redis://h/abc"]),
            ("EMAIL_URL", ["garbage"]),
            ("SITE_URL", ["http://h:abc", "http://h?x=1"]),
            ("DEFAULT_FROM_EMAIL", ["Rukn"]),
            ("MAIL_INLET", ["nowhere"]),
            ("SEARCH_PREFIX", ["Rukn_"]),
            ("RESOLVE_RERANK", ["nothing"]),
            ("SECRET_KEY", ["short"]),
            ("RUKN_VAR", ["/proc/rukn"]),
            ("STATIC_ROOT", ["/proc/static"]),
            ("FILES_FOLDER", ["/proc"]),
            ("PROMETHEUS_MULTIPROC_DIR", ["/proc/rukn"]),
            ("SEARCH_SECONDS", ["0", "900"]),
            ("STRIPE_SECONDS", ["0", "900"]),
            ("TRUSTED_PROXIES", ["6"]),
            ("DATABASE_POOL", ["0", "101"]),
            ("STATEMENT_SECONDS", ["3601"]),
            ("SEARCH_REPLICAS", ["11"]),
            ("RING_LENGTH", ["0", "1", "9"]),
            ("FEE_MOST", ["0", "1000001"]),
            ("GIFT_MOST", ["0", "1000001"]),
            ("FIRST_WORDS_LONGEST", ["0", "4001"]),
            ("FIRST_CONTACTS_A_DAY", ["0", "1001"]),
            ("HOURS_FLOOR", ["60001"]),
            ("HOURS_CEILING", ["600001"]),
            ("HOURS_START", ["6001"]),
            ("MESSAGE_WAIT_MINUTES", ["1441"]),
            ("UNDO_MINUTES", ["1441"]),
            ("FILES_A_DAY", ["10001"]),
            ("NEW_ACCOUNT_DAYS", ["366"]),
            ("LATE_CANCEL_HOURS", ["337"]),
            ("PAY_HOURS", ["0", "241"]),
            *((name, ["0", "3651"]) for name in (
                "STALE_AFTER_DAYS", "EXPIRE_AFTER_DAYS", "RING_DAYS", "RING_BOOK_DAYS", "THANKS_DAYS", "ANSWER_DAYS",
                "SETTLE_DAYS", "DISPUTE_DAYS", "REPLY_DAYS",
            )),
        ],
    )  # fmt: skip
    def test_name_the_variable_that_cannot_work(self, settled, name, values):
        for value in values:
            with pytest.raises(WrongVariable, match=f"^{name}"):
                settled(**{name: value})

    def test_every_number_has_a_least_and_a_most(self):
        text = (ROOT / "exchange" / "settings.py").read_text(encoding="utf-8")
        numbers = [line for line in text.splitlines() if "env.int(" in line or "env.float(" in line]
        assert len(numbers) > 20
        assert [line for line in numbers if "least=" not in line or "most=" not in line] == []

    def test_name_the_folder_that_cannot_hold_the_secret(self, settled, tmp_path):
        (tmp_path / "secret-key").mkdir()
        with pytest.raises(WrongVariable, match=r"SECRET_KEY is not set.*secret-key"):
            settled()

    def test_lose_no_task_and_read_no_pickle(self, settled):
        said = settled(DATABASE_URL="postgres://h/rukn", REDIS_URL="redis://h/3")
        assert (said["CELERY_TASK_ACKS_LATE"], said["CELERY_TASK_REJECT_ON_WORKER_LOST"]) == (True, True)
        assert (said["CELERY_TASK_SERIALIZER"], said["CELERY_ACCEPT_CONTENT"]) == ("json", ["json"])
        assert said["CELERY_BROKER_URL"] == "redis://h/3"
        assert said["CELERY_WORKER_PREFETCH_MULTIPLIER"] == 1
        assert celery.app.conf.task_acks_late is celery.app.conf.task_reject_on_worker_lost is True
        assert celery.app.conf.accept_content == ["json"]


class TestWhatIsNamed:
    """What only the loaded applications can judge."""

    @pytest.mark.parametrize("path", ["nothing.There", "nothing", "exchange.checks.secret_is_given", "pathlib.Path"])
    def test_engine_that_is_none_is_refused(self, settings, path):
        settings.SEARCH_BACKEND = path
        with pytest.raises(WrongVariable, match="SEARCH_BACKEND must be the dotted path of an engine"):
            checks.stop_unless_named_things_are_there()

    def test_engine_that_is_one_is_taken(self, settings, monkeypatch):
        class Own(PostgresBackend):
            pass

        monkeypatch.setattr("search.backends.postgres.Own", Own, raising=False)
        for path in (*checks.OUR_ENGINES, "search.backends.postgres.Own"):
            settings.SEARCH_BACKEND = path
            checks.stop_unless_named_things_are_there()

    def test_keys_of_devices_must_be_a_pair(self, settings):
        one, other = webpush.new_keys(), webpush.new_keys()
        settings.VAPID_PUBLIC_KEY, settings.VAPID_PRIVATE_KEY = one.public, one.private
        checks.stop_unless_named_things_are_there()
        settings.VAPID_PUBLIC_KEY = other.public
        with pytest.raises(WrongVariable, match=r"VAPID_PUBLIC_KEY does not belong.*vapid_keys"):
            checks.stop_unless_named_things_are_there()
        settings.VAPID_PRIVATE_KEY = "ركن"
        with pytest.raises(WrongVariable, match=r"VAPID_PRIVATE_KEY is no key.*vapid_keys"):
            checks.stop_unless_named_things_are_there()

    def test_hashed_names_must_have_been_collected(self, settings, tmp_path):
        settings.STATICFILES_MANIFEST, settings.STATIC_ROOT = False, tmp_path
        storage.needs_collected()
        settings.STATICFILES_MANIFEST = True
        with pytest.raises(WrongVariable, match=r"STATICFILES_MANIFEST is on.*collectstatic"):
            storage.needs_collected()
        (tmp_path / "staticfiles.json").write_text("{}", encoding="ascii")
        storage.needs_collected()

    def test_worker_without_a_broker_ends(self, settings, capsys):
        settings.REDIS_URL = "redis://h"
        celery.has_a_broker()
        settings.REDIS_URL = ""
        with pytest.raises(SystemExit) as ended:
            celery.has_a_broker()
        assert ended.value.code == 2
        assert "REDIS_URL is not set" in capsys.readouterr().err
        for signal in (celery.celeryd_init, celery.beat_init):
            assert any(celery.has_a_broker is each() for _key, each in signal.receivers)


@pytest.mark.parametrize(
    ("words", "seconds"), [("migrate", "0"), ("demo --no-serve", "0"), ("mail_inlet --lmtp", None), ("runserver", None)]
)
def test_commands_may_take_their_time_and_those_that_serve_may_not(monkeypatch, words, seconds):
    monkeypatch.setattr(os, "environ", {})
    monkeypatch.setattr(sys, "argv", ["manage.py", *words.split()])
    monkeypatch.setattr("django.core.management.execute_from_command_line", lambda _argv: None)
    manage.main()
    assert os.environ.get("STATEMENT_SECONDS") == seconds


@pytest.mark.parametrize(
    "start",
    [
        ["manage.py", "check"],
        ["-c", "import exchange.wsgi"],
        ["-c", "import exchange.asgi"],
        ["-m", "celery", "-A", "exchange", "report"],
    ],
    ids=["command", "pages", "sockets", "worker"],
)
def test_every_process_says_one_sentence(start):
    environment = {**os.environ, "STALE_AFTER_DAYS": "sixty"}
    ended = subprocess.run(
        [sys.executable, *start], cwd=ROOT, env=environment, capture_output=True, text=True, timeout=60, check=False
    )
    assert ended.returncode != 0
    assert "STALE_AFTER_DAYS must be a whole number" in ended.stderr
    assert "Traceback" not in ended.stderr


def test_a_reader_that_has_enough_is_no_error():
    told = "import manage, sys; sys.argv = ['manage.py', 'help']; manage.main()"
    unread, written = os.pipe()
    os.close(unread)
    ended = subprocess.run(
        [sys.executable, "-c", told],
        cwd=ROOT,
        stdout=written,
        stderr=subprocess.PIPE,
        text=True,
        timeout=60,
        check=False,
    )
    os.close(written)
    assert (ended.returncode, ended.stderr) == (141, "")
