"""The gateway keeps to its OpenAPI document: requests that fit it and requests that do not, by schemathesis.

That a request which fits the document is accepted is not asked for: the document does not say which names are taken,
which codes exist, or who may.
"""

from collections.abc import Iterator
from copy import deepcopy
from functools import cache
from typing import Any

import pytest
import requests
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis.specs.openapi import checks as conformance

from tests.authorization import by_rest
from tests.authorization.scene import OWN, Scene

EXAMPLES = 4  # of each kind, route and caller
TIMEOUT_S = 30
# They stay open; `test_gateway_updates`, `test_gateway_live` and `test_gateway_selfies` read them.
STREAMS = {"GET /api/updates", "GET /api/events/{event_id}/updates", "GET /api/rematch-events"}
# After these nothing is left to ask for.
LAST = ("DELETE /api/photos/{photo_id}", "DELETE /api/events/{event_id}", "DELETE /api/me")
CHECKS = [
    schemathesis.checks.not_a_server_error,
    conformance.status_code_conformance,
    conformance.content_type_conformance,
    conformance.response_headers_conformance,
    conformance.response_schema_conformance,
]
# schemathesis draws from `random` in some of its strategies, which Hypothesis seeds before each example.
pytestmark = pytest.mark.filterwarnings(
    "ignore:Do not use the .random. module inside strategies:hypothesis.errors.HypothesisDeprecationWarning"
)


def routes() -> list[str]:
    """Those that end something come last."""

    def place(name: str) -> int:
        return LAST.index(name) + 2 if name in LAST else int(name.startswith("DELETE"))

    return sorted(by_rest.operations().keys() - STREAMS, key=lambda name: (place(name), name))


@cache
def schema() -> Any:
    return schemathesis.openapi.from_dict(by_rest.document())


def find(name: str, of: Any) -> Any:
    method, path = name.split()
    return of[path][method]


@pytest.fixture(scope="module")
def session() -> Iterator[Any]:
    with requests.Session() as session:
        yield session


def send(scene: Scene, session: Any, case: Any, caller: str) -> Any:
    """By a caller, whatever the case says of tokens."""
    session.cookies.clear()
    case.cookies.clear()
    case.headers["Authorization"] = f"Bearer {scene.token(caller)}"
    return case.call(base_url=str(scene.system.client.base_url), session=session, timeout=TIMEOUT_S)


def run(cases: Any, checks: list[Any], scene: Scene, session: Any, caller: str) -> None:
    @settings(
        max_examples=EXAMPLES,
        derandomize=True,
        database=None,
        deadline=None,
        phases=[Phase.explicit, Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(case=cases)
    def hold(case: Any) -> None:
        case.validate_response(send(scene, session, case, caller), checks=checks)

    hold()


def with_own_ids(operation: Any, scene: Scene, caller: str) -> Any:
    """Requests that fit the document and name what there is."""
    ids = scene.ids(caller, OWN, "photo_id")
    known = {parameter.name: ids[parameter.name] for parameter in operation.path_parameters if parameter.name in ids}
    return operation.as_strategy(schemathesis.GenerationMode.POSITIVE, path_parameters=known or None)


def test_control_a_status_that_the_document_does_not_name_is_found_out(scene: Scene, session: Any) -> None:
    scene.start_over()
    document = deepcopy(by_rest.document())
    del document["paths"]["/api/events/{event_id}"]["get"]["responses"]["403"]
    operation = find("GET /api/events/{event_id}", schemathesis.openapi.from_dict(document))
    with pytest.raises(BaseException, match="Undocumented status code"):
        run(with_own_ids(operation, scene, "guest"), CHECKS, scene, session, "guest")


def test_control_a_field_that_the_document_does_not_have_is_found_out(scene: Scene, session: Any) -> None:
    scene.start_over()
    document = deepcopy(by_rest.document())
    document["components"]["schemas"]["Cameras"]["properties"]["cameras"]["type"] = "string"
    operation = find("GET /api/events/{event_id}/cameras", schemathesis.openapi.from_dict(document))
    with pytest.raises(BaseException, match="Response violates schema"):
        run(with_own_ids(operation, scene, "organiser"), CHECKS, scene, session, "organiser")


@pytest.mark.parametrize("caller", ["guest", "organiser"])
@pytest.mark.parametrize("name", routes())
def test_the_openapi_document_describes_the_problems(scene: Scene, session: Any, name: str, caller: str) -> None:
    operation = find(name, schema())
    run(with_own_ids(operation, scene, caller), CHECKS, scene, session, caller)
    if {"parameters", "requestBody"} & by_rest.operations()[name].keys():  # something that can be wrong
        wrong = operation.as_strategy(schemathesis.GenerationMode.NEGATIVE)
        run(wrong, [*CHECKS, conformance.negative_data_rejection], scene, session, caller)
