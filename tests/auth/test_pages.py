"""Pagination of the lists of auth_service."""

import base64
import json
from collections.abc import Callable
from typing import Any
from uuid import uuid4

import grpc
import pytest

from protos.auth.v1 import auth_pb2 as pb
from tests.auth.scene import AuthScene, Person
from tests.harness.calls import raises_fault

ListPage = Callable[[int, str], Any]


def list_events(scene: AuthScene, organiser: Person) -> ListPage:
    return lambda size, token: scene.stub.ListEvents(
        pb.ListEventsRequest(page_size=size, page_token=token), metadata=organiser.metadata
    )


def list_guests(scene: AuthScene, organiser: Person, event: pb.Event) -> ListPage:
    return lambda size, token: scene.stub.ListGuests(
        pb.ListGuestsRequest(event_id=event.event_id, page_size=size, page_token=token), metadata=organiser.metadata
    )


def walk(list_page: ListPage, size: int, rows: str) -> list[list[Any]]:
    """Reads every page."""
    pages, token = [], ""
    while not pages or token:
        answer = list_page(size, token)
        pages.append(list(getattr(answer, rows)))
        token = answer.next_page_token
    return pages


def forge(scope: str, *key: object) -> str:
    return base64.urlsafe_b64encode(json.dumps([scope, *key]).encode()).decode()


def test_the_pages_of_a_list_contain_every_row_once_in_order(scene: AuthScene, subtests: pytest.Subtests) -> None:
    olga, otto = scene.organiser("olga"), scene.organiser("otto")
    events = [scene.event(olga, f"event {number}") for number in range(5)]
    for number in range(4):
        scene.guest(events[0], f"guest{number}")
    scene.event(otto)
    # Rows with the same time are ordered by their ids.
    scene.sql("UPDATE auth.events SET created_at = '2030-01-01' WHERE name IN ('event 1', 'event 2', 'event 3')")
    scene.sql("UPDATE auth.memberships SET joined_at = '2030-01-01' WHERE role = 'guest'")
    for size, counts in ((1, [1, 1, 1, 1, 1]), (2, [2, 2, 1]), (5, [5]), (0, [5]), (200, [5])):
        with subtests.test(size=size):
            pages = walk(list_events(scene, olga), size, "events")
            assert [len(page) for page in pages] == counts
            order = [event.event_id for page in pages for event in page]
            assert order == [
                str(row.id)
                for row in scene.sql(
                    "SELECT e.id FROM auth.events e JOIN auth.memberships m ON m.event_id = e.id"
                    " WHERE m.user_id = :olga ORDER BY e.created_at DESC, e.id DESC",
                    olga=olga.user_id,
                )
            ]
            guests = walk(list_guests(scene, olga, events[0]), size, "guests")
            assert [len(page) for page in guests] == counts
            names = [guest.username for page in guests for guest in page]
            assert sorted(names) == ["guest0", "guest1", "guest2", "guest3", "olga"]


def test_rows_added_or_deleted_between_pages_do_not_shift_others(scene: AuthScene) -> None:
    olga = scene.organiser("olga")
    event = scene.event(olga)
    for number in range(4):
        scene.guest(event, f"guest{number}")
    page = list_guests(scene, olga, event)
    first = page(2, "")
    scene.sql("DELETE FROM auth.users WHERE username = 'guest0'")
    scene.guest(event, "guest4")
    rest = page(200, first.next_page_token)
    assert [guest.username for guest in (*first.guests, *rest.guests)] == [
        "olga", "guest0", "guest1", "guest2", "guest3", "guest4",
    ]  # fmt: skip


def test_an_empty_list_is_one_empty_page(scene: AuthScene) -> None:
    answer = list_events(scene, scene.stranger())(0, "")
    assert (list(answer.events), answer.next_page_token) == ([], "")


def test_out_of_range_sizes_and_foreign_tokens_are_rejected(scene: AuthScene, subtests: pytest.Subtests) -> None:
    olga, otto = scene.organiser("olga"), scene.organiser("otto")
    mine, other, _ = scene.event(olga), scene.event(olga), scene.event(otto)
    scene.event(otto)
    scene.guest(mine, "gina")
    scene.guest(other, "greg")
    lists = {f"events of {olga.user_id}": list_events(scene, olga)}
    lists[f"guests of {mine.event_id}"] = list_guests(scene, olga, mine)
    time, row_id = "2030-01-01T00:00:00+00:00", str(uuid4())
    for scope, list_page in lists.items():
        assert list_page(1, forge(scope, time, row_id)), "control: a well-formed token of this list is accepted"
        faulty = {
            "negative": (-1, ""),
            "201": (201, ""),
            "huge": (2**31 - 1, ""),
            "garbage": (1, "garbage"),
            "not base64": (1, "!!!"),
            "not ASCII": (1, "é\u202e"),
            "NUL": (1, "\0"),
            "another user's": (1, list_events(scene, otto)(1, "").next_page_token),
            "another event's": (1, list_guests(scene, olga, other)(1, "").next_page_token),
            "a number": (1, base64.urlsafe_b64encode(b"1").decode()),
            "too deep": (1, base64.urlsafe_b64encode(b"[" * 100_000).decode()),
            "no key": (1, forge(scope)),
            "half a key": (1, forge(scope, time)),
            "too much of a key": (1, forge(scope, time, row_id, row_id)),
            "no time": (1, forge(scope, "' OR 1=1", row_id)),
            "no id": (1, forge(scope, time, "' OR 1=1")),
            "NUL in the key": (1, forge(scope, time, "\0")),
            "numbers": (1, forge(scope, 1, 2)),
            "nothing": (1, forge(scope, None, None)),
            "before all time": (1, forge(scope, "0001-01-01T00:00:00+14:00", row_id)),
        }
        for name, (size, token) in faulty.items():
            with (
                subtests.test(list=scope.split()[0], name=name),
                raises_fault(grpc.StatusCode.INVALID_ARGUMENT, "INVALID_PAGE"),
            ):
                list_page(size, token)
