"""What is answered while the rows cannot be reached: one page in both languages, asking nothing of anything, and one
refusal of the API."""

from functools import cache
from pathlib import Path

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.utils.translation import get_language_from_request

PAGE = Path(__file__).resolve().parent.parent / "static" / "rukn" / "away.html"
RETRY_SECONDS = 5
CODE = "away"
TEXTS = {
    "ar": "لا نصل إلى بيانات الخدمة الآن. لم يتغيّر شيء. حاول مرة أخرى بعد لحظات.",
    "en": "The service cannot reach its data now. Nothing was changed. Try again in a moment.",
}


def away(request: HttpRequest) -> HttpResponse:
    """Give the page, or for programs the refusal, with 503 and when to come again."""
    headers = {"Retry-After": str(RETRY_SECONDS), "Cache-Control": "no-store"}
    if request.path.startswith("/api/"):
        return JsonResponse(
            {"code": CODE, "text": TEXTS[get_language_from_request(request)]}, status=503, headers=headers
        )
    return HttpResponse(_page(), status=503, headers=headers)


@cache
def _page() -> bytes:
    return PAGE.read_bytes()
