"""The map of the house."""

from django.conf import settings
from django.contrib import admin
from django.urls import include, path

from exchange import views
from exchange.moderation import thanks_views
from exchange.moderation import views as moderation
from exchange.watch import views as watch

urlpatterns = [
    path("", views.home, name="home"),
    path("me/", views.me, name="me"),
    path("people/<row:pk>/", views.person, name="person"),
    path("listings/<row:pk>/", views.listing, name="listing"),
    path("help/", views.help_page, name="help"),
    path("healthz", watch.healthz, name="healthz"),
    path("readyz", watch.readyz, name="readyz"),
    path("metrics", watch.metrics_page, name="metrics"),
    path("", include("search.urls")),  # the busiest first: an address is looked for in this order
    path("", include("accounts.urls")),
    path("", include("skills.urls")),
    path("", include("matching.urls")),
    path("", include("exchange.ledger.urls")),
    path("", include("exchange.lessons.urls")),
    path("", include("exchange.chat.urls")),
    path("", include("exchange.passport.urls")),
    path("", include("exchange.payments.urls")),
    path("", include("exchange.notices.urls")),
    path("api/", include("exchange.api_urls")),
    path("desk/", include("exchange.moderation.urls")),
    path("talks/<row:pk>/report/", moderation.report, name="report"),
    path("thanks/<row:pk>/report/", thanks_views.report, name="thanks_report"),
    path("lessons/<row:pk>/curators/", thanks_views.private_note, name="private_note"),
    path("admin/", admin.site.urls),
]
handler500 = "exchange.watch.views.server_error"
if settings.DEMO:
    urlpatterns.insert(0, path("demo/", include("exchange.demo_urls")))
