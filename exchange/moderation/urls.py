"""Where curators work."""

from django.urls import path

from exchange.moderation import views

urlpatterns = [
    path("", views.desk, name="desk"),
    path("waiting/", views.waiting_wishes, name="desk_waiting"),
    path("rings/<row:pk>/", views.send_ring, name="desk_ring"),
    path("undo/", views.undo, name="desk_undo"),
    path("<row:pk>/", views.item, name="desk_item"),
    path("<row:pk>/accept/", views.accept, name="desk_accept"),
    path("<row:pk>/return/", views.give_back, name="desk_return"),
    path("<row:pk>/skip/", views.skip, name="desk_skip"),
]
