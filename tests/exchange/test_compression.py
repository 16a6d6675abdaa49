"""Texts travel compressed, what is compressed already does not, and a page's padding differs each time."""

import gzip

import pytest

pytestmark = pytest.mark.django_db
TAKES = {"accept-encoding": "gzip"}


def test_a_page_is_compressed_and_padded_at_random(client, cast):
    answers = [client.get("/help/", headers=TAKES) for _ in range(8)]
    assert all(answer["Content-Encoding"] == "gzip" for answer in answers)
    assert "<h1" in gzip.decompress(answers[0].content).decode()
    assert len({len(answer.content) for answer in answers}) > 1
    assert "Accept-Encoding" in answers[0]["Vary"]


@pytest.mark.parametrize("name", ["rukn/rukn.css", "rukn/rukn.js", "rukn/drawings.svg"])
def test_a_static_text_is_compressed_and_is_the_same(client, name):
    plain = b"".join(client.get(f"/static/{name}"))
    small = client.get(f"/static/{name}", headers=TAKES)
    assert small["Content-Encoding"] == "gzip"
    assert gzip.decompress(small.content) == plain
    assert int(small["Content-Length"]) == len(small.content) < len(plain)


def test_a_font_is_left_alone(client):
    answer = client.get("/static/rukn/fonts/noto-sans.woff2", headers=TAKES)
    assert not answer.has_header("Content-Encoding")


def test_what_has_not_changed_is_not_sent_again(client):
    first = client.get("/static/rukn/rukn.css", headers=TAKES)
    again = client.get("/static/rukn/rukn.css", headers={**TAKES, "if-modified-since": first["Last-Modified"]})
    assert again.status_code == 304


def test_a_view_may_refuse(client, rf):
    from django.http import HttpResponse

    from exchange.compression import CompressionMiddleware

    request = rf.get("/", headers=TAKES)
    secret = CompressionMiddleware(lambda _request: HttpResponse("x" * 1000, headers={"Content-Encoding": "identity"}))(
        request
    )
    assert secret.content == b"x" * 1000
