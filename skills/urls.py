"""Where listings are written."""

from django.urls import path

from skills import views

urlpatterns = [
    path("offer/new/", views.offer_new, name="offer_new"),
    path("wish/new/", views.wish_new, name="wish_new"),
    path("concepts/suggest/", views.concept_suggest, name="concept_suggest"),
    path("listings/<row:pk>/edit/", views.listing_edit, name="listing_edit"),
    path("listings/<row:pk>/edit/<int:step>/", views.listing_step, name="listing_step"),
    path("listings/<row:pk>/check/", views.listing_check, name="listing_check"),
    path("listings/<row:pk>/send/", views.listing_send, name="listing_send"),
    path("listings/<row:pk>/sent/", views.listing_sent, name="listing_sent"),
    path("listings/<row:pk>/not-meant/", views.listing_not_meant, name="listing_not_meant"),
    path("listings/<row:pk>/autosave/", views.listing_autosave, name="listing_autosave"),
    *(
        path(f"listings/<row:pk>/{act}/", views.listing_act, {"act": act}, name=f"listing_{act}")
        for act in ("pause", "resume", "close", "confirm", "withdraw")
    ),
]
