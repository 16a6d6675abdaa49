"""A server of pages gets ready by itself for the first search, and starts whatever is away."""

import os
import subprocess
import sys
import textwrap

from exchange.management import processes
from search import services as search
from skills.services import concepts as kept

ROOT = processes.settings.BASE_DIR


def start(tmp_path, code, **environment):
    """Import what a server imports, in a process of its own."""
    given = {name: value for name, value in os.environ.items() if not name.endswith("_URL")}
    ended = subprocess.run(
        [sys.executable, "-c", f"import exchange.wsgi\n{textwrap.dedent(code)}"],
        cwd=ROOT, env={**given, "RUKN_VAR": str(tmp_path), **environment}, capture_output=True, text=True, timeout=120,
        check=False,
    )  # fmt: skip
    assert ended.returncode == 0, ended.stderr
    assert "Traceback" not in ended.stderr
    return ended.stderr


def test_the_first_search_finds_the_words_there(db, concepts, django_assert_num_queries):
    kept.forget()
    search.make_ready()
    with django_assert_num_queries(0):
        assert kept.tree().ids == concepts


def test_it_gets_ready_as_soon_as_there_are_rows(tmp_path):
    said = start(
        tmp_path,
        """
        import time
        from django.core.management import call_command
        from skills.services import concepts
        time.sleep(1)
        exchange.wsgi.AGAIN_SECONDS = 0.1
        call_command("migrate", verbosity=0)
        until = time.monotonic() + 60
        while concepts._cached is None:
            assert time.monotonic() < until
            time.sleep(0.1)
        """,
    )
    assert said.count("The words of the skills cannot be read yet") == 1


def test_it_starts_without_a_database(tmp_path):
    said = start(
        tmp_path,
        """
        import time
        assert exchange.wsgi.application
        time.sleep(5)
        """,
        DATABASE_URL="postgres://nobody@127.0.0.1:1/none",
    )
    assert "The words of the skills cannot be read yet" in said
