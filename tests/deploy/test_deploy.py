"""What is deployed is what is tested: compose file, image, proxy and plain processes say the same."""

import json
import os
import re
import secrets
import shlex
import subprocess
import sys
from pathlib import Path

import check_jsonschema
import jsonschema
import pytest
import yaml
from celery.signals import beat_init, before_task_publish, heartbeat_sent

from exchange import celery
from exchange.management import processes
from exchange.outbox import services as outbox

ROOT = Path(__file__).resolve().parent.parent.parent
DEPLOY = ROOT / "deploy"
COMPOSE = yaml.safe_load((DEPLOY / "compose.yaml").read_text(encoding="utf-8"))
SERVICES = COMPOSE["services"]
OURS = {name: each for name, each in SERVICES.items() if each["image"] == "rukn"}


def settings_variables():
    return set(re.findall(r'env\.\w+\(\s*"([A-Z_]+)"', (ROOT / "exchange/settings.py").read_text(encoding="utf-8")))


def example():
    lines = (DEPLOY / "environment.example").read_text(encoding="utf-8").splitlines()
    return dict(line.split("=", 1) for line in lines if line and not line.startswith("#"))


class TestCompose:
    def test_follows_the_compose_specification(self):
        # The schema (compose-spec/compose-spec, Apache-2.0) as check-jsonschema brings it.
        folder = Path(check_jsonschema.__file__).parent / "builtin_schemas" / "vendor"
        jsonschema.validate(COMPOSE, json.loads((folder / "compose-spec.json").read_text(encoding="utf-8")))

    def test_runs_the_commands_of_the_table(self):
        table = processes.table()
        assert set(OURS) == {*table, "migrate", "index"}
        for name, entry in table.items():
            assert OURS[name]["command"] == entry.argv(host="0.0.0.0", port=entry.port), name
        assert [OURS["migrate"]["command"]] == processes.once()
        assert [OURS["index"]["command"]] == processes.once("beside")

    def test_has_two_processes_of_sockets_and_both_queues(self, settings):
        assert sum("exchange.asgi:sockets" in each["command"] for each in OURS.values()) == 2
        queues = {each["command"][each["command"].index("-Q") + 1] for each in OURS.values() if "-Q" in each["command"]}
        assert queues == set(settings.CELERY_TASK_QUEUES)

    def test_waits_for_the_migrations_and_opens_only_the_proxy(self):
        for name, each in OURS.items():
            if name != "migrate":
                assert each["depends_on"]["migrate"] == {"condition": "service_completed_successfully"}, name
        assert {name for name, each in SERVICES.items() if "ports" in each} == {"proxy", "mail"}
        assert all(each.startswith("127.0.0.1:") for each in SERVICES["mail"]["ports"])

    def test_begins_and_goes_on_without_redis_and_elasticsearch(self):
        # Degraded is not dead: nobody waits, by whatever way round, for one of these to be well.
        for name, each in SERVICES.items():
            waits = {on: how["condition"] for on, how in each.get("depends_on", {}).items()}
            assert waits.get("redis", "service_started") == "service_started", name
            assert waits.get("elasticsearch", "service_started") == "service_started", name
            assert "index" not in waits, name
        assert list(SERVICES["migrate"]["depends_on"]) == ["postgres"]
        assert SERVICES["index"]["restart"] == "on-failure"

    def test_lets_out_whoever_talks_to_the_outside(self, settings):
        # Mails, pushes and Stripe are what handlers and clock tasks of these rooms talk to; pages send codes, too.
        outside = ("exchange.payments.", "exchange.notices.")
        jobs = settings.CELERY_BEAT_SCHEDULE.values()
        queues = {job["options"]["queue"] for job in jobs if job["task"].startswith(outside)}
        queues |= {
            route.queue for found in outbox.routes().values() for route in found if route.name.startswith(outside)
        }
        assert queues == {"bells", "long"}
        for name in {"pages", *queues}:
            assert set(SERVICES[name]["networks"]) == {"inside", "outside"}, name
        assert COMPOSE["networks"]["inside"]["internal"] is True

    def test_keeps_what_people_send_on_the_volume(self):
        for name, each in OURS.items():
            place = each["environment"]["FILES_FOLDER"]
            assert f"files:{place}" in each["volumes"], name
        assert "FILES_FOLDER=/srv/files " in (DEPLOY / "Dockerfile").read_text(encoding="utf-8")

    def test_looks_after_every_process_that_stays(self):
        for name, each in SERVICES.items():
            if name not in ("migrate", "index", "mail", "proxy"):
                assert each["healthcheck"]["test"], name

    def test_its_secrets_are_not_for_git(self):
        ignored = (ROOT / ".gitignore").read_text(encoding="utf-8").splitlines()
        assert {"deploy/environment", "deploy/tls/"} <= set(ignored)

    def test_starts_the_inlet_of_mails_only_where_it_is_asked_for(self, settings):
        entry = processes.table()["mail"]
        assert SERVICES["mail"]["profiles"] == ["mail"]
        for address in ("", "reply@rukn.example.org"):
            settings.REPLY_ADDRESS = address
            assert entry.is_wanted is bool(address)

    def test_keeps_what_redis_was_told(self):
        assert "--appendonly" in SERVICES["redis"]["command"]

    def test_processes_may_write_nothing_but_scratch(self):
        for each in OURS.values():
            assert each["read_only"] is True
            assert each["cap_drop"] == ["ALL"]

    def test_counts_together_where_processes_share_a_port(self):
        for name, entry in processes.table().items():
            assert ("PROMETHEUS_MULTIPROC_DIR" in OURS[name].get("environment", {})) == entry.counts_together


class TestSignsOfLife:
    """What the health check of workers and scheduler looks at."""

    @pytest.fixture(autouse=True)
    def _place(self, settings, tmp_path):
        settings.VAR_DIR = tmp_path
        self.place = tmp_path / "alive"

    def test_come_with_every_heartbeat_of_a_worker(self):
        heartbeat_sent.send(sender=None)
        assert self.place.exists()

    def test_come_with_every_task_the_scheduler_sends(self, settings):
        settings.REDIS_URL = "redis://localhost/0"  # without which no scheduler starts
        before_task_publish.send(sender="task")
        assert not self.place.exists()  # in any other process it says nothing
        try:
            beat_init.send(sender=None)
            before_task_publish.send(sender="task")
        finally:
            before_task_publish.disconnect(celery.still_alive)
        assert self.place.exists()

    def test_are_where_the_check_looks(self):
        look = SERVICES["bells"]["healthcheck"]["test"][1]
        assert "find /var/lib/rukn/alive " in look
        assert "RUKN_VAR=/var/lib/rukn " in (DEPLOY / "Dockerfile").read_text(encoding="utf-8")

    def test_are_read_by_the_check_and_grow_old(self):
        look = SERVICES["bells"]["healthcheck"]["test"][1].replace("/var/lib/rukn/alive", str(self.place))
        assert subprocess.run(["sh", "-c", look], check=False, stderr=subprocess.DEVNULL).returncode != 0
        self.place.touch()
        assert subprocess.run(["sh", "-c", look], check=False).returncode == 0
        os.utime(self.place, (0, 0))
        assert subprocess.run(["sh", "-c", look], check=False).returncode != 0


class TestTheCommandsOfTheManual:
    text = (ROOT / "docs/operations.md").read_text(encoding="utf-8")
    lines = re.findall(r"\bdc ((?:exec|run|stop) [^`\n]*)", text)

    def test_name_services_that_are_there(self):
        assert len(self.lines) > 8
        for line in self.lines:
            verb, *words = shlex.split(line.split("#")[0])
            named = [word for word in words if not word.startswith("-")]
            assert set(named if verb == "stop" else named[:1]) <= set(SERVICES), line

    def test_stop_whatever_writes_before_setting_back(self):
        stopped = next(line for line in self.lines if line.startswith("stop")).split()[1:]
        assert {*processes.table(), "proxy"} - {"mail"} == set(stopped)

    def test_dump_and_fill_the_database_that_postgres_was_told_of(self):
        given = SERVICES["postgres"]["environment"]
        dump = next(line for line in self.lines if "pg_dump" in line)
        assert f"--username={given['POSTGRES_USER']} " in dump
        assert dump.split(" > ")[0].endswith(f" {given['POSTGRES_DB']}")
        assert example()["DATABASE_URL"].startswith(f"postgres://{given['POSTGRES_USER']}:")

    def test_pack_the_folder_that_the_volume_is(self):
        place = OURS["pages"]["environment"]["FILES_FOLDER"]
        packed = [line for line in self.lines if " tar " in line]
        assert len(packed) == 2
        assert all(f"--directory={place} " in line for line in packed)


class TestVariables:
    def test_of_the_example_and_the_containers_are_those_that_settings_read(self):
        known = settings_variables() | {"POSTGRES_PASSWORD", "PROMETHEUS_MULTIPROC_DIR"}
        named = {*example(), *(name for each in OURS.values() for name in each.get("environment", {}))}
        assert named - known == set()

    def test_the_ports_of_the_proxy_are_those_of_the_table(self):
        site = (DEPLOY / "nginx/site.conf").read_text(encoding="utf-8")
        for name, entry in processes.table().items():
            if entry.port and name != "mail":
                called = "sockets" if name.startswith("sockets") else name
                assert f"http://{called}:{entry.port};" in site
                networks = OURS[name]["networks"]
                assert called == name or networks["inside"]["aliases"] == [called]


class TestImage:
    text = (DEPLOY / "Dockerfile").read_text(encoding="utf-8")
    last = text[text.rindex("\nFROM ") :]

    def test_runs_as_nobody_special(self):
        assert re.search(r"^USER rukn$", self.last, re.M)

    def test_has_no_build_tools_in_the_last_stage(self):
        assert not re.search(r"apt-get|pip install|gcc|build-essential|apk add", self.last)

    def test_names_images_by_name_only(self):
        bases = re.findall(r"^FROM (\S+)", self.text, re.M)
        assert [name for name in bases if "/" in name or "." in name.split(":")[0]] == []


class TestProxy:
    text = "".join(path.read_text(encoding="utf-8") for path in sorted((DEPLOY / "nginx").iterdir()))

    def test_writes_anew_whatever_a_client_says_about_itself(self):
        forward = (DEPLOY / "nginx/forward.conf").read_text(encoding="utf-8")
        for name, value in {
            "X-Forwarded-For": "$remote_addr", "X-Forwarded-Proto": "$scheme", "X-Forwarded-Host": '""',
            "Forwarded": '""', "X-Request-ID": "$request_id",
        }.items():  # fmt: skip
            assert f"proxy_set_header {name} {value};" in forward
        assert "$proxy_add_x_forwarded_for" not in self.text

    def test_every_answer_of_its_own_has_the_headers(self):
        locations = (DEPLOY / "nginx/locations.conf").read_text(encoding="utf-8")
        for block in re.findall(r"location[^{]+\{([^}]*)\}", locations):
            assert "proxy_pass" in block or "include headers.conf;" in block


class TestProduction:
    """A whole production environment."""

    given = {
        **{name: value for name, value in os.environ.items() if name in ("PATH", "HOME", "LANG", "VIRTUAL_ENV")},
        **{name: value for name, value in example().items() if value and name != "POSTGRES_PASSWORD"},
        "SECRET_KEY": secrets.token_urlsafe(64),
        "METRICS_TOKEN": secrets.token_urlsafe(32),
    }

    def run(self, tmp_path, *arguments, **changes):
        return subprocess.run(
            [sys.executable, "manage.py", *arguments],
            cwd=ROOT, capture_output=True, text=True, timeout=60, check=False,
            env={**self.given, "RUKN_VAR": str(tmp_path), **changes},
        )  # fmt: skip

    def test_passes_the_deployment_check_without_a_warning(self, tmp_path):
        ended = self.run(tmp_path, "check", "--deploy", "--fail-level", "WARNING")
        assert ended.returncode == 0, ended.stderr
        assert "no issues" in ended.stdout

    def test_is_asked_by_watchers_of_containers(self, tmp_path):
        code = (
            "import django; django.setup(); from django.conf import settings as s;"
            "import re; assert re.match(s.SECURE_REDIRECT_EXEMPT[0], 'healthz') and s.ALLAUTH_TRUSTED_PROXY_COUNT == 1"
        )
        given = {**self.given, "RUKN_VAR": str(tmp_path), "DJANGO_SETTINGS_MODULE": "exchange.settings"}
        subprocess.run([sys.executable, "-c", code], cwd=ROOT, env=given, timeout=60, check=True)

    def test_writes_json(self, tmp_path):
        code = "import django; django.setup(); from exchange.lib.logs import tell; tell('sign_in', person=5)"
        ended = subprocess.run(
            [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, timeout=60, check=True,
            env={**self.given, "RUKN_VAR": str(tmp_path), "LOG_FORMAT": "json",
                 "DJANGO_SETTINGS_MODULE": "exchange.settings"},
        )  # fmt: skip
        line = json.loads(ended.stderr.splitlines()[-1])
        assert (line["event"], line["person"], line["level"]) == ("sign_in", 5, "info")
