"""A server of pages is ready before it serves, and starts whatever is away."""

import os
import subprocess
import sys
import textwrap

import pytest

from exchange import wsgi
from exchange.management import processes
from search import services as search

ROOT = processes.settings.BASE_DIR


def start(tmp_path, code="", **environment):
    """Import what a server imports, in a process of its own."""
    kept = {name: value for name, value in os.environ.items() if not name.endswith("_URL")}
    return subprocess.run(
        [sys.executable, "-c", f"import exchange.wsgi\n{textwrap.dedent(code)}"],
        cwd=ROOT, env={**kept, "RUKN_VAR": str(tmp_path), **environment}, capture_output=True, text=True, timeout=120,
        check=False,
    )  # fmt: skip


def test_the_first_search_finds_the_words_there(db, concepts):
    from skills.services import concepts as kept

    kept.forget()
    search.make_ready()
    assert kept._cached is not None


def test_importing_the_door_makes_ready(monkeypatch):
    done = []
    monkeypatch.setattr(search, "make_ready", lambda: done.append(1))
    monkeypatch.setattr(wsgi, "connection", type("Line", (), {"close": lambda self: done.append("closed")})())
    wsgi.make_ready()
    assert done[0] == 1
    assert "closed" in done


@pytest.mark.parametrize(
    "url", ["", "postgres://nobody@127.0.0.1:1/none"], ids=["without tables", "without a database"]
)
def test_it_starts_all_the_same_and_says_so(tmp_path, url):
    ended = start(tmp_path, "assert exchange.wsgi.application", **({"DATABASE_URL": url} if url else {}))
    assert ended.returncode == 0, ended.stderr
    assert "The first search will take some seconds" in ended.stderr
    assert "Traceback" not in ended.stderr
