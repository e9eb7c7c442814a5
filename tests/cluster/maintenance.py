"""Maintenance under load: upgrades Minois, rolls it back, drains its node."""

from collections.abc import Mapping
from pathlib import Path
from subprocess import CompletedProcess

from alembic.script import ScriptDirectory

import selfie_service
from deploy.sample.event import SampleEvent
from tests.chaos.rolling import Party, ask_database
from tests.cluster import archives, guide
from tests.cluster.operations import see
from tests.cluster.real import NAMESPACE, Installation
from tests.cluster.trials import count_ready, deployments, step, under_use, walk

FIRST_TAG, NEXT_TAG = "dev", "next"
IMAGE = "localhost/minois"
VERSIONS = "opt/minois/app/selfie_service/migrations/versions"
MIGRATION = """from alembic import op

revision = "9999"
down_revision = "{head}"


def upgrade() -> None:
    op.execute("CREATE TABLE selfie.upgraded ()")
"""
UPGRADED = "SELECT count(*) FROM pg_class WHERE oid = to_regclass('selfie.upgraded')"
REFUSED = "Cannot evict pod as it would violate the pod's disruption budget"


def upgrade(minois: Installation, _: Party) -> None:
    """Upgrades to an image with another tag and one more migration."""
    head = ScriptDirectory(str(Path(str(selfie_service.__file__)).parent / "migrations")).get_current_head()

    def add_migration(files: Path) -> None:
        (files / VERSIONS / "9999_upgrade.py").write_text(MIGRATION.format(head=head))

    archives.derive(minois.image, f"{IMAGE}:{NEXT_TAG}", add_migration)
    minois.node.load(f"{IMAGE}:{NEXT_TAG}", archives.export(f"{IMAGE}:{NEXT_TAG}", minois.folder))
    minois.change_to(NEXT_TAG)
    assert ask_database(minois, UPGRADED) == 1, "the migration was made"  # type: ignore[arg-type]


def roll_back(minois: Installation, sample: SampleEvent) -> list[str]:
    """Rolls back to the previous tag: old guests see the same photos, new ones find theirs. Returns the faults."""
    before = see(minois, sample)
    faults = under_use("a rollback to the tag before", return_to_first)(minois, sample)
    if see(minois, sample) != before:
        faults.append("guests do not see after the rollback what they saw before")
    with step("guests after the rollback"):
        return faults + walk(minois, sample, suffix="-back")


def return_to_first(minois: Installation, _: Party) -> None:
    """Creates the Job of the first tag again, as after its time to live; the newer schema stays."""
    minois.control.kubectl("delete", "jobs", "--all", *NAMESPACE)
    minois.change_to(FIRST_TAG)
    minois.control.kubectl("wait", "--for=condition=complete", f"job/migrate-{FIRST_TAG}", "--timeout=100s", *NAMESPACE)
    assert ask_database(minois, UPGRADED) == 1, "the newer schema stays"  # type: ignore[arg-type]


def drain(minois: Installation, _: Party) -> None:
    """Drains the only node: of two replicas of each process one is evicted, and the budgets keep the second."""
    minois.follow(*guide.TWO_REPLICAS)
    minois.wait()
    tried = minois.attempt(*guide.DRAIN)
    ready = count_ready(minois)
    print(f"  evictions refused: {tried.stderr.count(REFUSED)}; ready before the node accepts pods again: {ready}")
    minois.follow(*guide.UNCORDON)
    minois.wait()
    minois.follow(*guide.ONE_REPLICA)
    minois.wait()
    assert not (wrong := faults_of_drain(tried, ready, deployments(minois))), wrong


def faults_of_drain(tried: CompletedProcess[str], ready: Mapping[str, int], names: list[str]) -> list[str]:
    """The faults of a drain without another node: it must fail, with one replica of each process left."""
    faults = [f"{name} had {ready.get(name, 0)} ready" for name in names if ready.get(name, 0) != 1]
    if tried.returncode == 0:
        faults.append("the drain succeeded")
    if REFUSED not in tried.stderr:
        faults.append(f"no eviction was refused: {tried.stderr[-500:]}")
    return faults
