"""Every fault of a field has a reason and a message: invalid values are sent to every field of every route."""

from collections.abc import Iterator
from typing import Any

import pytest
from fastapi.dependencies.models import Dependant
from fastapi.routing import APIRoute
from pydantic import BaseModel

from gateway.app import ROUTERS
from gateway.errors import fields
from tests.gateway.world import SIGNED, World, problem

EVENT = "3f2b8c1e-0000-4000-8000-000000000001"
VISIBILITY = f"/api/events/{EVENT}/photos/visibility"
WRONG: list[Any] = [
    None, True, 1, -1, 0, 10**6, 10**30, 1.5, 1e300, float("inf"), "", "x", "1.5", "9" * 5000, "x" * 5000, "\ud800",
    "2020-13-45", "2020-01-01T99:00", "0001-01-01T00:00:00+14:00", [], {}, ["x"], [{}], [1], [EVENT] * 201,
    ["0" * 64] * 1001, {"x": 1},
]  # fmt: skip
MISSPELT = {"misspelt": 1}


def parameters(dependant: Dependant) -> Iterator[Any]:
    yield from (*dependant.path_params, *dependant.query_params, *dependant.header_params, *dependant.body_params)
    for inner in dependant.dependencies:
        yield from parameters(inner)


def wrong_forms(model: type[BaseModel]) -> Iterator[Any]:
    """Forms with one invalid field each, including nested forms."""
    yield from (*WRONG, MISSPELT)
    for name, field in model.model_fields.items():
        yield from ({name: value} for value in WRONG)
        for inner in (field.annotation, *getattr(field.annotation, "__args__", ())):
            if isinstance(inner, type) and issubclass(inner, BaseModel):
                yield from ({name: form} for form in wrong_forms(inner))


def find_faults() -> list[dict[str, Any]]:
    """The errors of the framework for every invalid value in every parameter of every route."""
    found: list[dict[str, Any]] = []
    for route in (route for router in ROUTERS for route in router.routes):
        if not isinstance(route, APIRoute):
            continue
        for parameter in parameters(route.dependant):
            shape, place = parameter.field_info.annotation, parameter.field_info.__class__.__name__.lower()
            is_form = isinstance(shape, type) and issubclass(shape, BaseModel)
            for value in wrong_forms(shape) if is_form else WRONG:
                location = ("body",) if is_form else (place, parameter.alias)
                errors = parameter.validate(value, {}, loc=location)[1]
                found += errors if isinstance(errors, list) else [errors] if errors else []
    return found


def test_every_framework_fault_has_a_reason_and_an_own_message() -> None:
    faults = find_faults()
    assert {"uuid_parsing", "literal_error", "model_attributes_type", "string_pattern_mismatch"} <= {
        fault["type"] for fault in faults
    }, "the values reach the forms"
    unknown = {fault["type"] for fault in faults} - {*fields.FAULTS}
    assert not unknown, f"without a message: {unknown}"
    for fault in faults:
        described = fields.describe_fault(fault["loc"], fault["type"], fault.get("ctx") or {})
        assert fault["msg"] not in described.message
        assert described.reason in {reason for reason, _ in fields.FAULTS.values()}
        assert not described.field.isdigit()
        assert "{" not in described.message or described.reason == "wrong_pattern"


def test_control_a_fault_without_a_message_is_detected(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fields, "FAULTS", {k: v for k, v in fields.FAULTS.items() if k != "bool_type"})
    assert {fault["type"] for fault in find_faults()} - {*fields.FAULTS} == {"bool_type"}
    assert fields.describe_fault(("body", "x"), "bool_type", {}).reason == "invalid_value"


@pytest.mark.parametrize(
    ("path", "form", "field", "reason"),
    [
        ("/api/events", {"name": "n", "expires_at": "0001-01-01T00:00:00+14:00"}, "expires_at", "no_such_time"),
        ("/api/events", {"name": "n", "expires_at": "soon"}, "expires_at", "not_a_time"),
        ("/api/events", {"name": "n", "keep_days": 0}, "keep_days", "out_of_range"),
        ("/api/events", {"name": "n", "credit": "me"}, "credit", "not_an_object"),
        ("/api/events", [], "body", "not_an_object"),
        (VISIBILITY, {"photo_ids": [EVENT, "x"], "visibility": "hidden"}, "photo_ids", "not_an_id"),
        (VISIBILITY, {"photo_ids": [], "visibility": "all"}, "visibility", "unknown_value"),
    ],
)
def test_a_form_fault_has_an_own_reason_and_message(
    world: World, path: str, form: Any, field: str, reason: str
) -> None:
    answer = world.client.post(path, json=form, headers=SIGNED)
    assert problem(answer) == (422, "invalid_form")
    [error] = answer.json()["errors"]
    assert (error["field"], error["reason"]) == (field, reason)
    assert error["message"].startswith("Entry 2: ") == (field == "photo_ids")


def test_a_fault_of_a_path_parameter_names_the_parameter(world: World) -> None:
    answer = world.client.delete(f"/api/events/{EVENT}/guests/you", headers=SIGNED)
    assert problem(answer) == (400, "invalid_argument")
    assert {error["field"] for error in answer.json()["errors"]} == {"user_id"}
