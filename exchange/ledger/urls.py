"""Where hours are looked at and given."""

from django.urls import path

from exchange.ledger import views

urlpatterns = [
    path("me/hours/", views.hours, name="hours"),
    path("me/hours/statement.csv", views.hours_csv, name="hours_csv"),
    path("me/hours/give/", views.hours_give, name="hours_give"),
    path("desk/hours/", views.pot, name="hours_pot"),
    path("desk/hours/reverse/", views.hours_reverse, name="hours_reverse"),
]
