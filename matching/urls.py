"""Where matches are seen."""

from django.urls import path

from matching import views

urlpatterns = [
    path("listings/<row:pk>/matches/", views.listing_matches, name="listing_matches"),
    path("matches/dismiss/", views.match_dismiss, name="match_dismiss"),
]
