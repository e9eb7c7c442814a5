"""The first organiser, created with the setup code that auth_service logs."""

import grpc
import pytest

from auth_service.store import setup
from protos.auth.v1 import auth_pb2 as pb
from tests.auth.scene import PASSWORD, AuthScene
from tests.auth.test_races import at_once
from tests.harness.calls import RpcFault, bearer, raises_fault


def create(scene: AuthScene, code: str, username: str = "olga", **other: str) -> pb.CreateFirstOrganiserResponse:
    fields = {"username": username, "email": f"{username}@example.org", "password": PASSWORD, **other}
    request = pb.CreateFirstOrganiserRequest(code=code, **fields)
    answer: pb.CreateFirstOrganiserResponse = scene.stub.CreateFirstOrganiser(request)
    return answer


def offer(scene: AuthScene) -> str:
    code = scene.auth.setup.offer()
    assert code is not None
    return code


def is_possible(scene: AuthScene) -> bool:
    return bool(scene.stub.CheckFirstOrganiser(pb.CheckFirstOrganiserRequest()).possible)


def test_the_setup_code_creates_the_first_organiser(scene: AuthScene) -> None:
    assert not is_possible(scene), "no code was offered yet"
    code = offer(scene)
    assert is_possible(scene)
    answer = create(scene, f" {code[:4].lower()}-{code[4:]} ")
    user = scene.stub.GetUser(pb.GetUserRequest(), metadata=bearer(answer.tokens.access_token))
    assert (user.username, user.organiser) == ("olga", True)
    assert not is_possible(scene)
    with raises_fault(grpc.StatusCode.FAILED_PRECONDITION, "ORGANISER_EXISTS"):
        create(scene, code, "otto")
    assert scene.auth.setup.offer() is None
    assert scene.sql("SELECT count(*) FROM auth.setup_codes") == [(0,)]


def test_only_the_hash_of_the_newest_code_is_stored(scene: AuthScene) -> None:
    old, new = offer(scene), offer(scene)
    stored = str(scene.sql("SELECT s::text FROM auth.setup_codes s"))
    assert new not in stored
    assert new.encode().hex() not in stored
    for wrong in (old, "", "\0", "0000-0000-0000-0000"):
        with raises_fault(grpc.StatusCode.PERMISSION_DENIED, "INVALID_SETUP_CODE"):
            create(scene, wrong)
    assert create(scene, new).user_id


def test_a_rejected_form_does_not_use_up_the_code(scene: AuthScene) -> None:
    code = offer(scene)
    with raises_fault(grpc.StatusCode.INVALID_ARGUMENT, "INVALID_FORM") as refusal:
        create(scene, code, email="nobody", password="short")
    assert refusal.violations == {"email": "invalid_email", "password": "password_too_short"}
    with raises_fault(grpc.StatusCode.PERMISSION_DENIED, "INVALID_SETUP_CODE"):
        create(scene, "wrong", email="nobody", password="short")
    assert create(scene, code).user_id


def race(scene: AuthScene) -> list[str]:
    """Uses one code concurrently; returns the reasons of the rejected calls."""
    code = offer(scene)
    answers = at_once(*(lambda n=n: create(scene, code, f"olga{n}") for n in range(6)))
    return [answer.reason for answer in answers if isinstance(answer, RpcFault)]


def test_of_concurrent_uses_of_a_code_one_succeeds(scene: AuthScene) -> None:
    assert race(scene) == ["ORGANISER_EXISTS"] * 5
    assert scene.sql("SELECT count(*) FROM auth.users") == [(1,)]


def test_control_without_the_lock_on_the_code_all_succeed(scene: AuthScene, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(setup, "_require", lambda connection, code_hash: None)
    assert race(scene) == []


def test_an_organiser_added_by_the_command_invalidates_the_code(scene: AuthScene) -> None:
    code = offer(scene)
    scene.organiser("otto")
    assert not is_possible(scene)
    with raises_fault(grpc.StatusCode.FAILED_PRECONDITION, "ORGANISER_EXISTS"):
        create(scene, code)


def test_setup_is_possible_again_after_the_last_organiser_is_erased(scene: AuthScene) -> None:
    otto = scene.organiser("otto")
    assert scene.auth.setup.offer() is None
    scene.stub.DeleteUser(pb.DeleteUserRequest(), metadata=otto.metadata)
    assert not is_possible(scene), "until auth_service starts again"
    assert create(scene, offer(scene)).user_id
