"""The proxy of the compose file, as a plain process: it follows a container that was replaced to its new address."""

import re
import shutil
import socket
import struct
import subprocess
import threading
import time
import urllib.error
import urllib.request
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from exchange.management import processes


class Names:
    """A name server that says what it is told: name → addresses. Other names do not exist."""

    def __init__(self):
        self.known = {}
        self._line = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._line.bind(("127.0.0.1", 0))
        self.port = self._line.getsockname()[1]
        threading.Thread(target=self._answer, daemon=True).start()

    def _answer(self):
        while True:
            try:
                question, asker = self._line.recvfrom(512)
            except OSError:
                return
            length = question[12]
            found = self.known.get(question[13 : 13 + length].decode(), ())
            head = question[:2] + struct.pack(">HHHHH", 0x8180 if found else 0x8183, 1, len(found), 0, 0)
            rows = [b"\xc0\x0c" + struct.pack(">HHIH", 1, 1, 600, 4) + socket.inet_aton(each) for each in found]
            self._line.sendto(head + question[12:] + b"".join(rows), asker)

    def end(self):
        self._line.close()


class Said(BaseHTTPRequestHandler):
    """Says at which address it was reached."""

    def do_GET(self):
        text = self.server.server_address[0].encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)

    def log_message(self, *_):
        """Say nothing."""


@pytest.fixture
def servers():
    """Those that answer now, by their address."""
    running = {}
    yield running
    for address in list(running):
        end(running, address)


def begin(running, address, port):
    running[address] = ThreadingHTTPServer((address, port), Said)
    threading.Thread(target=running[address].serve_forever, daemon=True).start()


def end(running, address):
    server = running.pop(address)
    server.shutdown()
    server.server_close()


@pytest.fixture
def names():
    found = Names()
    yield found
    found.end()


@pytest.fixture
def proxy(tmp_path, names):
    """The compose file's configuration with other ports and no TLS. Gives (ask, port of pages, port of sockets)."""
    pages, sockets, port = (processes.free_port() for _ in range(3))
    place = tmp_path / "nginx"
    place.mkdir()
    for file in (processes.DEPLOY / "nginx").glob("*.conf"):
        shutil.copy(file, place)
    site = (place / "site.conf").read_text(encoding="utf-8")
    site = re.sub(r"server \{\n  listen 80.*?\n\}\n", "", site, flags=re.S)
    site = re.sub(r"\n  (ssl_|http2)[^\n]*", "", site)
    for old, new in {
        "listen 443 ssl default_server": f"listen 127.0.0.1:{port}",
        "resolver 127.0.0.11 ": f"resolver 127.0.0.1:{names.port} ",
        "pages:8000": f"pages:{pages}",
        "sockets:8001": f"sockets:{sockets}",
        "/srv/rukn": str(tmp_path),
    }.items():
        assert old in site
        site = site.replace(old, new)
    (place / "site.conf").write_text(site, encoding="utf-8")
    folders = "".join(f"{kind}_temp_path {place}/{kind};" for kind in ("proxy", "fastcgi", "uwsgi", "scgi"))
    (place / "nginx.conf").write_text(
        f"daemon off; pid {place}/pid; error_log stderr crit; events {{}}"
        f"http {{ access_log off; client_body_temp_path {place}/body; {folders} include site.conf; }}",
        encoding="utf-8",
    )
    running = start(place)
    yield lambda path="/": ask(running, port, path), pages, sockets
    running.terminate()
    running.wait(10)


def start(place):
    return subprocess.Popen([processes.nginx(), "-p", str(place), "-c", str(place / "nginx.conf")])


def ask(running, port, path="/"):
    """Give the text of an answer, or its status when it is no page."""
    for _ in range(200):
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=8) as answer:
                return answer.read().decode()
        except urllib.error.HTTPError as error:
            return error.code
        except OSError:
            assert running.poll() is None
            time.sleep(0.05)
    raise AssertionError("the proxy does not listen")


if processes.nginx():

    class TestTheProxyOfTheComposeFile:
        def test_begins_before_pages_are_there_and_says_so(self, proxy):
            ask, _pages, _sockets = proxy
            assert ask() == 503

        def test_follows_pages_to_another_address(self, proxy, names, servers):
            ask, pages, _sockets = proxy
            names.known["pages"] = ["127.0.0.2"]
            begin(servers, "127.0.0.2", pages)
            assert ask() == "127.0.0.2"
            end(servers, "127.0.0.2")
            names.known["pages"] = ["127.0.0.3"]
            begin(servers, "127.0.0.3", pages)
            until = time.monotonic() + 10
            while ask() != "127.0.0.3":
                assert time.monotonic() < until
                time.sleep(0.2)

        def test_asks_another_process_of_sockets_when_one_is_dead(self, proxy, names, servers):
            ask, _pages, sockets = proxy
            names.known["sockets"] = ["127.0.0.2", "127.0.0.3"]  # nobody is at the first
            begin(servers, "127.0.0.3", sockets)
            assert {ask("/ws/") for _ in range(6)} == {"127.0.0.3"}
            assert ask("/readyz") == "127.0.0.3"

    def test_the_proxy_of_plain_processes_finds_pages_and_sockets(tmp_path, servers):
        port, pages, *sockets = (processes.free_port() for _ in range(4))
        path = processes.proxy_configuration(
            place=tmp_path / "nginx", root=tmp_path, port=port, pages=pages, sockets=sockets
        )
        running = start(path.parent)
        try:
            begin(servers, "127.0.0.1", pages)
            assert ask(running, port) == "127.0.0.1"
            end(servers, "127.0.0.1")
            begin(servers, "127.0.0.1", sockets[1])  # the other one is dead
            assert {ask(running, port, "/ws/") for _ in range(4)} == {"127.0.0.1"}
        finally:
            running.terminate()
            running.wait(10)
