"""Errors are answered in the event loop: a thread for each of them would let rejected requests delay all others."""

from collections.abc import Callable
from typing import Any

import anyio.to_thread
import httpx2
import pytest
from fastapi import Request, Response

from gateway.errors.problem import MAX_FAULTS
from kit import errors as kit
from tests.gateway.world import SIGNED, World, problem, running_world

ERRORS: dict[str, tuple[int, Callable[[World], httpx2.Response]]] = {
    "problem": (401, lambda world: world.client.get("/api/me")),
    "body without a token": (401, lambda world: world.client.post("/api/upload-selfie", content=b"x" * 1000)),
    "unknown address": (404, lambda world: world.client.get("/api/nothing")),
    "unknown page": (404, lambda world: world.client.get("/nothing", headers={"accept": "text/html"})),
    "method": (405, lambda world: world.client.delete("/api/login")),
    "form": (422, lambda world: world.client.post("/api/login", json={})),
    "service": (503, lambda world: world.client.get("/api/rematch-status", headers=SIGNED)),
}


@pytest.fixture
def threads(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """The functions that are run in threads."""
    run_sync, used = anyio.to_thread.run_sync, []

    async def run(work: Callable[..., Any], *args: Any, **options: Any) -> Any:
        used.append(work)
        return await run_sync(work, *args, **options)

    monkeypatch.setattr("anyio.to_thread.run_sync", run)
    return used


@pytest.mark.parametrize("kind", ERRORS)
def test_an_error_is_answered_without_a_thread(world: World, threads: list[Any], kind: str) -> None:
    status, ask = ERRORS[kind]
    world.answer(GetRematchState=kit.ServiceUnavailable())
    answer = ask(world)
    assert answer.status_code == status or problem(answer) == (503, "pages_missing")
    assert not threads


def test_a_response_names_only_some_of_thousands_of_unknown_fields(world: World) -> None:
    form = {"username": "gina", "password": "correct horse", **{f"field {number}": "" for number in range(5_000)}}
    answer = world.client.post("/api/login", json=form)
    assert problem(answer) == (422, "invalid_form")
    assert len(answer.json()["errors"]) == MAX_FAULTS
    assert len(answer.content) < 4_000


def test_control_a_function_as_handler_uses_a_thread(threads: list[Any], monkeypatch: pytest.MonkeyPatch) -> None:
    def answer(_: Request, __: Exception) -> Response:
        return Response(status_code=422)

    monkeypatch.setattr("gateway.app.answer_invalid", answer)
    with running_world() as world:
        assert ERRORS["form"][1](world).status_code == 422
    assert len(threads) == 1
