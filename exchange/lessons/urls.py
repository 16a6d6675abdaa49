"""Where lessons begin."""

from django.urls import path

from exchange.lessons import views

urlpatterns = [path("listings/<int:pk>/hello/", views.hello, name="hello")]
