"""Live updates of an open page, through all processes."""

import json
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import takewhile
from typing import Any

from deploy.local.system import LocalSystem
from deploy.sample.event import SampleEvent, SamplePhoto
from tests.e2e.party import Json, Organiser, Person

SOON_S = 2.0


@contextmanager
def open_page(person: Person) -> Iterator[Iterator[tuple[str, Json]]]:
    """Yields the updates of a person's page, as kind and data."""
    with person.http.stream("GET", "/api/updates", timeout=60) as answer:
        assert answer.status_code == 200
        updates = listen(answer.iter_lines())
        assert next(updates)[0] == "hello"
        yield updates


def listen(lines: Iterator[str]) -> Iterator[tuple[str, Json]]:
    kind = ""
    for line in lines:
        name, _, value = line.partition(": ")
        if name == "event":
            kind = value
        elif name == "data":
            yield kind, json.loads(value)


def until_heard(updates: Iterator[tuple[str, Any]], wanted: str) -> Json:
    """The data of the next update of a kind."""
    return next(data for kind, data in updates if kind == wanted)


def test_an_open_page_is_notified_of_selfies_photos_and_deletions(
    organiser: Organiser, join: Callable[[Json], Person], sample: SampleEvent, one_of: Callable[..., SamplePhoto]
) -> None:
    event = organiser.event("Live")
    guest, other = join(event), join(event)
    with open_page(guest) as updates, open_page(other) as uninvolved:
        guest.send_selfie(sample.selfies["Ada"])
        until_heard(updates, "selfie")
        while guest.status()["status"] != "done":
            until_heard(updates, "selfie")
        (photo,) = organiser.add_photos(event, [one_of("Ada")])
        indexed_at = time.monotonic()
        while not guest.photos():
            assert until_heard(updates, "photos") == {"event_id": event["id"]}
        assert time.monotonic() - indexed_at < SOON_S
        organiser.expect(204, "DELETE", f"/api/photos/{photo}")
        while guest.photos():
            until_heard(updates, "photos")
        organiser.expect(204, "DELETE", f"/api/events/{event['id']}")
        until_heard(updates, "events")
        # The update that a selfie is allowed now may arrive late.
        heard = list(takewhile(lambda kind: kind != "events", (kind for kind, _ in uninvolved)))
        assert set(heard) <= {"selfie"}, "another guest's photos cause no update"


def test_the_stream_of_an_erased_guest_ends(organiser: Organiser, join: Callable[[Json], Person]) -> None:
    guest = join(organiser.event("Erased"))
    with open_page(guest) as updates:
        guest.expect(204, "DELETE", "/api/me")
        assert {kind for kind, _ in updates} <= {"photos", "events"}, "the stream ends afterwards"
    guest.expect(401, "GET", "/api/updates")


def test_after_a_restart_of_the_matcher_every_page_reloads_its_data(
    organiser: Organiser, join: Callable[[Json], Person], system: LocalSystem
) -> None:
    guest = join(organiser.event("Restarted"))
    with open_page(guest) as updates:
        system.restart("matcher")
        assert until_heard(updates, "reload")["within_s"] > 0


@contextmanager
def open_event(person: Person, event: Json) -> Iterator[Iterator[Json]]:
    """Yields the states sent to the organiser's page of an event."""
    with person.http.stream("GET", f"/api/events/{event['id']}/updates", timeout=60) as answer:
        assert answer.status_code == 200
        yield (data for kind, data in listen(answer.iter_lines()) if kind == "state")


def test_an_organiser_is_notified_of_guests_selfies_and_photos(
    organiser: Organiser, join: Callable[[Json], Person], sample: SampleEvent, one_of: Callable[..., SamplePhoto]
) -> None:
    event = organiser.event("Live view")
    with open_event(organiser, event) as states:
        first = next(states)
        assert (first["guests"], first["photos"]["total"], first["searched"]) == (1, 0, 0)
        guest, other = join(event), join(event)
        assert next(state for state in states if state["guests"] == 3)["without_photos"] == 0
        guest.selfie_and_wait(sample.selfies["Ada"])
        assert next(state for state in states if state["searched"])["without_photos"] == 1
        organiser.add_photos(event, [one_of("Ada")])
        read = next(state for state in states if state["photos"]["indexed"] and not state["photos"]["pending"])
        assert (read["photos"]["total"], read["faces"], read["without_photos"]) == (1, 1, 0)
        guests = f"/api/events/{event['id']}/guests"
        known = {one["user_id"]: (one["selfie"], one["photos"]) for one in organiser.get(guests)["guests"]}
        assert known == {organiser.id: ("none", 0), guest.id: ("accepted", 1), other.id: ("none", 0)}
        without = organiser.get(guests, without_photos="true")["guests"]
        assert [one["user_id"] for one in without] == [other.id]
        other.expect(403, "GET", f"/api/events/{event['id']}/updates")
        organiser.expect(204, "DELETE", f"/api/events/{event['id']}")
        assert len(list(states)) < 5, "the stream ends afterwards"
    organiser.expect(404, "GET", f"/api/events/{event['id']}/updates")
