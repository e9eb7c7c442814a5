"""The machine of test_matcher_pairs_settling detects the removal of each protection and of each matching rule."""

import importlib
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import Connection, Engine

from matcher_service import settler
from matcher_service.domain import Settlement
from matcher_service.rules import EventFaces, EventPeople, Limits, Refusals, examine
from matcher_service.store import SettlementStore, UnsettledEvent
from tests.matcher.test_pairs import expect_found_out
from tests.matcher.test_pairs_settling import run_settling


class IgnoresResets(SettlementStore):
    """Publishes what was computed, whatever was deleted meanwhile."""

    def _is_current(self, connection: Connection, job: Settlement, event: UnsettledEvent) -> bool:
        return True


def test_control_publishing_a_settlement_of_deleted_faces_is_detected(make_db: Callable[[str], Engine]) -> None:
    with expect_found_out():
        run_settling(make_db("matcher"), examples=300, first=10, settlement_store=IgnoresResets)


FIRST = {"matches": 1, "members": 15, "refusals": 3, "uploads": 1}


@pytest.mark.parametrize("module", ["jobs", "matches", "members", "refusals", "uploads"])
def test_control_a_change_that_does_not_mark_the_event_is_detected(
    make_db: Callable[[str], Engine], module: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = importlib.import_module(f"matcher_service.store.{module}")
    monkeypatch.setattr(store, "mark_unsettled", lambda *_, **__: None)
    with expect_found_out():
        run_settling(make_db("matcher"), examples=300, first=FIRST.get(module))


# Excludes what the machine hardly ever exercises: the margin of rejected faces (tests/unit/test_matching_rules.py), and
# the size and the uploader of templates (test_settling.py).
Rule = Callable[[EventFaces, EventPeople, Refusals, Limits], Any]
WITHOUT: dict[str, Rule] = {
    "growth": lambda faces, people, refusals, limits: examine(
        faces, people, refusals, replace(limits, template_distance=-1)
    ),
    "how near a face that joins is": lambda faces, people, refusals, limits: examine(
        faces, people, refusals, replace(limits, template_distance=0.55)
    ),
    "the second round": lambda faces, people, refusals, limits: examine(
        faces, people, refusals, replace(limits, growth_rounds=1)
    ),
    "the nearest person": lambda faces, people, refusals, limits: examine(
        faces, people, refusals, replace(limits, nearest_margin=9)
    ),
    "refusals": lambda faces, people, refusals, limits: examine(faces, people, {}, limits),
    "rejected faces": lambda faces, people, refusals, limits: examine(
        faces, people, refusals, replace(limits, rejected_distance=-1)
    ),
    "what is surely the guest's": lambda faces, people, refusals, limits: examine(
        faces, people, refusals, replace(limits, own_distance=-1)
    ),
}


FIRST_WITHOUT = {
    "how near a face that joins is": 1,
    "the second round": 1,
    "rejected faces": 3,
    "what is surely the guest's": 0,
}


@pytest.mark.parametrize("rule_name", WITHOUT)
def test_control_removing_any_rule_is_detected(
    make_db: Callable[[str], Engine], rule_name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(settler, "examine", WITHOUT[rule_name])
    with expect_found_out():
        run_settling(make_db("matcher"), examples=300, first=FIRST_WITHOUT.get(rule_name))
