"""Where lessons begin."""

from django.urls import path

from exchange.lessons import views

urlpatterns = [
    path("listings/<row:pk>/hello/", views.hello, name="hello"),
    path("talks/<row:pk>/full/", views.full, name="talk_full"),
]
