"""Compares the responses to callers with a row of the tables."""

from collections.abc import Iterable, Iterator
from types import ModuleType

from tests.authorization.callers import ACCOUNTS, ALL_CALLERS, ELSEWHERE, GUEST
from tests.authorization.rows import ABSENT, FOREIGN, MIXED, Row
from tests.authorization.scene import OWN, OWNED, Scene

EXAMPLES = {"organiser", GUEST}
READS = ("GET ", "Get", "List", "Check", "Count", "Watch", "Find", "LookUp")  # these change nothing


def find_faults(scene: Scene, by: ModuleType, row: Row) -> list[str]:
    """`by`: the module that makes calls. Expected refusals come first and must change nothing in any service."""
    before = {} if row.name.startswith(READS) else scene.fingerprint()
    faults = [fault for caller in sorted(ALL_CALLERS - row.may) for fault in _check(scene, by, row, caller, OWN)]
    for where in _elsewhere(scene, by, row):
        callers = ACCOUNTS - ELSEWHERE if where == FOREIGN else EXAMPLES
        for caller in sorted(row.may & callers):
            faults += _check(scene, by, row, caller, where)
    after = scene.fingerprint() if before else {}
    if changed := [table for table in before if before[table] != after[table]]:
        faults.append(f"a rejected call changed {', '.join(changed)}")
    for caller in sorted(row.may):
        faults += _check(scene, by, row, caller, OWN)
        scene.renew(row.uses, caller)
    return faults


def _elsewhere(scene: Scene, by: ModuleType, row: Row) -> Iterator[str]:
    """The other sources of ids that apply to the request."""
    ids = scene.ids("anonymous", OWN, row.photo)
    by.make(row.name, ids)
    if owned := ids.used & OWNED:
        yield from (FOREIGN, ABSENT)
    if "event_id" in owned and len(owned) > 1:
        yield MIXED


def _check(scene: Scene, by: ModuleType, row: Row, caller: str, where: str) -> Iterator[str]:
    ids = scene.ids(caller, where, row.photo)
    answer = by.call(scene, row.name, caller, ids)
    own = where == OWN
    expected = row.expect(caller, by.UNSIGNED, by.UNFIT) if own else row.expect_elsewhere(where)
    who = f"{caller} of {where} things" if not own else caller
    if str(answer) != expected:
        yield f"{who}: {answer} instead of {expected}"
    if own and caller in row.may:
        return
    if leaks := scene.leaks(answer, ids, scene.party if own else scene.other):
        yield f"{who}: the response reveals {', '.join(leaks)}"


def find_missing(names: Iterable[str], rows: Iterable[Row], where: str) -> list[str]:
    """A sentence for each route or RPC without a row, and for each row without one."""
    known, listed = set(names), {row.name.partition(": ")[0] for row in rows}
    place = f"ROWS of tests/authorization/{where}.py"
    missing = [f"No row states who may call {name}: add one to {place}." for name in sorted(known - listed)]
    return missing + [f"There is no {name}: remove its row from {place}." for name in sorted(listed - known)]
