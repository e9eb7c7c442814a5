"""An honest guest is served under attack from hostile accounts and connections: a short `make siege`."""

from deploy.local.system import LocalSystem
from deploy.sample.event import SampleEvent, SamplePhoto
from tests.e2e.party import Json
from tests.load.siege.attacks import Plan
from tests.load.siege.measure import TOGETHER, Siege, as_json, join_hostile

ACCOUNTS = 12
# In upload order, the guest would wait for a dozen bombs, each of which takes about as long as the guest's whole visit;
# the bound leaves room for tests that run at the same time.
BOUND = 8.0


def test_a_guest_is_not_delayed_by_attackers(
    system: LocalSystem, gallery: tuple[Json, dict[str, SamplePhoto]], sample: SampleEvent
) -> None:
    event, _ = gallery
    tokens = join_hostile(system.base_url, event["event_code"], ACCOUNTS)
    plan = Plan(system.base_url, tokens, bombs=ACCOUNTS, noise=2, drips=60, logins=8, streams=20)
    siege = Siege(system.base_url, event["event_code"], sample.selfies["Ada"], journeys=3)
    phases = siege.run(plan, together_only=True)
    result = as_json(phases, BOUND)
    assert result["ratio"] <= BOUND, result
    answers = result["answers"][TOGETHER]
    assert set(answers) == {"bombs", "noise", "drips", "logins", "streams"}, "every attacker was active"
    assert answers["bombs"].get("202", 0) >= ACCOUNTS / 2
    assert answers["streams"].get("429", 0) > 0
