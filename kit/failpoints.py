"""Failpoints: steps at which a process can be made to die or fail, to prove that no data is lost there.

`FAILPOINTS=photo-publish:before-commit=die:0.1,*:after-commit=fail:0.01` gives each step that matches a
pattern a probability: `die` ends the process like kill -9, `fail` raises Unavailable. When off, a step costs one check
of an empty tuple.
"""

import os
import random
import signal
from fnmatch import fnmatchcase

from kit.errors import Unavailable
from kit.telemetry.logs import get_logger

ACTIONS = ("die", "fail")

log = get_logger()

# Module-level, like the environment: a step has no constructor through which to pass it.
_armed: tuple[tuple[str, str, float], ...] = ()


class InjectedFailure(Unavailable):
    """A test made this step fail; try again shortly."""


def parse(text: str) -> tuple[tuple[str, str, float], ...]:
    """(pattern, action, chance) of each item; raises ValueError for invalid text."""
    found = []
    for item in filter(None, text.split(",")):
        pattern, _, what = item.partition("=")
        action, _, chance = what.partition(":")
        if action not in ACTIONS or not 0 <= float(chance) <= 1:
            raise ValueError(f"{item!r} is not PATTERN=die:CHANCE or PATTERN=fail:CHANCE")
        found.append((pattern.strip(), action, float(chance)))
    return tuple(found)


def arm(text: str) -> None:
    global _armed
    _armed = parse(text)


def reach(step: str, moment: str = "") -> None:
    """Marks that a step is reached; `moment` is a part of it, such as `before-commit`."""
    if _armed and step:
        _act(f"{step}:{moment}" if moment else step)


def _act(step: str) -> None:
    for pattern, action, chance in _armed:
        if fnmatchcase(step, pattern) and random.random() < chance:
            log.warning("A failpoint was hit.", action="failpoint", step=step, effect=action)
            if action == "fail":
                raise InjectedFailure
            os.kill(os.getpid(), signal.SIGKILL)
