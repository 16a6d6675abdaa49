"""Files and long lists go out in parts, whichever kind of server asks."""

import warnings

import pytest
from django.core.files.base import ContentFile
from django.http import FileResponse, StreamingHttpResponse

from exchange.middleware import StreamMiddleware

FONT = "/static/rukn/fonts/noto-sans.woff2"


@pytest.fixture(autouse=True)
def _no_warning():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        yield


async def parts_of(response):
    return [part async for part in response]


async def test_a_static_file_is_the_same_under_both(async_client, client):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ResourceWarning)
        whole = b"".join(client.get(FONT))
    answer = await async_client.get(FONT)
    parts = await parts_of(answer)
    assert b"".join(parts) == whole
    assert len(parts) == -(-len(whole) // 65_536)
    answer.close()


async def test_nothing_is_read_before_it_is_asked_for(async_rf):
    read = []

    def lines():
        for number in range(100):
            read.append(number)
            yield f"{number}\n"

    answer = StreamMiddleware(lambda request: StreamingHttpResponse(lines()))(async_rf.get("/"))
    first = await anext(aiter(answer))
    assert first.startswith(b"0\n1\n")
    assert len(read) < 100


def test_under_wsgi_it_stays_as_it_is(rf):
    answer = StreamMiddleware(lambda request: FileResponse(ContentFile(b"x" * 9000)))(rf.get("/"))
    assert not answer.is_async
    assert [len(part) for part in answer] == [4096, 4096, 808]
