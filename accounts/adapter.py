"""What we tell allauth: where people go after the code, and no passwords."""

from allauth.account.adapter import DefaultAccountAdapter
from django.http import HttpRequest
from django.urls import reverse


class AccountAdapter(DefaultAccountAdapter):
    """Sends newcomers to the three first questions."""

    def get_login_redirect_url(self, request: HttpRequest) -> str:
        person = request.user
        if person.is_authenticated and person.welcomed_at is None:
            return reverse("welcome")
        return reverse("home")
