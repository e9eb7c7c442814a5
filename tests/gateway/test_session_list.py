"""The list of sessions over REST, and the device name that a login passes on."""

from uuid import UUID

import pytest
from google.protobuf.timestamp_pb2 import Timestamp

from protos.auth.v1 import auth_pb2 as pb
from tests.gateway.world import SIGNED, World, problem

ID = str(UUID(int=7))
AGENTS = {
    "Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.5"
    " Mobile/15E148 Safari/604.1": "Safari, iPhone",
    "Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko)"
    " CriOS/126.0.6478.35 Mobile/15E148 Safari/604.1": "Chrome, iPhone",
    "Mozilla/5.0 (Linux; Android 14; SM-S921B) AppleWebKit/537.36 (KHTML, like Gecko) SamsungBrowser/25.0"
    " Chrome/121.0.0.0 Mobile Safari/537.36": "Samsung Internet, Android",
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0.0.0 Safari/537.36"
    " Edg/126.0.0.0": "Edge, Windows",
    "Mozilla/5.0 (X11; Linux x86_64; rv:127.0) Gecko/20100101 Firefox/127.0": "Firefox, Linux",
    "curl/8.7.1": "",
    "": "",
}


def test_sessions_are_listed(world: World) -> None:
    session = pb.Session(
        session_id=ID,
        create_time=Timestamp(seconds=5),
        use_time=Timestamp(seconds=7),
        device="Safari, iPhone",
        current=True,
    )
    world.answer(ListSessions=pb.ListSessionsResponse(sessions=[session]))
    assert world.client.get("/api/me/sessions", headers=SIGNED).json() == {
        "sessions": [
            {"id": ID, "created_at": 5, "last_used_at": 7, "device": "Safari, iPhone", "current": True},
        ]
    }


@pytest.mark.parametrize("current", [True, False])
def test_ending_the_current_session_clears_the_cookies(world: World, current: bool) -> None:
    world.answer(EndSession=pb.EndSessionResponse(current=current))
    answer = world.client.delete(f"/api/me/sessions/{ID}", headers=SIGNED)
    assert answer.status_code == 204
    assert world.services.sent("EndSession").session_id == ID
    cleared = [header for header in answer.headers.get_list("set-cookie") if header.startswith("minois_token=")]
    assert bool(cleared) is current


def test_all_other_sessions_can_be_ended(world: World) -> None:
    assert world.client.delete("/api/me/sessions", headers=SIGNED).status_code == 204
    assert world.services.sent("EndOtherSessions") == pb.EndOtherSessionsRequest()


@pytest.mark.parametrize(("method", "path"), [("GET", ""), ("DELETE", ""), ("DELETE", f"/{ID}")])
def test_the_session_list_needs_a_session(world: World, method: str, path: str) -> None:
    assert problem(world.client.request(method, f"/api/me/sessions{path}")) == (401, "invalid_token")
    assert not world.services.calls


@pytest.mark.parametrize("agent", AGENTS)
def test_a_login_passes_on_a_coarse_device_name(world: World, agent: str) -> None:
    world.client.post("/api/login", json={"username": "u", "password": "p"}, headers={"user-agent": agent})
    assert world.services.sent("Login").device == AGENTS[agent]
