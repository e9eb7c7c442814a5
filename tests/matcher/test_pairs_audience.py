"""What guests see equals brute force, in any order of photos, selfies, rejections, visibility changes and requests to
hide.

The machine of test_matcher_pairs, in which organisers also change the visibility of photos and guests ask to hide them
at any moment, including between a comparison and its publish. Each control removes one protection, and the machine must
detect it.
"""

from collections.abc import Callable
from typing import Any
from uuid import UUID

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import initialize, invariant, precondition, rule
from sqlalchemy import Engine, text

from kit.db.pages import Page
from matcher_service.domain import (
    AddedPhoto,
    ChangeKind,
    GuestPhotos,
    Listing,
    NewPhoto,
    PhotoNotFound,
    Quota,
    Variant,
    Visibility,
)
from matcher_service.store import PhotoStore
from tests.matcher.test_audience_twins import LeavesMatchesAlone, ListsForgetHidden, PicturesForgetHidden
from tests.matcher.test_pairs import ANY, GUESTS, PEOPLE, PairsAndRefusals, expect_found_out, run
from tests.matcher.world import World

PAGE = Page("test", 50, None)
SEEN = (Visibility.MATCHED, Visibility.EVERYONE)


class PairsAndAudience(PairsAndRefusals):
    """The model also tracks the visibility of each photo and the requests to hide it."""

    @initialize()
    def begin(self) -> None:
        super().begin()
        self.visibility: dict[UUID, Visibility] = {}
        self.turn = 0
        self.asked: set[tuple[UUID, UUID]] = set()
        self.settled: set[tuple[UUID, UUID]] = set()
        self.uploader: dict[UUID, UUID] = {}
        self.world.change(ChangeKind.EVENT_UPDATED, event_id=self.event, guest_photos=GuestPhotos.MODERATED)

    @precondition(lambda self: self.members)
    @rule(guest=GUESTS, people=st.sets(PEOPLE))
    def add_as_guest(self, guest: int, people: set[int]) -> None:
        """The photo waits for approval; above the daily limit the upload is rejected."""
        user = self.users[guest]
        if user not in self.members:
            return
        if photo := self.world.upload(self.event, sorted(people), who=user).photo_id:
            self.uploaded[photo], self.uploader[photo] = people, user
            self.visibility[photo] = Visibility.UNAPPROVED
            self.claim()

    @precondition(lambda self: self.uploader)
    @rule(guest=GUESTS, which=ANY)
    def delete_as_guest(self, guest: int, which: int) -> None:
        user, photo = self.users[guest], list(self.uploader)[which % len(self.uploader)]
        if user not in self.members or self.uploader[photo] != user:
            with pytest.raises(PhotoNotFound):
                self.world.photos.delete_photo(user, photo)
            return
        self.world.photos.delete_photo(user, photo)
        del self.uploaded[photo]
        self.indexed.pop(photo, None)
        self.forget(lambda user, photo: photo not in self.uploaded)

    @precondition(lambda self: self.uploaded)
    @rule(which=ANY, visibility=st.sampled_from(Visibility))
    def set_visibility(self, which: int, visibility: Visibility) -> None:
        photo = list(self.uploaded)[which % len(self.uploaded)]
        self.world.audience.set_visibility(self.world.organiser, self.event, [photo], visibility)
        self.visibility[photo] = visibility
        if visibility is Visibility.HIDDEN:
            self.settled |= {pair for pair in self.asked if pair[1] == photo}

    @precondition(lambda self: self.uploaded)
    @rule(guest=GUESTS, which=ANY)
    def ask_for_what_is_not_seen(self, guest: int, which: int) -> None:
        user, photo = self.users[guest], list(self.uploaded)[which % len(self.uploaded)]
        if (user, photo) not in self.list_askable():
            with pytest.raises(PhotoNotFound):
                self.world.audience.ask_to_hide(user, photo)

    @precondition(lambda self: self.list_askable())
    @rule(which=ANY, undo=st.booleans())
    def ask_or_undo(self, which: int, undo: bool) -> None:
        askable = self.list_askable()
        user, photo = askable[which % len(askable)]
        decide = self.world.audience.undo_ask_to_hide if undo else self.world.audience.ask_to_hide
        decide(user, photo)
        if undo:
            self.asked.discard((user, photo))
            self.settled.discard((user, photo))
        else:
            self.asked.add((user, photo))

    @precondition(lambda self: self.uploaded)
    @rule(which=ANY)
    def dismiss(self, which: int) -> None:
        photo = list(self.uploaded)[which % len(self.uploaded)]
        self.world.audience.dismiss_requests(self.world.organiser, self.event, [photo])
        self.settled |= {pair for pair in self.asked if pair[1] == photo}

    @rule(guest=GUESTS)
    def leave_or_join(self, guest: int) -> None:
        super().leave_or_join(guest)
        self.forget(lambda user, photo: user not in self.members)

    @precondition(lambda self: self.uploaded)
    @rule(which=ANY)
    def delete_photo(self, which: int) -> None:
        super().delete_photo(which)
        self.forget(lambda user, photo: photo not in self.uploaded)

    def forget(self, is_gone: Callable[[UUID, UUID], bool]) -> None:
        self.asked = {pair for pair in self.asked if not is_gone(*pair)}
        self.settled &= self.asked
        self.uploader = {photo: user for photo, user in self.uploader.items() if photo in self.uploaded}

    def list_decidable(self) -> list[tuple[UUID, UUID]]:
        """Guests, and the photos that they see as theirs or rejected."""
        return [
            (user, photo)
            for user, photo in super().list_decidable()
            if (user, photo) in self.refused or self.expect(user).get(photo)
        ]

    def list_askable(self) -> list[tuple[UUID, UUID]]:
        """Guests, and the photos that they see or asked to hide."""
        return [
            (user, photo)
            for user in self.users
            for photo in self.uploaded
            if (user, photo) in self.asked or photo in self.expect(user)
        ]

    def expect(self, user: UUID) -> dict[UUID, bool]:
        """The photos that a guest should see, and whether the guest is in them."""
        if user not in self.members:
            return {}
        who = self.known.get(user)
        expected = {}
        for photo, people in self.indexed.items():
            visibility = self.visibility.get(photo, Visibility.MATCHED)
            is_in = who in people and (user, photo) not in self.refused
            if (user, photo) in self.asked or visibility not in SEEN:
                continue
            if is_in or visibility is Visibility.EVERYONE:
                expected[photo] = is_in
        return expected

    def pick_in_turn(self) -> list[UUID]:
        """One photo per call, in rotation."""
        self.turn += 1
        return list(self.uploaded)[self.turn % len(self.uploaded) :][:1] if self.uploaded else []

    @invariant()
    def guests_see_what_brute_force_says(self) -> None:
        if not hasattr(self, "event"):
            return
        for user in self.users:
            expected = self.expect(user)
            matches, total = self.world.match_store.list_matches(user, self.event, PAGE, Listing())
            assert {match.photo_id: not match.only_for_everyone for match in matches} == expected
            assert len(matches) == total == len(expected), "listed and counted once"
            for photo in self.pick_in_turn():
                is_sent = self.world.photo_store.find_shown(photo, user, Variant.THUMB) is not None
                is_own = user in self.members and self.uploader.get(photo) == user
                assert is_sent == (photo in expected or is_own), "pictures"

    @invariant()
    def organisers_see_the_requests_that_wait(self) -> None:
        if not hasattr(self, "event"):
            return
        assert self.world.hide_requests(self.event) == {
            photo: sum(asked == photo for _, asked in self.asked - self.settled)
            for _, photo in self.asked - self.settled
        }


class LetsGuestsIn(PhotoStore):
    """A broken twin: a guest's photo is visible immediately."""

    def add(self, photo: NewPhoto, quota: Quota) -> AddedPhoto:
        added = super().add(photo, quota)
        with self._engine.begin() as connection:
            query = text("UPDATE matcher.photos SET visibility = 'matched' WHERE id = :photo")
            connection.execute(query, {"photo": added.photo_id})
        return added


class GuestsDeleteAll(PhotoStore):
    """A broken twin: any member can delete a guest's photo."""

    def delete_own(self, event_id: UUID, photo_id: UUID, user_id: UUID) -> bool:
        with self._engine.begin() as connection:
            query = text("UPDATE matcher.photos SET uploader_id = :user WHERE id = :photo AND from_guest")
            connection.execute(query, {"user": user_id, "photo": photo_id})
        return super().delete_own(event_id, photo_id, user_id)


def test_guests_see_what_the_model_expects_in_any_order(make_db: Callable[[str], Engine]) -> None:
    db = make_db("matcher")
    run(lambda folder: World(db, folder), examples=40, machine=PairsAndAudience)


CONTROLS: list[dict[str, Any]] = [
    {"match_store": ListsForgetHidden},
    {"photo_store": PicturesForgetHidden},
    {"photo_store": LetsGuestsIn},
    {"photo_store": GuestsDeleteAll},
    {"audience_store": LeavesMatchesAlone},
]
FIRST = {"audience_store": 8}


@pytest.mark.parametrize("twin", CONTROLS, ids=lambda twin: next(iter(twin.values())).__name__)
def test_control_a_component_that_ignores_visibility_is_detected(
    make_db: Callable[[str], Engine], twin: dict[str, Any]
) -> None:
    db, first = make_db("matcher"), FIRST.get(next(iter(twin)))
    with expect_found_out():
        run(lambda folder: World(db, folder, **twin), examples=100, machine=PairsAndAudience, first=first)
