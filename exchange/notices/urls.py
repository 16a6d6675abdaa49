"""Where notices are read, and stopped."""

from django.urls import path

from exchange.notices import views

urlpatterns = [
    path("notices/", views.notices, name="notices"),
    path("notices/read/", views.read, name="notices_read"),
    path("me/notices/", views.choices, name="notice_settings"),
    path("me/notices/device/", views.device, name="notice_device"),
    path("notices/stop/<str:token>/", views.stop, name="notice_stop"),
]
