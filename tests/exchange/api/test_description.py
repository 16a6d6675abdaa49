"""The description of the API is whole, and what stands in docs/api.md is true."""

import re
from pathlib import Path

import pytest
from django.core.management import call_command

from accounts.rules import SCOPES

ROOT = Path(__file__).resolve().parents[3]
DOCS = (ROOT / "docs" / "api.md").read_text(encoding="utf-8")


def test_the_description_is_valid_without_a_warning(tmp_path):
    call_command("spectacular", validate=True, fail_on_warn=True, file=str(tmp_path / "schema.yaml"))


@pytest.mark.django_db
def test_is_served_as_a_file_and_as_a_page_without_scripts_of_others(client):
    schema = client.get("/api/schema/").json()
    assert len(schema["paths"]) > 35
    for language, title, search in (
        ("ar", "ركن للبرامج", "ابحث عن العروض"),
        ("en", "Rukn for programs", "Find offers"),
    ):
        client.cookies["language"] = language
        page = client.get("/api/docs/")
        text = page.content.decode()
        assert title in text
        assert search in text
        assert [path for path in schema["paths"] if path not in text] == []
        assert re.findall(r'(?:src|href)="(?:https?:)?//', text) == []
        assert "script-src 'self'" in page["Content-Security-Policy"]


def test_every_code_scope_and_limit_is_documented():
    sources = [path for path in ROOT.glob("[a-z]*/**/*.py") if "tests" not in path.parts and ".venv" not in path.parts]
    codes = {
        code
        for path in sources
        for code in re.findall(r'^\s+(?:default_)?code = "([a-z_]+)"', path.read_text(encoding="utf-8"), re.M)
    }
    codes |= {
        "invalid",
        "not_found",
        "not_signed_in",
        "bad_key",
        "csrf",
        "parse_error",
        "not_json",
        "too_many_requests",
    }
    assert [code for code in sorted(codes - {"refused"}) if f"`{code}`" not in DOCS] == []
    assert [scope for scope in SCOPES if f"`{scope}`" not in DOCS] == []
    settings = (ROOT / "exchange" / "settings.py").read_text(encoding="utf-8")
    for name, default in re.findall(r'"(API_\w+)", default="([^"]+)"', settings):
        assert f"`{name}`" in DOCS
        assert default in DOCS
