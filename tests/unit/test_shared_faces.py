"""Grouping of encodings that show the same face."""

import numpy as np
import pytest

from matcher_service.shared_faces import find_shared

TOLERANCE = 0.55


def at(*places: float) -> bytes:
    """An encoding at a point of the first axes; distances are those between the points."""
    encoding = np.zeros(128, dtype="<f4")
    encoding[: len(places)] = places
    return encoding.tobytes()


def test_one_face_is_found_among_others() -> None:
    rows = [at(0), at(5), at(0.1), at(9), at(0.2)]
    assert find_shared(rows, TOLERANCE, 3) == [[0, 2, 4]]


@pytest.mark.parametrize("rows", [[], [at(0)], [at(0), at(0.1)], [at(0), at(5), at(9)]])
def test_groups_below_the_minimum_are_not_reported(rows: list[bytes]) -> None:
    assert find_shared(rows, TOLERANCE, 3) == []


def test_a_chain_of_similar_people_is_not_one_face() -> None:
    assert find_shared([at(0), at(0.5), at(1.0), at(1.5)], TOLERANCE, 3) == []


def test_a_face_is_found_although_another_person_is_near_one_of_its_encodings() -> None:
    rows = [at(0, 0.5), at(0), at(0.1, -0.1), at(0.2, -0.2)]
    assert find_shared(rows, TOLERANCE, 3) == [[1, 2, 3]]


def test_faces_are_distinguished_and_the_largest_group_comes_first() -> None:
    rows = [at(0), at(5), at(0.1), at(5.1), at(0.2), at(5.2), at(5.3)]
    assert find_shared(rows, TOLERANCE, 3) == [[1, 3, 5, 6], [0, 2, 4]]


def test_the_order_of_the_accounts_does_not_matter() -> None:
    generator = np.random.default_rng(1)
    rows = [at(*point) for point in generator.normal(0, 0.4, (40, 2))] + [at(9, 0.1 * place) for place in range(4)]
    found = [[40, 41, 42, 43]]
    assert [group for group in find_shared(rows, TOLERANCE, 3) if 40 in group] == found
    order = list(generator.permutation(len(rows)))
    shuffled = find_shared([rows[place] for place in order], TOLERANCE, 3)
    assert sorted(order.index(place) for place in found[0]) in shuffled
