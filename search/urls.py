"""Where people search."""

from django.urls import path

from search import views

urlpatterns = [
    path("find/", views.find, name="find"),
    path("find/suggest/", views.suggest, name="find_suggest"),
]
