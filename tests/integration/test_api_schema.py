"""Whatever the OpenAPI document allows, and what it does not, is answered as it says: with a 200 or a problem, never with a failure."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import pytest
import schemathesis
from hypothesis import HealthCheck, given, settings
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from regulars.adapters.database.engine import Database
from regulars.doors.told.fields import KINDS
from tests.integration.test_web_api import YAML
from tests.shop_systems import Caller, Systems

CHECKS = [not_a_server_error, content_type_conformance, response_schema_conformance, status_code_conformance]
EXAMPLES = 50  # of each kind and mode: bounded, so that they run with all other tests


@pytest.mark.parametrize("mode", [GenerationMode.POSITIVE, GenerationMode.NEGATIVE], ids=["fitting", "misfitting"])
@pytest.mark.parametrize("kind", KINDS)
def test_no_call_makes_the_door_fail(sqlite_database: Database, tmp_path: Path, now: datetime, kind: str, mode: GenerationMode) -> None:
    systems = Systems(sqlite_database, tmp_path, now, YAML)
    key = systems.key()
    with systems.open() as caller:
        schema = schemathesis.openapi.from_dict(caller.client.get("/api/v1/openapi.json").json())
        operation = schema[f"/api/v1/{kind}"]["POST"]
        statuses: list[int] = []

        @settings(max_examples=EXAMPLES, deadline=None, database=None, derandomize=True, suppress_health_check=list(HealthCheck))
        @given(case=operation.as_strategy(generation_mode=mode))
        def ask(case: schemathesis.Case) -> None:
            statuses.append(_asked(case, caller, key))

        ask()
    assert len(statuses) >= EXAMPLES / 2
    assert set(statuses) & ({200} if mode is GenerationMode.POSITIVE else {400, 422})


def _asked(case: schemathesis.Case, caller: Caller, key: str) -> int:
    told = case.as_transport_kwargs(base_url="http://127.0.0.1:8000", headers={"authorization": f"Bearer {key}"})
    body = {"content" if isinstance(told.get("data"), bytes) else "data": told["data"]} if told.get("data") is not None else {}
    sent = {name: told[name] for name in ("headers", "params", "json") if told.get(name) is not None} | body
    answer = caller.client.request(told["method"], told["url"], **sent)
    case.validate_response(answer, checks=CHECKS)
    return answer.status_code
