"""An ended session is rejected by every service within a moment, although its access token has not expired."""

from collections.abc import Callable

import httpx2
import pytest

from tests.e2e.party import PASSWORD, Json, Organiser, Person, until

PATIENCE_S = 15.0
# One request to each service that verifies tokens, and one whose body the gateway streams through.
ASKED = [
    ("GET", "/api/me/sessions", None),
    ("GET", "/api/rematch-status", None),
    ("GET", "/api/my-photos", None),
    ("POST", "/api/join-event", {"event_code": "0"}),
]


def answers(person: Person, login: Json) -> list[int]:
    """Each service's answer to an access token."""
    headers = {"Authorization": f"Bearer {login['access_token']}"}
    sent = [person.http.request(method, path, json=form, headers=headers) for method, path, form in ASKED]
    return [answer.status_code for answer in sent]


def log_in(person: Person) -> Json:
    answer = person.http.post("/api/login", json={"username": person.username, "password": PASSWORD})
    login: Json = answer.json()
    return login


def log_out(person: Person, login: Json) -> None:
    person.expect(204, "POST", "/api/logout", json={"refresh_token": login["refresh_token"]})


def end_from_elsewhere(person: Person, login: Json) -> None:
    sessions = person.get("/api/me/sessions")["sessions"]
    [ended] = [one for one in sessions if not one["current"]]
    person.expect(204, "DELETE", f"/api/me/sessions/{ended['id']}")


def end_all_others(person: Person, _: Json) -> None:
    person.expect(204, "DELETE", "/api/me/sessions")


@pytest.mark.parametrize("end", [log_out, end_from_elsewhere, end_all_others])
def test_an_access_token_is_rejected_everywhere_once_its_session_ends(
    organiser: Organiser, join: Callable[[Json], Person], end: Callable[[Person, Json], None]
) -> None:
    person = join(organiser.event("Sessions"))
    login = log_in(person)
    assert answers(person, login) == answers(person, person.login) == [200, 200, 200, 404]
    end(person, login)
    until(lambda: answers(person, login), lambda found: found == [401] * 4, PATIENCE_S)
    assert answers(person, person.login) == [200, 200, 200, 404], "the other session stays valid"


def test_an_erased_account_is_signed_out_everywhere(organiser: Organiser, join: Callable[[Json], Person]) -> None:
    person = join(organiser.event("Sessions"))
    login = log_in(person)
    person.expect(204, "DELETE", "/api/me")
    for old in (login, person.login):
        until(lambda old=old: answers(person, old), lambda found: found == [401] * 4, PATIENCE_S)
    with httpx2.Client(base_url=person.http.base_url, timeout=30) as client:
        assert client.post("/api/refresh", json={"refresh_token": login["refresh_token"]}).status_code == 401
