"""The matching rules: one example for each, and all of them compared with brute force."""

from collections.abc import Sequence
from dataclasses import replace
from uuid import UUID

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from matcher_service.rules import Limits, Refusals, match
from tests.unit.matching_rules import BruteForce, PlainFace, PlainPerson, make_faces, make_people

LIMITS = Limits(tolerance=0.55)  # the distances below are chosen for this tolerance
ANNA = PlainPerson(UUID(int=1), (0.0, 0.0))


def photo(number: int) -> UUID:
    return UUID(int=1000 + number)


def face(number: int, *at: float, **traits: object) -> PlainFace:
    """A photo with a single face."""
    return PlainFace(photo(number), 0, at, **traits)  # type: ignore[arg-type]


def near(person: PlainPerson, *offsets: float) -> tuple[float, ...]:
    return person.at[0] + offsets[0], *offsets[1:]


def find(
    faces: Sequence[PlainFace],
    people: Sequence[PlainPerson] = (ANNA,),
    refusals: Refusals | None = None,
    limits: Limits = LIMITS,
) -> dict[UUID, set[int]]:
    """The photos matched to each person, after a comparison with brute force."""
    found = match(make_faces(faces), make_people(people), refusals or {}, limits)
    expected = BruteForce(faces, people, refusals or {}, limits).match()
    assert {key: settled.is_grown for key, settled in found.items()} == expected
    return {person.id: {photo_id.int - 1000 for who, photo_id in found if who == person.id} for person in people}


# Two faces that become templates of Anna, and one that they find at 0.45, while her selfie alone is at 0.86.
TEMPLATES = [face(1, *near(ANNA, 0.4)), face(2, *near(ANNA, 0.41))]
FAR = face(3, *near(ANNA, 0.86))


def test_empty_input_has_no_matches() -> None:
    assert find([]) == {ANNA.id: set()}
    assert find([face(1, *ANNA.at)], []) == {}


def test_a_face_within_the_tolerance_of_the_selfie_is_found() -> None:
    assert find([face(1, *near(ANNA, 0.54)), face(2, *near(ANNA, 0.56))]) == {ANNA.id: {1}}


def test_a_penalty_is_added_to_the_distance() -> None:
    assert find([face(1, *near(ANNA, 0.53), penalty=0.03)]) == {ANNA.id: set()}


def test_one_template_finds_a_face_that_the_selfie_does_not() -> None:
    assert find([TEMPLATES[0], FAR]) == {ANNA.id: {1, 3}}
    assert find([*TEMPLATES, FAR]) == {ANNA.id: {1, 2, 3}}


@pytest.mark.parametrize(
    "trait", [{"sure": False}, {"size": 59}, {"trusted": False}, {"at": near(ANNA, 0.49)}, {"penalty": 0.09}]
)
def test_not_every_face_is_a_template(trait: dict[str, object]) -> None:
    assert find([replace(TEMPLATES[0], **trait), FAR]) == {ANNA.id: {1}}  # type: ignore[arg-type]


def test_growth_requires_a_distance_below_that_of_templates() -> None:
    assert find([TEMPLATES[0], face(3, *near(ANNA, 0.87))]) == {ANNA.id: {1, 3}}
    further = [TEMPLATES[0], face(3, *near(ANNA, 0.89))]
    assert find(further) == {ANNA.id: {1}}
    assert find(further, limits=replace(LIMITS, template_distance=0.5)) == {ANNA.id: {1, 3}}
    assert find([TEMPLATES[0], replace(FAR, penalty=0.03)]) == {ANNA.id: {1}}


def test_with_a_wider_tolerance_a_face_joins_no_further_than_a_template_is_from_the_selfie() -> None:
    wide = replace(LIMITS, tolerance=0.6)
    assert find([TEMPLATES[0], face(3, *near(ANNA, 0.87))], limits=wide) == {ANNA.id: {1, 3}}
    further = [TEMPLATES[0], face(3, *near(ANNA, 0.91))]
    assert find(further, limits=wide) == {ANNA.id: {1}}
    assert find(further, limits=replace(wide, template_distance=0.53)) == {ANNA.id: {1, 3}}, "the control"


# Each is found by the one before it.
CHAIN = [face(number, *near(ANNA, 0.4 * number)) for number in (1, 2, 3, 4)]


def test_there_are_two_rounds_and_no_third() -> None:
    assert find(CHAIN[:3]) == {ANNA.id: {1, 2, 3}}
    assert find(CHAIN) == {ANNA.id: {1, 2, 3}}
    for rounds in (1, 3):
        found = match(make_faces(CHAIN), make_people([ANNA]), {}, replace(LIMITS, growth_rounds=rounds))
        assert len(found) == rounds + 1, "the control"


@pytest.mark.parametrize("trait", [{"sure": False}, {"size": 59}, {"trusted": False}])
def test_not_every_face_that_joined_is_a_template_of_the_second_round(trait: dict[str, object]) -> None:
    first, second, third, _ = CHAIN
    assert find([first, replace(second, **trait), third]) == {ANNA.id: {1, 2}}  # type: ignore[arg-type]


def test_the_nearest_templates_are_kept_and_ties_go_to_the_lower_id() -> None:
    limits = replace(LIMITS, max_templates=1)
    template = TEMPLATES[0]
    assert find([template, FAR, face(9, *near(ANNA, 0, 0.3))]) == {ANNA.id: {1, 3, 9}}
    assert find([template, FAR, face(9, *near(ANNA, 0, 0.3))], limits=limits) == {ANNA.id: {1, 9}}
    assert find([template, FAR, face(4, *near(ANNA, 0, 0.4))], limits=limits) == {ANNA.id: {1, 3, 4}}
    assert find([template, FAR, face(0, *near(ANNA, 0, 0.4))], limits=limits) == {ANNA.id: {0, 1}}


def test_a_rejected_photo_is_neither_a_template_nor_a_match() -> None:
    assert find([TEMPLATES[0], FAR], refusals={ANNA.id: {photo(1): None}}) == {ANNA.id: set()}
    assert find([*TEMPLATES, FAR], refusals={ANNA.id: {photo(3): None}}) == {ANNA.id: {1, 2}}


# A face that Anna's selfie finds, and Anna's rejection of its photo.
WRONG = face(1, *near(ANNA, 0.5))
NOT_ME = {ANNA.id: {photo(1): 0}}


@pytest.mark.parametrize(
    ("at", "found"),
    [((0.54,), False), ((0.46,), False), ((0.35, 0.32), False), ((0.32, 0.345), True), ((0.44,), True)],
    ids=["behind", "near", "just", "nearer", "surely Anna's"],
)
def test_a_face_closer_to_a_rejected_face_than_to_the_selfie_is_not_found(at: tuple[float, ...], found: bool) -> None:
    other = face(2, *near(ANNA, *at))
    assert find([WRONG, other]) == {ANNA.id: {1, 2}}
    assert find([WRONG, other], refusals=NOT_ME) == {ANNA.id: {2} if found else set()}
    assert find([WRONG, other], refusals={ANNA.id: {photo(1): None}}) == {ANNA.id: {2}}, "which face is unknown"


def test_only_faces_almost_identical_to_the_rejected_one_are_excluded() -> None:
    aside = face(2, *near(ANNA, 0.35, 0.4))
    assert find([WRONG, aside], refusals=NOT_ME) == {ANNA.id: {2}}, "0.43 from the rejected face"
    assert find([WRONG, face(2, *near(ANNA, 0.45, 0.3))], refusals=NOT_ME) == {ANNA.id: set()}


def test_mistaken_rejections_keep_clear_matches_in_a_burst() -> None:
    burst = [face(number, *near(ANNA, 0.34 + number / 1000)) for number in (1, 2, 3, 4)]
    refusals = {ANNA.id: {photo(1): 0, photo(2): 0}}
    assert find(burst, refusals=refusals) == {ANNA.id: {3, 4}}
    assert find(burst, refusals=refusals, limits=replace(LIMITS, own_distance=-1)) == {ANNA.id: set()}, "the control"


def test_a_face_that_resembles_a_rejected_one_is_no_template() -> None:
    wrong, templates = face(9, *near(ANNA, 0.5)), [face(1, *near(ANNA, 0.46)), face(2, *near(ANNA, 0.47))]
    assert find([*templates, FAR, wrong], refusals={ANNA.id: {photo(9): 0}}) == {ANNA.id: set()}
    assert find([*templates, FAR, wrong], refusals={ANNA.id: {photo(9): None}}) == {ANNA.id: {1, 2, 3}}


def test_closer_templates_keep_a_face_that_the_selfie_alone_would_lose() -> None:
    wrong, between = face(9, *near(ANNA, 0.54)), face(3, *near(ANNA, 0.47))
    close = [face(number, *near(ANNA, 0.4 + number / 1000)) for number in (1, 2)]
    refusals = {ANNA.id: {photo(9): 0}}
    assert find([*close, between, wrong], refusals=refusals) == {ANNA.id: {1, 2, 3}}
    assert find([between, wrong], refusals=refusals) == {ANNA.id: set()}


def test_growth_excludes_faces_that_resemble_a_rejected_one() -> None:
    wrong = face(9, *near(ANNA, 0.92))
    assert find([*TEMPLATES, FAR], refusals={}) == {ANNA.id: {1, 2, 3}}
    assert find([*TEMPLATES, FAR, wrong], refusals={ANNA.id: {photo(9): 0}}) == {ANNA.id: {1, 2}}


def test_a_rejection_does_not_affect_other_people() -> None:
    found = find([WRONG, face(2, *near(ANNA, 0.5))], [ANNA, BESIDE], NOT_ME)
    assert found == {ANNA.id: set(), BESIDE.id: {1, 2}}


BESIDE = PlainPerson(UUID(int=4), near(ANNA, 0.8))


@pytest.mark.parametrize(("at", "anna", "other"), [(0.3, True, False), (0.39, True, True), (0.5, False, True)])
def test_a_face_is_assigned_to_the_nearer_person_or_to_both_within_the_margin(
    at: float, anna: bool, other: bool
) -> None:
    assert find([face(1, *near(ANNA, at))], [ANNA, BESIDE]) == {
        ANNA.id: {1} if anna else set(),
        BESIDE.id: {1} if other else set(),
    }


def test_rejecting_a_photo_does_not_remove_it_from_other_people() -> None:
    found = find([face(1, *near(ANNA, 0.3))], [ANNA, BESIDE], {ANNA.id: {photo(1): None}})
    assert found == {ANNA.id: set(), BESIDE.id: {1}}


def test_accounts_of_the_same_person_share_their_photos() -> None:
    twin = PlainPerson(UUID(int=5), near(ANNA, 0, 0.5))
    assert find([face(1, *near(ANNA, 0.05))], [ANNA, twin]) == {ANNA.id: {1}, twin.id: {1}}


def test_the_account_of_the_nearest_person_keeps_the_photo() -> None:
    twin = PlainPerson(UUID(int=5), near(ANNA, -0.1))
    found = find([face(1, *near(ANNA, 0.38))], [ANNA, twin, BESIDE])
    assert found == {ANNA.id: {1}, twin.id: {1}, BESIDE.id: set()}


def test_a_face_closer_to_another_person_is_no_template() -> None:
    other = PlainPerson(UUID(int=6), near(ANNA, 0.6))
    assert find([*TEMPLATES, FAR], [ANNA, other]) == {ANNA.id: set(), other.id: {1, 2, 3}}
    refusals = {other.id: {photo(3): None}}
    assert find([*TEMPLATES, FAR], [ANNA, other], refusals) == {ANNA.id: set(), other.id: {1, 2}}


def test_a_person_whose_nearest_template_is_nearer_keeps_a_face() -> None:
    other = PlainPerson(UUID(int=6), near(ANNA, 1.03))
    further, nearest, shared = face(1, *near(ANNA, 0.3)), face(2, *near(ANNA, 0.44)), face(3, *near(ANNA, 0.7), size=59)
    assert find([further, nearest, shared], [ANNA, other]) == {ANNA.id: {1, 2, 3}, other.id: set()}
    assert find([further, shared], [ANNA, other]) == {ANNA.id: {1}, other.id: {3}}


def test_the_nearest_face_of_a_photo_is_reported() -> None:
    faces = [replace(face(1, *near(ANNA, at)), no=no) for no, at in enumerate((0.5, 0.1, 0.3))]
    [settled] = match(make_faces(faces), make_people([ANNA]), {}, LIMITS).values()
    assert (settled.no, round(settled.distance, 3), settled.is_grown) == (1, 0.1, False)


def test_a_damaged_encoding_matches_no_one() -> None:
    faces = make_faces([*TEMPLATES, FAR])
    encodings = faces.encodings.copy()
    encodings[0] = np.nan
    found = match(replace(faces, encodings=encodings), make_people([ANNA]), {}, LIMITS)
    assert {photo_id for _, photo_id in found} == {photo(2), photo(3)}


# Points close enough to each other for every rule to apply.
PLACES = st.tuples(st.integers(0, 14), st.integers(0, 5)).map(lambda at: (at[0] / 10, at[1] / 10))
PEOPLE = st.lists(PLACES, max_size=4).map(
    lambda places: [PlainPerson(UUID(int=number), at) for number, at in enumerate(places)]
)
FACES = st.lists(
    st.builds(
        PlainFace,
        photo=st.integers(0, 9).map(photo),
        no=st.just(0),
        at=PLACES,
        penalty=st.sampled_from([0.0, 0.0, 0.03]),
        size=st.sampled_from([59, 60, 60]),
        sure=st.sampled_from([True, True, False]),
        trusted=st.sampled_from([True, True, False]),
    ),
    max_size=25,
).map(lambda faces: [replace(face, no=no) for no, face in enumerate(faces)])
REFUSED = st.dictionaries(st.integers(0, 9).map(photo), st.none() | st.integers(0, 24), max_size=4)
REFUSALS = st.dictionaries(st.integers(0, 3).map(lambda n: UUID(int=n)), REFUSED)


@settings(max_examples=150, deadline=None, derandomize=True, database=None)
@given(FACES, PEOPLE, REFUSALS, st.sampled_from([2, 4, 30]), st.randoms(use_true_random=False))
def test_the_result_equals_brute_force_in_any_order(
    faces: list[PlainFace],
    people: list[PlainPerson],
    refusals: Refusals,
    most: int,
    random: object,
) -> None:
    limits = replace(LIMITS, max_templates=most)
    before = find(faces, people, refusals, limits)
    random.shuffle(faces)  # type: ignore[attr-defined]
    random.shuffle(people)  # type: ignore[attr-defined]
    assert find(faces, people, refusals, limits) == before
