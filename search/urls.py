"""Where people search."""

from django.urls import path

from search import views

urlpatterns = [
    path("find/", views.find, name="find"),
    path("find/suggest/", views.suggest, name="find_suggest"),
    path("find/keep/", views.keep, name="find_keep"),
    path("me/searches/", views.saved, name="saved_searches"),
    path("me/searches/<row:pk>/let-go/", views.let_go, name="saved_let_go"),
]
