"""Where people talk."""

from django.urls import path

from exchange.chat import views

urlpatterns = [
    path("talks/", views.talks, name="talks"),
    path("talks/<row:pk>/", views.talk, name="talk"),
    path("talks/<row:pk>/search/", views.search, name="talk_search"),
    path("talks/<row:pk>/messages/", views.messages, name="talk_messages"),
    path("talks/<row:pk>/messages/<row:seq>/delete/", views.delete, name="talk_delete"),
    path("talks/<row:pk>/messages/<row:seq>/file/", views.file, name="talk_file"),
    path("talks/<row:pk>/messages/<row:seq>/small/", views.small, name="talk_small"),
    path("talks/<row:pk>/files/", views.files, name="talk_files"),
    path("talks/<row:pk>/leave/", views.leave, name="talk_leave"),
    path("me/seen/", views.seen_choice, name="seen_choice"),
    path("talks/<row:pk>/seen/", views.seen, name="talk_seen"),
]
