"""Held-back photos, through all processes: no count and no picture is available before the release."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from deploy.sample.event import SampleEvent, SamplePhoto
from tests.e2e.party import Json, Organiser, Person, showing, until
from tests.e2e.test_updates import open_page, until_heard

Join = Callable[[Json], Person]


def test_guests_see_nothing_before_the_release_and_everything_right_after_it(
    organiser: Organiser, join: Join, sample: SampleEvent, one_of: Callable[..., SamplePhoto]
) -> None:
    event = organiser.event("Release", release="held")
    guest = join(event)
    photos = organiser.add_photos(event, [one_of("Ada"), one_of("Ben")])
    status = guest.selfie_and_wait(sample.selfies["Ada"])
    assert (status["status"], status["matched"]) == ("done", 0)
    (mine,) = showing(photos, "Ada")
    organiser.expect(
        204,
        "POST",
        f"/api/events/{event['id']}/photos/visibility",
        json={"photo_ids": [*photos], "visibility": "everyone"},
    )
    asked = {"event_id": event["id"]}
    page = guest.get("/api/my-photos", **asked)
    assert (page["photos"], page["total"]) == ([], 0)
    guest.expect(404, "GET", "/api/my-photos.zip", params=asked)
    for photo in photos:
        for variant in ("thumb", "medium", "preview", "original"):
            guest.expect(404, "GET", f"/api/photos/{photo}/{variant}")
            assert organiser.http.get(f"/api/photos/{photo}/{variant}").status_code == 200
        for ask in ("not-me", "hide-request"):
            guest.expect(404, "POST", f"/api/photos/{photo}/{ask}")
    with open_page(guest) as updates:
        soon = (datetime.now(UTC) + timedelta(seconds=1)).isoformat()
        organiser.expect(200, "PATCH", f"/api/events/{event['id']}", json={"releases_at": soon})
        assert until_heard(updates, "photos")["event_id"] == event["id"]
    assert guest.photos(**asked) == set(photos)
    (membership,) = guest.get("/api/me")["events"]
    assert (membership["release"], membership.get("releases_at")) == ("live", None)
    assert guest.http.get("/api/my-photos.zip", params=asked).status_code == 200
    organiser.expect(200, "PATCH", f"/api/events/{event['id']}", json={"download": "preview"})
    until(lambda: guest.http.get(f"/api/photos/{mine}/original").status_code, lambda status: status == 403)
    assert guest.http.get("/api/my-photos.zip", params=asked).status_code == 200
