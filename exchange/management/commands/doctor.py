"""Look at every configured part of this installation and name the fix of what is not well."""

import json
import socket
import sys
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import redis
from django.conf import settings
from django.contrib.staticfiles import finders
from django.core.checks import run_checks
from django.core.mail import get_connection
from django.core.management.base import BaseCommand
from django.db import connection
from django.db.migrations.executor import MigrationExecutor
from django.utils import timezone

from exchange.celery import app as celery
from exchange.chat.services import cabinet
from exchange.ledger.services import audit
from exchange.management.squashed import half_way
from exchange.notices import webpush
from exchange.outbox import services as outbox
from exchange.outbox.models import Event
from exchange.payments import gateway
from exchange.payments.services import nightly
from exchange.storage import is_collected
from exchange.watch import health
from search import health as engine
from search.backends import backend
from search.backends.base import Away
from skills.models import Concept
from skills.services import concepts

OLDEST_OUTBOX_SECONDS = 120
OLDEST_HEARTBEAT_SECONDS = 60
OLDEST_AUDIT = timedelta(days=2)

Check = Callable[[], "str | tuple[str, str]"]  # what is well, or (what is not, its fix)


class Command(BaseCommand):
    help = "Check every configured part; exit status 1 when one is not well. JSON on standard output."
    requires_system_checks = ()

    def handle(self, *args: Any, **options: Any) -> None:
        lines = []
        for name, check in CHECKS.items():
            try:
                found = check()
            except Exception as error:  # a broken part must not hide the others
                found = (f"{type(error).__name__}: {error}", "Look at the part named here; the message is its own.")
            is_well = isinstance(found, str)
            line = {"part": name, "ok": is_well, "says": found if is_well else found[0]}
            if not is_well:
                line["fix"] = found[1]
                self.stderr.write(f"{name}: {found[0]} — {found[1]}")
            lines.append(line)
        is_well = all(line["ok"] for line in lines)
        self.stdout.write(json.dumps({"ok": is_well, "parts": lines}, ensure_ascii=False, indent=1))
        if not is_well:
            sys.exit(1)


def _settings() -> str | tuple[str, str]:
    errors = [message for message in run_checks() if message.is_serious()]
    return "no complaints" if not errors else (str(errors[0].msg), str(errors[0].hint or "see `manage.py check`"))


def _database() -> str | tuple[str, str]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")
    if half := half_way():
        return (
            f"{', '.join(half)} stand half-way through migrations that were drawn together since",
            "Take the step between: docs/operations.md, Upgrade.",
        )
    plan = MigrationExecutor(connection).migration_plan(MigrationExecutor(connection).loader.graph.leaf_nodes())
    if plan:
        return f"{len(plan)} migrations wait", "Run `manage.py migrate`."
    return f"{connection.vendor} answers, all migrations are there"


def _files() -> str | tuple[str, str]:
    if not cabinet.is_writable():
        return f"{settings.FILES_FOLDER} cannot be written", "Give the folder of FILES_FOLDER to the user that serves."
    return "photos, PDFs and voice notes can be kept"


def _concepts() -> str | tuple[str, str]:
    count = Concept.objects.count()
    if not count:
        return "no concepts", "Run `manage.py import_concepts --shipped`."
    known = concepts.tree()
    return f"{count} concepts, version {known.version}"


def _search() -> str | tuple[str, str]:
    found = backend().drift()
    if found:
        count = len(found.missing) + len(found.stale) + len(found.ghosts)
        return f"{count} listings are not indexed as they are", "Run `manage.py search rebuild`."
    return f"{settings.SEARCH_BACKEND.rsplit('.', 1)[-1]} agrees with the database"


def _outbox() -> str | tuple[str, str]:
    parked = Event.objects.parked().count()
    if parked:
        return (
            f"{parked} events are parked",
            "Read their reason in the outbox_event table, then `manage.py outbox retry`.",
        )
    age = outbox.oldest_waiting_seconds()
    if age > OLDEST_OUTBOX_SECONDS:
        return f"the oldest event waits for {age:.0f} s", "Is a worker running? `celery -A exchange worker`."
    return "nothing waits for long"


def _mail() -> str | tuple[str, str]:
    if "console" in settings.EMAIL_BACKEND:
        return "codes are printed on the console" if settings.DEMO else (
            "codes are only printed on the console", "Set EMAIL_URL, for example smtp+tls://user:password@host:587."
        )  # fmt: skip
    with get_connection():
        return "the mail server answers"


def _answers() -> str | tuple[str, str]:
    if not settings.REPLY_ADDRESS:
        return "not used: mails about talks cannot be answered"
    host, _, port = settings.MAIL_INLET.rpartition(":")
    try:
        with socket.create_connection((host.strip("[]"), int(port)), timeout=2) as line:
            greeting = line.recv(200)
    except (OSError, ValueError) as error:
        return (
            f"nobody takes answers at {settings.MAIL_INLET} ({type(error).__name__})",
            "Start `manage.py mail_inlet`.",
        )
    if not greeting.startswith(b"220"):
        return f"what listens at {settings.MAIL_INLET} is no mail server", "Mend MAIL_INLET."
    return "the inlet takes answers"


def _push() -> str | tuple[str, str]:
    if not settings.VAPID_PRIVATE_KEY:
        return "not used: no notices on devices"
    fix = "Make a pair with `manage.py vapid_keys`; devices that were told before must ask again."
    try:
        belongs = webpush.public_of(settings.VAPID_PRIVATE_KEY) == settings.VAPID_PUBLIC_KEY
    except ValueError:
        return "VAPID_PRIVATE_KEY is no key", fix
    return "the keys are a pair" if belongs else ("VAPID_PUBLIC_KEY does not belong to VAPID_PRIVATE_KEY", fix)


def _money() -> str | tuple[str, str]:
    if not gateway.is_on():
        return "not used: no fees, no gifts"
    try:
        gateway.own_account()
    except gateway.StripeAway:
        return "Stripe does not answer", "Is the way out to api.stripe.com open? See also STRIPE_API_BASE."
    except gateway.StripeSaysNo as error:
        return f"Stripe does not take the key ({error.reason})", "Mend STRIPE_SECRET_KEY."
    if failed := nightly.flagged_count():
        return f"{failed} things of money failed", "See `manage.py payments standing`, then `manage.py payments retry`."
    return f"Stripe answers, with {'real money' if gateway.is_live() else 'test keys'}"


def _redis() -> str | tuple[str, str]:
    if not settings.REDIS_URL:
        return "not used: bells stay in this process"
    try:
        found = health.redis_client().info("persistence")
    except (redis.RedisError, OSError) as error:
        return f"does not answer ({type(error).__name__})", "Start Redis, or mend REDIS_URL."
    if not found.get("aof_enabled"):
        return "keeps no append-only file: a crash loses every queued task", "Start Redis with --appendonly yes."
    return "answers, with its append-only file"


def _workers() -> str | tuple[str, str]:
    if settings.DATABASE_URL.startswith("postgres") and not settings.REDIS_URL and not settings.DEMO:
        return (
            "PostgreSQL without Redis: nobody can send work to a worker",
            "Set REDIS_URL; a demo on PostgreSQL is asked with DEMO=1.",
        )
    if not settings.REDIS_URL:
        return "the work is done in the process of `manage.py demo`"
    try:
        answers = celery.control.inspect(timeout=1.0).active_queues() or {}
    except Exception as error:  # the broker's own family of errors is wide
        return f"cannot be asked ({type(error).__name__})", "Start Redis first."
    served = {queue["name"] for queues in answers.values() for queue in queues}
    if idle := sorted(set(settings.CELERY_TASK_QUEUES) - served):
        return f"nobody works for {', '.join(idle)}", f"Start `celery -A exchange worker -Q {idle[0]}`."
    return f"{len(answers)} workers answer"


def _scheduler() -> str | tuple[str, str]:
    if not settings.REDIS_URL:
        return "rings in the process of `manage.py demo`"
    seconds = outbox.seconds_since_heartbeat()
    if not 0 <= seconds <= OLDEST_HEARTBEAT_SECONDS:
        told = "never rang" if seconds < 0 else f"rang last {seconds:.0f} s ago"
        return told, "Start `celery -A exchange beat`, and a worker for bells."
    return f"rang {seconds:.0f} s ago"


def _engine() -> str | tuple[str, str]:
    if not settings.ELASTICSEARCH_URL:
        return "not used: the database searches"
    try:
        engine.ask(2.0)
    except Away as error:
        return str(error), "Run `manage.py search migrate`."
    except Exception as error:  # the client's own family of errors stays in `search`
        return f"does not answer ({type(error).__name__})", "Start Elasticsearch, or mend ELASTICSEARCH_URL."
    return "Elasticsearch answers and has our index"


def _ledger() -> str | tuple[str, str]:
    last = audit.last()
    if last is not None and last.faults:
        return (
            f"{last.faults} faults on {last.at:%Y-%m-%d}",
            "Run `manage.py ledger verify`; docs/hours.md says what next.",
        )
    if last is None or timezone.now() - last.at > OLDEST_AUDIT:
        found = audit.verify(is_quick=True)
        if not found.is_well:
            return "balances do not agree with their postings", "Run `manage.py ledger verify`; see docs/hours.md."
        return "balances agree with their postings"
    return f"agreed with itself on {last.at:%Y-%m-%d}"


def _look() -> str | tuple[str, str]:
    needed = ("rukn/rukn.css", "rukn/chat.js", "rukn/fonts/noto-sans-arabic.woff2")
    missing = [name for name in needed if finders.find(name) is None]
    if missing:
        return f"{missing[0]} is missing", "The checkout is not whole: clone it again."
    if not is_collected():
        return f"{settings.STATIC_ROOT} holds no staticfiles.json", "Run `manage.py collectstatic`."
    return "style, scripts and fonts are here"


def _words() -> str | tuple[str, str]:
    path = settings.LOCALE_PATHS[0] / "ar" / "LC_MESSAGES" / "django.mo"
    if not path.exists():
        return "the Arabic sentences are not compiled", "Run `make exchange/locale/ar/LC_MESSAGES/django.mo`."
    return "Arabic and English"


def _clock() -> str | tuple[str, str]:
    local = timezone.localtime()
    if local.year < 2026:
        return f"the clock says {local:%Y-%m-%d}", "Set the clock of this machine."
    return f"{local:%Y-%m-%d %H:%M} in {settings.TIME_ZONE}"


CHECKS: dict[str, Check] = {
    "settings": _settings,
    "database": _database,
    "concepts": _concepts,
    "files": _files,
    "search": _search,
    "outbox": _outbox,
    "mail": _mail,
    "answers": _answers,
    "devices": _push,
    "money": _money,
    "redis": _redis,
    "workers": _workers,
    "scheduler": _scheduler,
    "elasticsearch": _engine,
    "ledger": _ledger,
    "look": _look,
    "words": _words,
    "clock": _clock,
}
