"""Where people look after themselves."""

from django.urls import path

from accounts import care_views, time_views, views

urlpatterns = [
    path("enter/", views.Enter.as_view(), name="account_login"),
    path("enter/new/", views.Enter.as_view(), name="account_request_login_code"),
    path("enter/code/", views.EnterCode.as_view(), name="account_confirm_login_code"),
    path("sign-out/", views.sign_out, name="account_logout"),
    path("welcome/", views.welcome, name="welcome"),
    path("me/profile/", views.profile_edit, name="profile_edit"),
    path("me/free-hours/", time_views.free_hours, name="free_hours"),
    path("me/times/away/", time_views.away, name="time_away"),
    path("me/times/also/", time_views.also_free, name="time_also"),
    path("me/times/<row:pk>/remove/", time_views.remove, name="time_remove"),
    path("me/devices/", views.devices, name="devices"),
    path("me/keys/", views.keys, name="keys"),
    path("me/keys/<row:pk>/remove/", views.key_remove, name="key_remove"),
    path("me/pause/", views.pause, name="pause"),
    path("me/unpause/", views.unpause, name="unpause"),
    path("me/safety/", care_views.safety, name="safety"),
    path("me/safety/age/", care_views.age, name="age"),
    path("me/safety/guardian/", care_views.guardian_ask, name="guardian_ask"),
    path("me/safety/contact/", care_views.contact_name, name="contact_name"),
    path("me/safety/contact/remove/", care_views.contact_let_go, name="contact_let_go"),
    path("me/safety/contact/tell/", care_views.contact_tell, name="contact_tell"),
    path("me/wards/<row:pk>/", care_views.ward, name="ward"),
    path("trusted/<str:token>/", care_views.contact_answer, name="contact_answer"),
    path("people/<row:pk>/block/", views.person_block, name="person_block"),
    path("people/<row:pk>/unblock/", views.person_unblock, name="person_unblock"),
    path("language/", views.language, name="language"),
    path("appearance/", views.appearance, name="appearance"),
]
