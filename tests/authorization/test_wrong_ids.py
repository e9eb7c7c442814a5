"""Invalid ids in every field of every route and every RPC are rejected with a reason, never with an internal fault."""

from types import ModuleType

import pytest

from gateway.errors.reasons import REASONS
from tests.authorization import by_grpc, by_rest, routes, rpcs
from tests.authorization.callers import INVALID
from tests.authorization.rows import ABSENT, Row
from tests.authorization.scene import OWN, OWNED, Answer, Ids, Scene

UUID = "01234567-89ab-4cde-8f01-23456789abcd"
NO_IDS = {
    "malformed": "not-an-id",
    "a number": "0",
    "the largest number of a proto": str(2**31 - 1),
    "a larger number": str(2**31),
    "one digit short": UUID[:-1],
    "too long": "a" * 3000,
    "NUL": "\0",
    "an id and NUL": f"{UUID}\0",
    "a path": "../../etc/passwd",
    "SQL": "' OR '1'='1",
    "not of ASCII": "é" * 36,
    "half of a pair": "\U0001f600",
}
REFUSALS = {"400 invalid_argument", "400 malformed_json", "404 not_found", "422 invalid_form", by_grpc.INVALID_ID}
OURS = {"UNKNOWN", "INTERNAL", "UNIMPLEMENTED", "DEADLINE_EXCEEDED", "DATA_LOSS", "UNAVAILABLE", "CANCELLED"}
ALL = [*((by_rest, row) for row in routes.ROWS), *((by_grpc, row) for row in rpcs.ROWS)]
# Rows with the same request count once; rows without permitted callers say nothing about ids.
CASES = list({row.name: (by, row) for by, row in ALL if row.may}.values())


def names_of(scene: Scene, by: ModuleType, row: Row) -> set[str]:
    """The ids, codes and tokens of a request."""
    ids = scene.ids("anonymous", OWN, row.photo)
    by.make(row.name, ids)
    return ids.used


def caller_of(row: Row) -> str:
    """A permitted caller, so that only the id can be rejected."""
    return next((name for name in ("organiser", "guest") if name in row.may), min(row.may - INVALID))


def digest(scene: Scene) -> dict[str, str]:
    """A fingerprint without matcher.acts, which records a view of faces before the number of the face is checked."""
    return {table: value for table, value in scene.fingerprint().items() if table != "matcher.acts"}


def fault_of(answer: Answer) -> str:
    """Empty if a response conforms to the contract."""
    if answer.code in OURS or answer.code.startswith("5"):
        return "an internal fault"
    if answer.reason and answer.reason not in REASONS and answer.reason.lower() not in REASONS:
        return "an unknown reason"
    return ""


@pytest.mark.parametrize(("by", "row"), CASES, ids=lambda value: value.name if isinstance(value, Row) else "")
def test_an_invalid_id_is_rejected_with_a_reason(scene: Scene, by: ModuleType, row: Row) -> None:
    caller, faults = caller_of(row), []
    before = digest(scene)
    for name in sorted(names_of(scene, by, row) - {"username", "event_code"}):
        for kind, wrong in NO_IDS.items():
            own = scene.ids(caller, OWN, row.photo)
            if wrong == "0" and own[name].isdecimal():  # the number of a face
                continue
            answer = by.call(scene, row.name, caller, Ids({**own, name: wrong}))
            if fault := fault_of(answer):
                faults.append(f"{name}, {kind}: {answer}, {fault}")
            elif name in OWNED and str(answer) not in REFUSALS:
                faults.append(f"{name}, {kind}: {answer}")
    assert faults == []
    assert digest(scene) == before


@pytest.mark.parametrize(("by", "row"), CASES, ids=lambda value: value.name if isinstance(value, Row) else "")
def test_the_id_of_another_thing_is_treated_as_unknown(scene: Scene, by: ModuleType, row: Row) -> None:
    caller, before = caller_of(row), digest(scene)
    own, absent = scene.ids(caller, OWN, row.photo), scene.ids(caller, ABSENT, row.photo)
    names = names_of(scene, by, row) & OWNED
    for name in sorted(names):
        other = own["photo_id" if name.startswith("event") else "event_id"]
        expected = by.call(scene, row.name, caller, Ids({**own, name: absent[name]}))
        assert str(by.call(scene, row.name, caller, Ids({**own, name: other}))) == str(expected), name
        assert str(by.call(scene, row.name, caller, Ids({**own, name: absent[name].upper()}))) == str(expected), name
    assert digest(scene) == before


READS = [(by, row) for by, row in CASES if row.name.startswith(("GET ", "Get", "List"))]


@pytest.mark.parametrize(("by", "row"), READS, ids=lambda value: value.name if isinstance(value, Row) else "")
def test_ids_are_case_insensitive(scene: Scene, by: ModuleType, row: Row) -> None:
    caller = caller_of(row)
    own = scene.ids(caller, OWN, row.photo)
    shouted = Ids({**own, **{name: own[name].upper() for name in OWNED}})
    assert str(by.call(scene, row.name, caller, shouted)) == row.ok


def test_control_an_internal_fault_is_detected(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(scene.system.matcher.cameras, "list_cameras", lambda *_: 1 / 0)
    for by, name, code in (
        (by_rest, "GET /api/events/{event_id}/cameras", "500"),
        (by_grpc, "ListCameras", "INTERNAL"),
    ):
        answer = by.call(scene, name, "organiser", scene.ids("organiser", OWN, "photo_id"))
        assert (answer.code, fault_of(answer)) == (code, "an internal fault")
