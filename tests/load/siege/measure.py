"""Times the journeys of honest guests on the quiet system and during each attack."""

import json
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from itertools import count
from typing import Any
from uuid import uuid4

import httpx2

from tests.load.siege.attacks import Plan
from tests.load.siege.guest import STEPS, Guest, Journey

WARM_UP_S = 4.0  # until an attack is under way
END_S = 30.0
QUIET, TOGETHER = "quiet", "all together"


@dataclass(frozen=True)
class Phase:
    """The journeys during one attack; `answers`: the responses to the attackers, by attack and status."""

    name: str
    journeys: tuple[Journey, ...]
    answers: Mapping[str, Mapping[str, int]]

    @property
    def median_s(self) -> float:
        return statistics.median(journey.total_s for journey in self.journeys)

    @property
    def worst_s(self) -> float:
        return max(journey.total_s for journey in self.journeys)

    @property
    def refusals(self) -> int:
        return sum(journey.refusals for journey in self.journeys)

    def step_s(self, step: str) -> float:
        return statistics.median(journey.steps_s[step] for journey in self.journeys)


class Siege:
    """Attacks a running system with an event, and a selfie that matches photos in it."""

    def __init__(self, base_url: str, code: str, selfie: bytes, journeys: int) -> None:
        self._base_url, self._code, self._selfie = base_url, code, selfie
        self._journeys = journeys
        self._addresses = count(1)

    def run(self, plan: Plan, together_only: bool = False) -> list[Phase]:
        """Measures the quiet system, each attack, and last all attacks together."""
        kinds = [kind for kind in ("bombs", "noise", "drips", "logins", "streams") if getattr(plan, kind)]
        phases = [self.measure(QUIET)]
        for kind in [] if together_only else kinds:
            others = dict.fromkeys([other for other in kinds if other != kind], 0)
            phases.append(self.measure(kind, replace(plan, **others)))
        return [*phases, self.measure(TOGETHER, plan)]

    def measure(self, name: str, plan: Plan | None = None) -> Phase:
        if plan is None:
            return Phase(name, self._walk(), {})
        answers: dict[str, Any] = {}
        with attacking(plan, answers):
            time.sleep(WARM_UP_S)
            journeys = self._walk()
        self._clear(plan)
        return Phase(name, journeys, answers)

    def _walk(self) -> tuple[Journey, ...]:
        guests = [Guest(self._base_url, f"198.51.100.{next(self._addresses) % 250}") for _ in range(self._journeys)]
        return tuple(guest.walk(self._code, self._selfie) for guest in guests)

    def _clear(self, plan: Plan) -> None:
        """Deletes the attackers' selfies: their backlog would otherwise delay the next phase."""
        for token in plan.tokens:
            httpx2.delete(
                f"{self._base_url}/api/my-selfie", headers={"Authorization": f"Bearer {token}"}, timeout=END_S
            )


def join_hostile(base_url: str, code: str, accounts: int) -> tuple[str, ...]:
    """Registers hostile guests of the event and returns their tokens."""
    tokens = []
    for number in range(accounts):
        form = {"event_code": code, "display_name": f"Mallory {number}", "consent_version": "1"}
        headers = {"Idempotency-Key": str(uuid4()), "X-Forwarded-For": f"203.0.113.{number + 1}"}
        answer = httpx2.post(f"{base_url}/api/guest-sessions", json=form, headers=headers, timeout=END_S)
        tokens.append(str(answer.raise_for_status().json()["access_token"]))
    return tuple(tokens)


@contextmanager
def attacking(plan: Plan, answers: dict[str, Any]) -> Iterator[None]:
    """Runs the attackers during the block; afterwards `answers` holds the responses that they received."""
    command = [sys.executable, "-m", "tests.load.siege.attacks"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdin
        try:
            process.stdin.write(plan.to_json() + "\n")
            process.stdin.flush()
            yield
            output, _ = process.communicate(timeout=END_S)
            answers.update(json.loads(output))
        finally:
            process.kill()


def as_json(phases: list[Phase], bound: float) -> dict[str, Any]:
    """The figures of a siege; `largest_ratio` is compared with the bound."""
    quiet, *attacks = phases
    ratios = {phase.name: round(phase.median_s / quiet.median_s, 2) for phase in attacks}
    return {
        "quiet_s": round(quiet.median_s, 2),
        "siege_s": round(attacks[-1].median_s, 2),
        "ratio": ratios[TOGETHER],
        "bound": bound,
        "largest_ratio": max(ratios.values()),
        "worst_s": round(max(phase.worst_s for phase in attacks), 2),
        "ratios": ratios,
        "quiet_steps_s": {step: round(quiet.step_s(step), 3) for step in STEPS},
        "siege_steps_s": {step: round(attacks[-1].step_s(step), 3) for step in STEPS},
        "answers": {phase.name: phase.answers for phase in attacks},
    }
