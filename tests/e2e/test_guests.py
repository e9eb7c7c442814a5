"""A guest without a registered account: code, selfie and photos with cookies only, as a page works."""

import json
from collections.abc import Iterator
from uuid import uuid4

import httpx2
import pytest

from deploy.local.system import LocalSystem
from deploy.sample.event import SampleEvent, SamplePhoto
from tests.e2e.party import Json, showing, until

Gallery = tuple[Json, dict[str, SamplePhoto]]


@pytest.fixture
def page(system: LocalSystem) -> Iterator[httpx2.Client]:
    """Headers that a browser sends from our own pages."""
    headers = {"Sec-Fetch-Site": "same-origin"}
    with httpx2.Client(base_url=system.base_url, headers=headers, timeout=30) as client:
        yield client


def enter(page: httpx2.Client, event: Json) -> Json:
    form = {"event_code": event["event_code"], "display_name": "Gina", "consent_version": "1"}
    answer = page.post("/api/guest-sessions", json=form, headers={"Idempotency-Key": str(uuid4())})
    assert answer.status_code == 201, answer.text
    session: Json = answer.json()
    return session


def test_a_guest_gets_from_the_code_to_the_photos_with_cookies_only(
    page: httpx2.Client, gallery: Gallery, sample: SampleEvent
) -> None:
    event, photos = gallery
    assert page.get("/api/session").json()["me"] is None
    session = enter(page, event)
    assert session["event_name"] == event["name"]
    me = page.get("/api/session").json()["me"]
    assert (me["display_name"], [joined["event_id"] for joined in me["events"]]) == ("Gina", [event["id"]])
    sent = page.post("/api/upload-selfie", files={"file": ("selfie.jpg", sample.selfies["Ada"])})
    assert sent.status_code == 202, sent.text
    until(lambda: page.get("/api/rematch-status").json()["status"], lambda status: status == "done")
    found = page.get("/api/my-photos", params={"limit": 200}).json()["photos"]
    assert {photo["id"] for photo in found} == showing(photos, "Ada")
    assert page.get(found[0]["thumb_url"]).status_code == 200
    # Another person: the photo is hidden and restored.
    assert page.post(f"/api/photos/{found[0]['id']}/not-me").status_code == 204
    assert page.get(found[0]["thumb_url"]).status_code == 404
    assert len(page.get("/api/my-photos").json()["photos"]) == len(found) - 1
    assert page.delete(f"/api/photos/{found[0]['id']}/not-me").status_code == 204
    assert page.get(found[0]["thumb_url"]).status_code == 200
    # The access token has expired: the refresh cookie gets a new one.
    page.cookies.delete("minois_token")
    assert page.get("/api/my-photos").status_code == 401
    assert page.post("/api/refresh").status_code == 200
    assert len(page.get("/api/my-photos").json()["photos"]) == len(found)
    # Another site cannot use the cookies.
    foreign = {"Sec-Fetch-Site": "cross-site"}
    assert page.delete("/api/me", headers=foreign).status_code == 401
    assert page.post("/api/refresh", headers=foreign).status_code == 401
    assert page.delete("/api/me").status_code == 204
    assert json.loads(page.get("/api/session").text)["me"] is None


def test_a_sign_in_link_works_once_on_another_device(
    system: LocalSystem, page: httpx2.Client, gallery: Gallery
) -> None:
    event, _ = gallery
    session = enter(page, event)
    link = page.post("/api/me/sign-in-links").json()
    assert link["path"] == f"/sign-in#{link['token']}"
    with httpx2.Client(base_url=system.base_url, headers=dict(page.headers), timeout=30) as other:
        assert other.get("/api/session").json()["me"] is None
        signed_in = other.post("/api/sign-in", json={"token": link["token"]})
        assert signed_in.json()["user_id"] == session["user_id"]
        assert other.get("/api/session").json()["me"]["display_name"] == "Gina"


def test_signing_out_ends_the_session_and_a_guest_may_set_a_password_before(
    page: httpx2.Client, gallery: Gallery
) -> None:
    event, _ = gallery
    session = enter(page, event)
    name = f"gina-{uuid4().hex[:8]}"
    form = {"username": name, "email": f"{name}@example.org", "password": "correct horse battery"}
    assert page.post("/api/me/credentials", json=form).status_code == 204
    assert page.delete("/api/refresh").status_code == 204
    assert page.get("/api/session").json()["me"] is None
    old = {"refresh_token": session["refresh_token"]}
    assert page.post("/api/refresh", json=old).status_code == 401
    login = page.post("/api/login", json={"username": name, "password": "correct horse battery"})
    assert login.json()["user_id"] == session["user_id"]
    assert page.get("/api/session").json()["me"]["username"] == name
