"""The machine of rereads with removed faces: a removed face matches no one again, whichever engine reads the photo
next.

A face is identified by its column, which stays removed in all later readings and versions of the photo.
"""

from collections.abc import Callable
from typing import Any
from uuid import UUID

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import initialize, rule
from sqlalchemy import Engine, text

from matcher_service.domain.removals import ChosenFace, Removal
from matcher_service.store import RemovalStore
from tests.matcher.looks import Look, LooksWorld
from tests.matcher.test_pairs import ANY, expect_found_out, run
from tests.matcher.test_pairs_rereads import PairsAndRereads
from tests.matcher.test_removal_returns import LeavesLaidAside, MarksNothing

NOWHERE = 10_000  # a face here is far from every person and every rejected face
FACES = text(
    'SELECT photo_id, face_no, "left", top, width, height FROM matcher.faces WHERE event_id = :event'
    " ORDER BY photo_id, face_no"
)


class PairsAndRemovals(PairsAndRereads):
    """The model's looks keep their order; a removed one moves to NOWHERE."""

    @initialize()
    def begin(self) -> None:
        self.forgotten: dict[UUID, set[int]] = {}
        super().begin()

    @rule(which=ANY, settles=st.booleans(), hides=st.booleans())
    def forget_face(self, which: int, settles: bool, hides: bool) -> None:
        with self.world.db.begin() as connection:
            faces = [ChosenFace(*row) for row in connection.execute(FACES, {"event": self.event})]
        faces.sort(key=lambda face: (list(self.photos).index(face.photo_id), face.no))  # ids are random
        if not faces:
            return
        face = faces[which % len(faces)]
        photo, column = face.photo_id, face.left // 200
        place = self.find_place(photo, column)
        taken = [user for user in self.users if photo in self.matches[user] and self.find_number(user, photo) == place]
        removal = Removal.HIDE_PHOTOS if hides else Removal.FORGET_FACES
        assert self.world.removals.remove(self.world.organiser, self.event, [face], removal) == 1
        self.forgotten.setdefault(photo, set()).add(column)
        self.blank(photo)
        for refused in self.refused.values():
            if refused.get(photo) == place:
                refused[photo] = None
        for user in taken:  # another face of the photo may still match them
            del self.matches[user][photo]
            self.match(user, photo)
        self.resets += 1
        self.settle_if(settles)

    @rule(which=ANY, hides=st.booleans())
    def forget_face_before_the_swap(self, which: int, hides: bool) -> None:
        """The photos have been reread already: the faces that the swap will publish are removed as well."""
        self.engine_gets_newer()
        self.read_all_again(swaps=False)
        self.forget_face(which, False, hides)
        self.read_all_again(swaps=True)

    @rule(which=ANY, hides=st.booleans())
    def forget_face_while_settling(self, which: int, hides: bool) -> None:
        """The settlement has read the face already."""
        self.begin_settling(at_once=False)
        self.forget_face(which, False, hides)
        if self.settling:
            self.publish_settling(len(self.settling) - 1)

    def find_place(self, photo: UUID, column: int) -> int:
        """The index in the model's looks of a column."""
        count = len(self.photos[photo].looks or [])
        return count - 1 - column if photo in self.turned else column

    def blank(self, photo: UUID) -> None:
        looks = list(self.photos[photo].looks or [])
        for column in self.forgotten.get(photo, ()):
            if column < len(looks):
                looks[self.find_place(photo, column)] = Look(NOWHERE)
        self.photos[photo].looks = looks

    def find_number(self, user: UUID, photo: UUID) -> int:
        """The index in the model's looks: numbers of stored faces skip removed ones."""
        query = text(
            'SELECT f."left" / 200 FROM matcher.matches m JOIN matcher.faces f USING (event_id, photo_id, face_no)'
            " WHERE m.person_id = :user AND m.photo_id = :photo"
        )
        with self.world.db.begin() as connection:
            column: int = connection.execute(query, {"user": user, "photo": photo}).scalar_one()
        return self.find_place(photo, column)

    def publish_photo(self, which: int) -> None:
        before = {photo: known.looks for photo, known in self.photos.items()}
        super().publish_photo(which)
        for photo, known in self.photos.items():
            if known.looks is not None and known.looks is not before.get(photo):
                self.blank_matches(photo)

    def blank_matches(self, photo: UUID) -> None:
        """Removed faces contribute nothing to what is published of a photo."""
        if photo in self.forgotten:
            self.blank(photo)
            self.forget(photo)
            for user in self.selfies:
                self.match(user, photo)

    def turn(self, photo: UUID, count: int) -> None:
        super().turn(photo, count)
        self.blank(photo)


def run_removals(db: Engine, examples: int, first: int | None = None, **twins: Any) -> None:
    run(lambda folder: LooksWorld(db, folder, **twins), examples, PairsAndRemovals, first)


def test_removed_faces_match_no_one_and_no_other_pair_is_missed(make_db: Callable[[str], Engine]) -> None:
    run_removals(make_db("matcher"), examples=30)


@pytest.mark.parametrize("broken", [LeavesLaidAside, MarksNothing])
def test_control_a_broken_removal_is_found_out(make_db: Callable[[str], Engine], broken: type[RemovalStore]) -> None:
    with expect_found_out():
        run_removals(make_db("matcher"), examples=300, removal_store=broken)
