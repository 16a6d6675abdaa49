"""What the page benchmark serves: the product, or an empty view behind our middleware or behind Django's seven.

`SERVED` = product | ours | django chooses. `/counted/` tells how many threads were started so far in this process.
"""

import os
import threading

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.urls import path

DJANGO_SEVEN = [
    "django.middleware.security.SecurityMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
]
started = 0
_start = threading.Thread.start


def _counted_start(thread: threading.Thread) -> None:
    global started
    started += 1
    _start(thread)


def empty(request: HttpRequest) -> HttpResponse:
    """Answer with nothing to do."""
    return HttpResponse("ok")


def counted(request: HttpRequest) -> HttpResponse:
    """Tell how many threads this process started."""
    return JsonResponse({"process": os.getpid(), "threads_started": started})


urlpatterns = [path("empty/", empty), path("counted/", counted)]


def _application():
    threading.Thread.start = _counted_start
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "exchange.settings")
    import django
    from django.conf import settings
    from django.core.handlers.wsgi import WSGIHandler

    django.setup()
    kind = os.environ["SERVED"]
    if kind == "product":
        from exchange import urls

        urls.urlpatterns += urlpatterns
    else:
        settings.ROOT_URLCONF = "benchmarks.served"
    if kind == "django":
        settings.MIDDLEWARE = DJANGO_SEVEN
    return WSGIHandler()


if "SERVED" in os.environ:
    application = _application()
