"""The house stays in order: writes only where they belong, docs name what there is."""

import ast
import re
from pathlib import Path

import pytest
from django.conf import settings
from django.core.management import get_commands

from exchange.celery import ROOMS
from exchange.chat.rules import FRAMES
from exchange.outbox import services as outbox

ROOT = Path(__file__).resolve().parent.parent.parent
APPS = ("accounts", "exchange", "matching", "search", "skills")
WRITES = {"save", "create", "delete", "bulk_create", "bulk_update"}
MAY_WRITE = re.compile(
    r"services|models\.py|migrations|management/(seed|commands)|chat/reader\.py|search/(indexing|backends/elastic_)"
    r"|payments/gateway\.py"  # what it creates and deletes are things at Stripe
)
SOURCES = [path for app in APPS for path in (ROOT / app).rglob("*.py")]


def docs():
    return "\n".join(path.read_text(encoding="utf-8") for path in [*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")])


def test_rows_are_written_only_by_services_and_models():
    found = []
    for path in SOURCES:
        if MAY_WRITE.search(path.as_posix()):
            continue
        nodes = ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        calls = [node for node in nodes if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute)]
        found += [f"{path.relative_to(ROOT)}:{call.lineno}" for call in calls if call.func.attr in WRITES]
    assert found == []


def test_typed_words_never_reach_a_query_language():
    # Elasticsearch's `query_string` reads operators, fields and regular expressions out of what people type.
    found = [
        f"{path.relative_to(ROOT)}: {word}"
        for path in (ROOT / "search").rglob("*.py")
        for word in re.findall(r"\b(?:simple_)?query_string\b", path.read_text(encoding="utf-8"), re.I)
    ]
    assert found == []


def test_workers_know_every_task():
    scheduled = {job["task"].rpartition(".tasks.")[0] for job in settings.CELERY_BEAT_SCHEDULE.values()}
    written = {".".join(path.relative_to(ROOT).parts[:-1]) for path in SOURCES if path.name == "tasks.py"}
    assert scheduled | written == set(ROOMS)


def test_every_command_is_documented():
    ours = {name for name, app in get_commands().items() if str(app).split(".")[0] in APPS}
    text = docs()
    assert [name for name in sorted(ours) if f"manage.py {name}" not in text] == []


def emitted_events():
    """Give the names that stand where events are made: `emit("…")`, `event="…"`, `event = …`, `EVENTS = {…}`."""
    places = []
    for path in SOURCES:
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call):
                places += node.args[:1] if getattr(node.func, "attr", "") == "emit" else []
                places += [each.value for each in node.keywords if each.arg == "event"]
            elif isinstance(node, ast.Assign):
                name = getattr(node.targets[0], "id", "")
                if name == "event" or (name == "EVENTS" and isinstance(node.value, ast.Dict)):
                    places.append(node.value)
    texts = {each.value for place in places for each in ast.walk(place) if isinstance(each, ast.Constant)}
    return {text for text in texts if isinstance(text, str) and re.fullmatch(r"[a-z]+\.[a-z_]+", text)}


def test_every_event_is_heard_or_named_as_unheard():
    # What a process knows neither way counts as news of a newer version, and waits.
    emitted = emitted_events()
    assert len(emitted) > 60
    assert emitted == outbox.known()


def test_every_event_and_its_hearers_are_documented():
    text = (ROOT / "docs" / "events.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| `([a-z._]+)` \| .* \| ([^|]*)\|$", text, re.M)
    heard = {name: {route.name for route in found} for name, found in outbox.routes().items()}
    assert len(rows) == len(dict(rows))
    assert {name: set(re.findall(r"`([\w.]+)`", hearers)) for name, hearers in rows} == {
        name: heard.get(name, set()) for name in outbox.known()
    }


def test_every_frame_and_refusal_code_of_the_talk_is_documented():
    text = (ROOT / "docs" / "chat-protocol.md").read_text(encoding="utf-8")
    sources = [path.read_text(encoding="utf-8") for path in (ROOT / "exchange/chat/services").glob("*.py")]
    codes = re.findall(r'code = "([a-z_]+)"', "\n".join(sources))
    assert len(codes) > 5
    assert [name for name in [*FRAMES, *codes] if f"`{name}`" not in text] == []


def test_every_setting_from_the_environment_is_documented():
    source = (ROOT / "exchange" / "settings.py").read_text(encoding="utf-8")
    names = set(re.findall(r'env\.\w+\(\s*"([A-Z_]+)"', source))
    text = (ROOT / "docs" / "operations.md").read_text(encoding="utf-8")
    assert [name for name in sorted(names) if f"`{name}`" not in text] == []


def test_every_line_of_the_log_is_documented():
    text = (ROOT / "docs" / "operations.md").read_text(encoding="utf-8")
    told = {
        name for path in SOURCES for name in re.findall(r'\btell\(\s*"([a-z_]+)"', path.read_text(encoding="utf-8"))
    }
    assert len(told) > 5
    assert [name for name in sorted(told) if f"`{name}`" not in text] == []


def test_every_metric_is_documented():
    text = (ROOT / "docs" / "operations.md").read_text(encoding="utf-8")
    names = {
        name
        for path in ("exchange/lib/counters.py", "exchange/watch/metrics.py")
        for name in re.findall(r'"(rukn_[a-z_]+)"', (ROOT / path).read_text(encoding="utf-8"))
    }
    assert [name for name in sorted(names) if name not in text] == []


def test_styles_are_logical_and_small():
    style = (ROOT / "exchange/static/rukn/rukn.css").read_text(encoding="utf-8")
    assert len(style.encode()) < 40_000
    assert re.findall(r"\b(left|right|margin-(?:top|bottom)|padding-(?:top|bottom))\b", style) == []


def test_fonts_and_scripts_stay_light():
    static = ROOT / "exchange/static/rukn"
    assert sum(path.stat().st_size for path in (static / "fonts").glob("*.woff2")) < 150_000
    # The page with the most scripts: a talk (performance.md, W7). What only other pages load is left out.
    elsewhere = {"push.js", "desk.js", "find.js", "suggest.js", "devices.js", "compose.js"}
    assert sum(path.stat().st_size for path in static.glob("*.js") if path.name not in elsewhere) < 40_000


@pytest.mark.parametrize("path", sorted((ROOT / "templates").rglob("*.html")), ids=lambda path: path.name)
def test_templates_hold_no_inline_script_or_style(path):
    text = path.read_text(encoding="utf-8")
    is_mail = path.parent.name in ("email", "emails")  # mail programs know no style sheet
    assert not re.search(
        r"<script(?![^>]*src=)|\son\w+=" if is_mail else r"<style|style=|<script(?![^>]*src=)|\son\w+=", text
    )
