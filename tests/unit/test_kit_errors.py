"""Faults: their reasons, their messages, and the one table that maps them to statuses."""

import grpc
import pytest

from kit import errors
from kit.errors import Fault, NotFound, Violation
from kit.rpc.statuses import CODES, internal_status, to_status


class EventClosed(NotFound):
    """This event
    is closed."""


class URLMissing(NotFound):
    """Consecutive capitals."""


class Renamed(NotFound):
    """Has an explicit reason."""

    reason = EventClosed.reason


class Child(Renamed):
    """Differs from its parent."""


def all_kinds(kind: type[Fault]) -> list[type[Fault]]:
    return [kind, *(fault for child in kind.__subclasses__() for fault in all_kinds(child))]


@pytest.mark.parametrize(
    ("fault", "reason"),
    [
        (EventClosed, "EVENT_CLOSED"),
        (URLMissing, "U_R_L_MISSING"),
        (Renamed, "EVENT_CLOSED"),
        (Child, "CHILD"),
        (errors.InvalidToken, "INVALID_TOKEN"),
    ],
)
def test_the_reason_is_derived_from_the_class_name_unless_set(fault: type[Fault], reason: str) -> None:
    assert fault.reason == fault().reason == reason


def test_the_message_is_the_docstring_on_one_line() -> None:
    assert EventClosed().message == str(EventClosed()) == "This event is closed."


def test_attributes_of_a_fault_are_its_own() -> None:
    given = {"photo": "7"}
    fault = EventClosed(metadata=given, violations=[Violation("name", "empty", "Say a name.")])
    given["photo"] = "8"
    assert fault.metadata == {"photo": "7"}
    assert fault.violations == (Violation("name", "empty", "Say a name."),)
    assert EventClosed().metadata == {}


def test_every_kind_of_fault_has_one_code() -> None:
    kinds = [kind for kind in Fault.__subclasses__() if kind.__module__ == errors.__name__]
    assert set(kinds) == set(CODES)
    assert len(set(CODES.values())) == len(CODES)


@pytest.mark.parametrize("kind", [kind for kind in all_kinds(Fault)[1:] if kind.__module__ == errors.__name__])
def test_every_fault_of_the_kit_maps_to_a_status(kind: type[Fault]) -> None:
    status = to_status(kind())
    assert status.code is not grpc.StatusCode.INTERNAL
    assert status.details == kind().message


def test_an_internal_fault_reveals_no_details() -> None:
    assert internal_status().details == "Something went wrong on our side."
