"""Where one says thank you and looks back."""

from django.urls import path

from exchange.passport import views

urlpatterns = [
    path("lessons/<row:pk>/thanks/", views.thanks, name="thanks"),
    path("thanks/<row:pk>/show/", views.thanks_show, name="thanks_show"),
    path("thanks/<row:pk>/delete/", views.thanks_delete, name="thanks_delete"),
    path("me/passport/", views.passport, name="passport"),
]
