"""Where curators work."""

from django.urls import path

from exchange.moderation import views

urlpatterns = [
    path("", views.desk, name="desk"),
    path("undo/", views.undo, name="desk_undo"),
    path("talks/", views.desk_talks, name="desk_talks"),
    path("talks/held/<int:pk>/", views.decide_held, name="desk_held"),
    path("talks/report/<int:pk>/", views.decide_report, name="desk_report"),
    path("<int:pk>/", views.item, name="desk_item"),
    path("<int:pk>/accept/", views.accept, name="desk_accept"),
    path("<int:pk>/return/", views.give_back, name="desk_return"),
    path("<int:pk>/skip/", views.skip, name="desk_skip"),
]
