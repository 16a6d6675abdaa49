"""Where people look after themselves."""

from django.urls import path

from accounts import views

urlpatterns = [
    path("enter/", views.Enter.as_view(), name="account_login"),
    path("enter/new/", views.Enter.as_view(), name="account_request_login_code"),
    path("enter/code/", views.EnterCode.as_view(), name="account_confirm_login_code"),
    path("sign-out/", views.sign_out, name="account_logout"),
    path("welcome/", views.welcome, name="welcome"),
    path("me/profile/", views.profile_edit, name="profile_edit"),
    path("me/hours/", views.free_hours, name="free_hours"),
    path("me/devices/", views.devices, name="devices"),
    path("me/keys/", views.keys, name="keys"),
    path("me/keys/<int:pk>/remove/", views.key_remove, name="key_remove"),
    path("me/pause/", views.pause, name="pause"),
    path("me/unpause/", views.unpause, name="unpause"),
    path("people/<int:pk>/block/", views.person_block, name="person_block"),
    path("people/<int:pk>/unblock/", views.person_unblock, name="person_unblock"),
    path("language/", views.language, name="language"),
    path("appearance/", views.appearance, name="appearance"),
]
