"""What Yusuf's cheap phone must fetch: counted by the browser itself, as bytes over the wire."""

from urllib.parse import urlsplit

import pytest

pytestmark = [pytest.mark.journey, pytest.mark.xdist_group("browser")]
FIRST_VISIT, SECOND_PAGE, SCRIPTS, MOST_REQUESTS = 100_000, 25_000, 40_000, 10


class Wire:
    """Listens to the browser's own account of the network."""

    def __init__(self, page):
        self.kinds, self.urls, self.bytes = {}, {}, {}
        session = page.context.new_cdp_session(page)
        session.on("Network.responseReceived", self._received)
        session.on("Network.loadingFinished", self._finished)
        session.send("Network.enable")

    def _received(self, event):
        self.kinds[event["requestId"]] = event["type"]
        self.urls[event["requestId"]] = event["response"]["url"]

    def _finished(self, event):
        self.bytes[event["requestId"]] = event["encodedDataLength"]

    def total(self, *kinds, but=()):
        return sum(
            size
            for key, size in self.bytes.items()
            if (not kinds or self.kinds.get(key) in kinds) and self.kinds.get(key) not in but
        )

    def table(self):
        return sorted((size, self.kinds.get(key), self.urls.get(key)) for key, size in self.bytes.items())


@pytest.mark.parametrize("language", ["ar", "en"])
@pytest.mark.parametrize("address", ["/", "/find/?q=sewing", "/help/", "/enter/"])
def test_a_first_visit_is_light(city, visit, language, address):
    page = visit("phone", language)
    wire = Wire(page)
    page.goto(address, wait_until="networkidle")
    assert wire.total(but=("Font",)) <= FIRST_VISIT, wire.table()
    assert wire.total("Script") <= SCRIPTS, wire.table()
    assert len(wire.bytes) <= MOST_REQUESTS, wire.table()
    assert {urlsplit(url).netloc for url in wire.urls.values()} <= {urlsplit(city.address).netloc, ""}


@pytest.mark.parametrize("who", ["", "learner", "curator"])
def test_a_second_page_is_lighter(visit, who):
    page = visit("phone", "ar", enter=who)
    page.goto("/", wait_until="networkidle")
    wire = Wire(page)
    page.goto("/find/?q=خياطة", wait_until="networkidle")
    assert wire.total(but=("Font",)) <= SECOND_PAGE, wire.table()
