"""The REST API through all services: names, codes, lists, HEAD, errors."""

from collections.abc import Callable
from unicodedata import normalize

import httpx2
import pytest

from deploy.local.system import LocalSystem
from deploy.sample.event import SamplePhoto
from tests.e2e.party import PASSWORD, Json, Organiser, Person

NAME, SECRET = "Jürgen", "ein süßes Geheimnis"
OTHER_FORMS = (normalize("NFD", NAME), NAME.upper(), "\uff2a\u00fc\uff52\uff47\uff45\uff4e")


@pytest.fixture
def post(system: LocalSystem) -> Callable[[str, Json], httpx2.Response]:
    return lambda path, body: httpx2.post(f"{system.base_url}/api/{path}", json=body, timeout=30)


def test_names_and_passwords_are_normalised_across_keyboards(
    system: LocalSystem, organiser: Organiser, post: Callable[[str, Json], httpx2.Response]
) -> None:
    code = organiser.event()["event_code"].replace("-", "\u2013") + "\n"
    assert post("check-event-code", {"event_code": code}).json() == {"valid": True, "event_name": "Party"}
    user = {"username": normalize("NFD", NAME), "email": "a..b@docomo.ne.jp", "password": normalize("NFD", SECRET)}
    made = post("register-with-event-code", {"user_data": user, "event_code": code})
    assert made.status_code == 201, made.text
    for name in (NAME, *OTHER_FORMS, "A..B@docomo.ne.jp"):
        answer = post("login", {"username": name, "password": SECRET})
        assert (answer.status_code, answer.json().get("user_id")) == (200, made.json()["user_id"]), name
        taken = post("check-user-availability", {"username": name, "email": user["email"], "event_code": code})
        assert taken.json()["email_taken"]
    with Person(system.base_url, made.json(), NAME) as person:
        assert person.get("/api/me")["username"] == NAME
        person.expect(204, "DELETE", "/api/me")


def test_lists_have_the_requested_order(organiser: Organiser, one_of: Callable[..., SamplePhoto]) -> None:
    event = organiser.event()
    for person in ("Ada", "Ben", "Cleo"):
        organiser.add_photos(event, [one_of(person)])
    path = f"/api/events/{event['id']}/photos"

    def ids(**params: str | int) -> list[str]:
        found: list[str] = []
        cursor = ""
        while True:
            page = organiser.get(path, limit=1, cursor=cursor, **params)
            found += [photo["id"] for photo in page["photos"]]
            if not (cursor := page["next_cursor"] or ""):
                return found

    newest = ids()
    assert len(newest) == 3
    assert ids(order="uploaded", direction="desc") == newest
    assert ids(direction="asc") == newest[::-1]
    assert ids(order="taken", direction="asc") == ids(order="taken")[::-1]
    assert sorted(ids(status="indexed")) == sorted(newest)
    assert ids(status="failed") == ids(status="pending") == []
    cursor = organiser.get(path, limit=1)["next_cursor"]
    refused = organiser.expect(400, "GET", path, params={"cursor": cursor, "order": "taken"})
    assert refused["reason"] == "invalid_page"
    assert organiser.expect(409, "POST", f"/api/photos/{newest[0]}/retry")["reason"] == "photo_not_failed"


def test_unknown_parameters_and_fields_are_named_in_the_error(organiser: Organiser) -> None:
    event = organiser.event(expires_at="2090-01-01T00:00:00Z")
    path = f"/api/events/{event['id']}"
    refused = organiser.expect(400, "GET", f"{path}/photos", params={"state": "failed"})
    assert (refused["reason"], refused["errors"][0]["field"]) == ("unknown_parameter", "state")
    refused = organiser.expect(422, "PATCH", path, json={"bogus": 1})
    assert (refused["reason"], refused["errors"][0]["field"]) == ("invalid_form", "bogus")
    assert organiser.expect(200, "PATCH", path, json={"name": "Ball"})["expires_at"] == event["expires_at"]
    assert organiser.expect(200, "PATCH", path, json={"expires_at": None})["expires_at"] is None
    assert organiser.get(path)["expires_at"] is None


def test_head_matches_get_and_allow_lists_the_methods(organiser: Organiser) -> None:
    path = f"/api/events/{organiser.event()['id']}"
    head, got = organiser.http.head(path), organiser.http.get(path)
    assert (head.status_code, head.content, head.headers["content-length"]) == (200, b"", str(len(got.content)))
    refused = organiser.http.put(path)
    assert (refused.status_code, refused.headers["allow"]) == (405, "GET, HEAD, PATCH, DELETE, OPTIONS")


def test_an_event_source_reconnecting_after_the_final_state_gets_204(
    organiser: Organiser, join: Callable[[Json], Person]
) -> None:
    guest = join(organiser.event())
    first = guest.http.get("/api/rematch-events")
    (event_id,) = [line[4:] for line in first.text.splitlines() if line.startswith("id: ")]
    assert guest.http.get("/api/rematch-events", headers={"last-event-id": event_id}).status_code == 204
    assert PASSWORD not in first.text
