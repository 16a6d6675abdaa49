"""Where curators work."""

from django.urls import path

from exchange.moderation import views

urlpatterns = [
    path("", views.desk, name="desk"),
    path("waiting/", views.waiting_wishes, name="desk_waiting"),
    path("rings/<int:pk>/", views.send_ring, name="desk_ring"),
    path("undo/", views.undo, name="desk_undo"),
    path("<int:pk>/", views.item, name="desk_item"),
    path("<int:pk>/accept/", views.accept, name="desk_accept"),
    path("<int:pk>/return/", views.give_back, name="desk_return"),
    path("<int:pk>/skip/", views.skip, name="desk_skip"),
]
