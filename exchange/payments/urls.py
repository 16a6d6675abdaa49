"""Where money is paid, given and shown; none of it exists without keys."""

from django.urls import path

from exchange.payments import desk, fund_views, views

urlpatterns = [
    path("stripe/webhook/", views.webhook, name="stripe_webhook"),
    path("lessons/<row:pk>/pay/", views.pay, name="lesson_pay"),
    path("me/payments/", views.mine, name="payments"),
    path("me/payments/<row:pk>/", views.receipt, name="payment"),
    path("me/payments/connect/", views.connect, name="payments_connect"),
    path("me/payments/look/", views.look, name="payments_look"),
    path("fund/", fund_views.fund, name="fund"),
    path("fund/<str:token>/", fund_views.gift, name="gift"),
    path("fund/<str:token>/stop/", fund_views.stop, name="gift_stop"),
    path("desk/payments/", desk.desk, name="desk_payments"),
    path("desk/payments/retry/", desk.retry, name="desk_payments_retry"),
]
