"""Where curators work."""

from django.urls import path

from exchange.moderation import lesson_views, skill_views, views

urlpatterns = [
    path("", views.desk, name="desk"),
    path("waiting/", views.waiting_wishes, name="desk_waiting"),
    path("rings/<row:pk>/", views.send_ring, name="desk_ring"),
    path("lessons/", lesson_views.desk_lessons, name="desk_lessons"),
    path("lessons/<row:pk>/", lesson_views.desk_lesson, name="desk_lesson"),
    path("skills/", skill_views.skills, name="desk_skills"),
    path("skills/dictionary/", skill_views.dictionary, name="desk_dictionary"),
    path("skills/words/<row:pk>/", skill_views.word, name="desk_word"),
    path("skills/words/<row:pk>/name/", skill_views.word_name, name="desk_word_name"),
    path("skills/words/<row:pk>/new/", skill_views.word_new, name="desk_word_new"),
    path("skills/words/<row:pk>/aside/", skill_views.word_aside, name="desk_word_aside"),
    path("skills/undo/<row:pk>/", skill_views.skill_undo, name="desk_skill_undo"),
    path("skills/<row:pk>/", skill_views.skill, name="desk_skill"),
    path("skills/<row:pk>/name/", skill_views.skill_name, name="desk_skill_name"),
    path("skills/<row:pk>/rename/", skill_views.skill_rename, name="desk_skill_rename"),
    path("skills/<row:pk>/merge/", skill_views.skill_merge, name="desk_skill_merge"),
    path("begin/", views.begin, name="desk_begin"),
    path("undo/", views.undo, name="desk_undo"),
    path("<row:pk>/", views.item, name="desk_item"),
    path("<row:pk>/accept/", views.accept, name="desk_accept"),
    path("<row:pk>/return/", views.give_back, name="desk_return"),
    path("<row:pk>/skip/", views.skip, name="desk_skip"),
    path("talks/report/<row:pk>/file/<row:seq>/", views.desk_file, name="desk_file"),
    path("talks/", views.desk_talks, name="desk_talks"),
    path("talks/held/<row:pk>/", views.decide_held, name="desk_held"),
    path("talks/report/<row:pk>/", views.decide_report, name="desk_report"),
]
