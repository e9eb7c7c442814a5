"""Selfies near two faces of one photo: which photos count, and which faces are one person's."""

from collections.abc import Sequence
from uuid import UUID

import pytest

from matcher_service.rules import Limits, examine
from tests.unit.matching_rules import PlainFace, PlainPerson, make_faces, make_people

LIMITS = Limits()
WHO = UUID(int=9)
NEAR = 0.4  # within the tolerance of a selfie at 0; two on opposite sides are further apart than it


def photo(number: int, *faces: tuple[float, ...], sure: Sequence[bool] = (True, True, True)) -> list[PlainFace]:
    return [PlainFace(UUID(int=number), no, at, sure=sure[no]) for no, at in enumerate(faces)]


def count(*faces: PlainFace, refuses: UUID | None = None) -> dict[UUID, int]:
    refusals = {WHO: {refuses: None}} if refuses else {}
    return examine(make_faces(faces), make_people([PlainPerson(WHO, (0.0,))]), refusals, LIMITS).two_faces


def test_photos_with_two_people_near_the_selfie_are_counted() -> None:
    both = [photo(number, (-NEAR,), (NEAR,), (2.0,)) for number in (3, 1, 2)]
    assert count(*both[0], *both[1], *both[2], *photo(4, (NEAR,), (2.0,))) == {WHO: 3}


@pytest.mark.parametrize(
    "faces",
    [
        pytest.param(photo(1, (NEAR,), (NEAR - 0.01,)), id="a mirror"),
        pytest.param(photo(1, (-0.29,), (0.29,)), id="twins: 0.58 apart"),
        pytest.param(photo(1, (-NEAR,), (NEAR,), sure=(True, False)), id="one that the detector is not sure of"),
        pytest.param([*photo(1, (-NEAR,)), *photo(2, (NEAR,))], id="in two photos"),
        pytest.param(photo(1, (-NEAR,), (0.6,)), id="one that is too far from the selfie"),
    ],
)
def test_other_photos_are_not_counted(faces: list[PlainFace]) -> None:
    assert count(*faces) == {}


def test_a_penalty_is_added_to_the_distance() -> None:
    far = PlainFace(UUID(int=1), 1, (NEAR,), penalty=0.2)
    assert count(*photo(1, (-NEAR,)), far) == {}


def test_a_rejected_photo_counts() -> None:
    """Otherwise a guest who averages two people could hide it by rejecting photos."""
    assert count(*photo(1, (-NEAR,), (NEAR,)), refuses=UUID(int=1)) == {WHO: 1}
