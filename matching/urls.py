"""Where matches are seen."""

from django.urls import path

from matching import swap_views, views

urlpatterns = [
    path("listings/<row:pk>/matches/", views.listing_matches, name="listing_matches"),
    path("matches/wishes/", views.queue, name="wish_queue"),
    path("wishes/<row:pk>/take/", views.take, name="wish_take"),
    path("wishes/<row:pk>/let-go/", views.let_go, name="wish_let_go"),
    path("wishes/<row:pk>/still-looking/", views.still_looking, name="wish_still_looking"),
    path("lessons/<row:pk>/swap/", swap_views.swap, name="swap"),
    path("rings/<row:pk>/", views.ring, name="ring"),
    path("rings/<row:pk>/answer/", views.ring_answer, name="ring_answer"),
    path("matches/dismiss/", views.match_dismiss, name="match_dismiss"),
]
