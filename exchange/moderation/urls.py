"""Where curators work."""

from django.urls import path

from exchange.moderation import skill_views, views

urlpatterns = [
    path("", views.desk, name="desk"),
    path("skills/", skill_views.skills, name="desk_skills"),
    path("skills/dictionary/", skill_views.dictionary, name="desk_dictionary"),
    path("skills/words/<int:pk>/", skill_views.word, name="desk_word"),
    path("skills/words/<int:pk>/name/", skill_views.word_name, name="desk_word_name"),
    path("skills/words/<int:pk>/new/", skill_views.word_new, name="desk_word_new"),
    path("skills/words/<int:pk>/aside/", skill_views.word_aside, name="desk_word_aside"),
    path("skills/undo/<int:pk>/", skill_views.skill_undo, name="desk_skill_undo"),
    path("skills/<int:pk>/", skill_views.skill, name="desk_skill"),
    path("skills/<int:pk>/name/", skill_views.skill_name, name="desk_skill_name"),
    path("skills/<int:pk>/rename/", skill_views.skill_rename, name="desk_skill_rename"),
    path("skills/<int:pk>/merge/", skill_views.skill_merge, name="desk_skill_merge"),
    path("undo/", views.undo, name="desk_undo"),
    path("<int:pk>/", views.item, name="desk_item"),
    path("<int:pk>/accept/", views.accept, name="desk_accept"),
    path("<int:pk>/return/", views.give_back, name="desk_return"),
    path("<int:pk>/skip/", views.skip, name="desk_skip"),
]
