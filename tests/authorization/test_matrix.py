"""Every route and every RPC, called by every kind of caller on things of the own party and of another party."""

from types import ModuleType
from uuid import UUID

import pytest

from auth_service import permissions as auth_permissions
from auth_service.domain import Role as AuthRole
from matcher_service.domain import OrganiserOnly, PhotoNotFound, Role, permissions
from tests.authorization import by_grpc, by_rest, routes, rpcs
from tests.authorization.check import find_faults, find_missing
from tests.authorization.rows import Row
from tests.authorization.scene import Scene


def name_of(row: Row) -> str:
    return row.name if row.photo == "photo_id" else f"{row.name} ({row.photo})"


def assert_no(faults: list[str], row: Row) -> None:
    assert not faults, "\n".join([f"{name_of(row)}:", *faults])


def check(scene: Scene, by: ModuleType, row: Row) -> list[str]:
    """The faults of a row; resets the scene if there are any."""
    try:
        faults = find_faults(scene, by, row)
    except BaseException:
        scene.start_over()
        raise
    if faults:
        scene.start_over()
    return faults


@pytest.mark.parametrize("row", routes.ROWS, ids=name_of)
def test_a_route_responds_to_each_caller_as_its_row_states(scene: Scene, row: Row) -> None:
    assert_no(check(scene, by_rest, row), row)


@pytest.mark.parametrize("row", rpcs.ROWS, ids=name_of)
def test_an_rpc_responds_to_each_caller_as_its_row_states(scene: Scene, row: Row) -> None:
    assert_no(check(scene, by_grpc, row), row)


def test_each_route_and_each_rpc_has_a_row() -> None:
    assert find_missing(by_rest.operations(), routes.ROWS, "routes") == []
    assert find_missing(by_grpc.BY_NAME, rpcs.ROWS, "rpcs") == []


def test_control_a_new_route_without_a_row_is_reported() -> None:
    rows = [row for row in routes.ROWS if row.name != "GET /api/me"]
    [sentence] = find_missing(by_rest.operations(), rows, "routes")
    assert sentence == ("No row states who may call GET /api/me: add one to ROWS of tests/authorization/routes.py.")


def test_control_a_new_rpc_without_a_row_is_reported() -> None:
    [sentence] = find_missing([*by_grpc.BY_NAME, "ReadMinds"], rpcs.ROWS, "rpcs")
    assert sentence.startswith("No row states who may call ReadMinds: add one")


def row_of(rows: list[Row], name: str) -> Row:
    return next(row for row in rows if row.name == name)


def test_control_a_route_without_its_check_is_detected(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    everything = {**auth_permissions.ALLOWED, AuthRole.PHOTOGRAPHER: frozenset(auth_permissions.Action)}
    monkeypatch.setattr(auth_permissions, "ALLOWED", everything)
    row = row_of(routes.ROWS, "GET /api/events/{event_id}/removed")
    status, leak = find_faults(scene, by_rest, row)
    assert status == "photographer: 200 instead of 403 organiser_only"
    assert leak.startswith("photographer: the response reveals ")


def test_control_an_rpc_without_its_check_is_detected(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    everything = {**permissions.ALLOWED, Role.COUPLE: frozenset(permissions.Action)}
    monkeypatch.setattr(permissions, "ALLOWED", everything)
    faults = check(scene, by_grpc, row_of(rpcs.ROWS, "RetryPhotos"))
    assert faults[0] == "couple: OK instead of PERMISSION_DENIED ORGANISER_ONLY"
    assert faults[1].startswith("a rejected call changed matcher.")


def test_control_a_refusal_after_the_change_is_detected(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    photos = scene.system.matcher.photos
    delete = photos.delete_photo

    def delete_first(user_id: UUID, photo_id: UUID) -> None:
        delete(UUID(scene.party.owner.user_id), photo_id)
        raise OrganiserOnly

    monkeypatch.setattr(photos, "delete_photo", delete_first)
    faults = check(scene, by_grpc, row_of(rpcs.ROWS, "DeletePhoto"))
    assert any(fault.startswith("a rejected call changed matcher.") for fault in faults)


def test_control_a_response_that_reveals_foreign_things_is_detected(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    def reveal(user_id: UUID, photo_id: UUID) -> None:
        raise OrganiserOnly if scene.system.matcher.photo_store.find_event(photo_id) else PhotoNotFound

    monkeypatch.setattr(scene.system.matcher.photos, "retry_photo", reveal)
    faults = find_faults(scene, by_rest, row_of(routes.ROWS, "POST /api/photos/{photo_id}/retry"))
    assert "organiser of foreign things: 403 organiser_only instead of 404 photo_not_found" in faults
    assert not any("absent" in fault for fault in faults)
