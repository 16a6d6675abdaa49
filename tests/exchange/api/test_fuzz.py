"""Schemathesis over every operation, as nobody, a resident and a curator: no 5xx, nothing the description does not say.

A part of what `make api-fuzz` does for long; numbers in addresses are real ones half of the time.
"""

import pytest
import schemathesis
from django.core.signals import request_finished, request_started
from django.core.wsgi import get_wsgi_application
from django.db import close_old_connections
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from schemathesis import GenerationMode
from schemathesis.checks import CHECKS, load_all_checks

load_all_checks()
EXAMPLES = 3
NAMES = (
    "not_a_server_error", "status_code_conformance", "content_type_conformance", "response_headers_conformance",
    "response_schema_conformance", "ignored_auth",
)  # fmt: skip
WHO = {"nobody": None, "resident": "salma", "curator": "huda"}
pytestmark = pytest.mark.django_db


def numbers(town, path):
    """Give numbers that stand behind an address, one's own and others'."""
    if "/decisions/" in path:
        return [town["decision"].pk]
    if "/desk/" in path:
        return [town["waiting"].pk]
    if "/talks/" in path:
        return [town["talk"].pk]
    if "/people/" in path:
        return [town["yusuf"].pk, town["karim"].pk]
    if "/concepts/" in path:
        return [town["offer"].main_concept_id]
    return [town[name].pk for name in ("offer", "wish", "draft", "paused", "bikes")]


@pytest.fixture
def _one_connection():
    """Leave the test's connection open between requests, as Django's own test client does."""
    found = [signal for signal in (request_started, request_finished) if signal.disconnect(close_old_connections)]
    yield
    for signal in found:
        signal.connect(close_old_connections)


@pytest.mark.usefixtures("_one_connection")
@pytest.mark.parametrize("part", range(2))
@pytest.mark.parametrize("who", WHO)
def test_every_operation_keeps_to_its_description(who, part, town, program):
    key = program(town[WHO[who]]) if WHO[who] else program()
    headers = {**key.headers, "Accept-Language": "en"}
    schema = schemathesis.openapi.from_wsgi("/api/schema/", get_wsgi_application())
    checks = [CHECKS.get_one(name) for name in NAMES if name != "ignored_auth" or who != "nobody"]
    operations = [found.ok() for found in schema.get_all_operations()]
    assert len(operations) > 40
    for operation in operations[part::2]:
        known = numbers(town, operation.path)

        cases = [operation.as_strategy(mode) for mode in (GenerationMode.POSITIVE, GenerationMode.NEGATIVE)]

        @settings(
            max_examples=EXAMPLES,
            deadline=None,
            database=None,
            derandomize=True,
            phases=[Phase.generate],
            suppress_health_check=list(HealthCheck),
        )
        @given(
            case=st.one_of(*cases),
            real=st.booleans(), which=st.sampled_from(known),
        )  # fmt: skip
        def ask(case, real, which):
            if real and "id" in (case.path_parameters or {}):
                case.path_parameters["id"] = which
            case.validate_response(case.call(headers=headers), checks=checks, headers=headers)

        try:
            ask()
        except Exception as error:
            error.add_note(f"{operation.method.upper()} {operation.path} as {who}")
            raise
