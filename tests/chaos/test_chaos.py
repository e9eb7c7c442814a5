"""A minute of `make chaos`, and the same run with each protection disabled."""

from threading import Thread

import pytest

from tests.chaos.faults import Faults
from tests.chaos.party import VIOLATIONS, Party, wait_for_violation
from tests.chaos.points import AMBIGUOUS
from tests.chaos.run import run_kills
from tests.chaos.twins import NAMES

KILLS = 24
PATIENCE_S = 60.0
PARTIES = 3  # some violations are rare and do not occur in every party
TWIN_PATIENCE_S = 120.0  # most violations are found within a few seconds
TWIN_GUESTS = 10


@pytest.mark.timeout(600)
def test_no_accepted_work_is_lost_while_every_process_is_killed() -> None:
    result = run_kills(KILLS, PATIENCE_S)
    assert {kind: result[kind] for kind in VIOLATIONS} == dict.fromkeys(VIOLATIONS, 0)
    assert result["kills"] >= len(result["kills_by_process"]) == 6
    assert result["accepted"] > 0
    assert result["gallery_reads"] > 0


@pytest.mark.timeout(900)
@pytest.mark.parametrize("twin", NAMES)
def test_a_missing_protection_causes_a_violation(twin: str) -> None:
    assert any(is_found(twin) for _ in range(PARTIES))


def is_found(twin: str) -> bool:
    with Party(twin, AMBIGUOUS, TWIN_GUESTS) as party:
        faults = Faults(party.system, party.folder, kills=6, lease_s=party.lease_s)
        striking = Thread(target=faults.run, args=[TWIN_PATIENCE_S])
        striking.start()
        found = wait_for_violation(party, TWIN_PATIENCE_S)
        faults.stop.set()
        striking.join()
        violations = {} if found else party.end()
    return found or any(violations[kind] for kind in VIOLATIONS if kind != "stuck")
