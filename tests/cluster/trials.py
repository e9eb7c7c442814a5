"""What Minois in a cluster has to stand: a journey; new keys, upgrades and drains under load; killed pods."""

import re
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from alembic.script import ScriptDirectory

import selfie_service
from deploy.rest import Person
from deploy.sample import SampleEvent
from tests.chaos.rolling import PASSWORD, SPOILED, Party, Told, ask_database, under_load, wait_until_settled
from tests.cluster import archives, guide
from tests.cluster.control_plane import wait_until
from tests.cluster.real import NAMESPACE, Installation, local_release

ORGANISER = "olga"
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
READ_S = 600.0
DRAIN_S = 60
BREATH_S = 5.0  # of load before and after something happens

Act = Callable[[Installation, Party], None]


@contextmanager
def step(what: str) -> Iterator[None]:
    started = time.monotonic()
    yield
    print(f"{what}: {time.monotonic() - started:.1f} s", flush=True)


def install(minois: Installation) -> None:
    """By the commands of the documentation, from an empty cluster to the first organiser."""
    with step("from applying on an empty cluster until everything is ready"):
        printed = minois.follow(*guide.INSTALL)
        minois.wait()
    minois.read_env()
    code = re.search(r"/organiser with the code (.+?)\.", printed)
    assert code, printed
    with minois.forwarded() as url, Person(url) as organiser:
        organiser.become_first_organiser(code[1], ORGANISER, PASSWORD)


def walk(minois: Installation, sample: SampleEvent) -> list[str]:
    """Three guests find themselves in the photos of an event. Returns what is wrong."""
    faults = []
    with Person(minois.url) as organiser:
        organiser.login(ORGANISER, PASSWORD)
        event = organiser.create_event("Journey")
        photos = organiser.upload_photos(event["id"], sample.photos)
        wait_until(lambda: organiser.event(event["id"])["photos"]["pending"] == 0, "all photos are read", READ_S)
        for name, selfie in sample.selfies.items():
            with Person(minois.url) as guest:
                guest.register(name.lower(), PASSWORD, event["event_code"])
                guest.upload_selfie(selfie)
                status = guest.follow_rematch()["status"]
                found = {photo["id"] for photo in guest.my_photos()}
            expected = {photo_id for photo_id, photo in photos.items() if name in photo.people}
            print(
                f"  {name}: {status}, {len(found & expected)} of {len(expected)} photos, {len(found - expected)} wrong"
            )
            if found != expected:
                faults.append(f"{name} did not get exactly the photos that they are in")
    return faults


def under_use(what: str, act: Act) -> Callable[[Installation, SampleEvent], list[str]]:
    """A trial that acts while people use Minois. It returns the calls that failed, and what was lost."""

    def disturb(minois: Installation, sample: SampleEvent) -> list[str]:
        told = Told()
        party = Party(minois, sample, told)  # type: ignore[arg-type]  # it asks for no more than an Installation has
        party.begin()
        with step(what), under_load(party, told):
            time.sleep(BREATH_S)
            act(minois, party)
            time.sleep(BREATH_S)
        party.close()
        print(f"  {told.calls.total()} calls, {len(told.failed)} failed, {told.diverted} went to another replica")
        for fault, count in Counter(told.failed).most_common(5):
            print(f"  {count} times: {fault}")
        return [*told.failed, *lost(minois)]

    return disturb


def lost(minois: Installation) -> list[str]:
    """What was accepted and did not come to its end."""
    left = wait_until_settled(minois)  # type: ignore[arg-type]
    spoiled = ask_database(minois, SPOILED)  # type: ignore[arg-type]
    print(f"  {left} jobs unsettled, {spoiled} failed")
    return [f"{left} jobs unsettled, {spoiled} failed"] if left or spoiled else []


def rotate(minois: Installation, party: Party) -> None:
    """A new key for auth, in the documented steps, each of which restarts everything."""
    before = minois.read_secret("key-auth", "key.pem")
    minois.follow(*guide.ANNOUNCE)
    minois.follow(*guide.SWITCH)
    assert minois.read_secret("key-auth", "key.pem") != before
    party.login()  # in place of waiting until the tokens by the previous key have expired
    minois.follow(*guide.RETIRE)
    minois.read_env()


def upgrade(minois: Installation, _: Party) -> None:
    """To an image with another tag and one more migration."""
    head = ScriptDirectory(str(Path(str(selfie_service.__file__)).parent / "migrations")).get_current_head()

    def add_migration(files: Path) -> None:
        (files / VERSIONS / "9999_upgrade.py").write_text(MIGRATION.format(head=head))

    archives.derive(minois.image, f"{IMAGE}:{NEXT_TAG}", add_migration)
    minois.node.load(f"{IMAGE}:{NEXT_TAG}", archives.export(f"{IMAGE}:{NEXT_TAG}", minois.folder))
    minois.apply(local_release(minois.folder, NEXT_TAG))
    assert ask_database(minois, UPGRADED) == 1, "the migration was made"  # type: ignore[arg-type]


def roll_back(minois: Installation, _: Party) -> None:
    """To the tag before the upgrade, whose Job is made again, as after its time to live; the newer schema stays."""
    minois.control.kubectl("delete", "jobs", "--all", *NAMESPACE)
    minois.apply(local_release(minois.folder, FIRST_TAG))
    minois.control.kubectl("wait", "--for=condition=complete", f"job/migrate-{FIRST_TAG}", "--timeout=100s", *NAMESPACE)
    assert ask_database(minois, UPGRADED) == 1, "the newer schema stays"  # type: ignore[arg-type]


def drain(minois: Installation, _: Party) -> None:
    """Of two replicas of each process one is evicted and finds no other node; the budgets keep the second. The drain
    leaves PostgreSQL and the S3 server, whose data are on the node."""
    names = deployments(minois)
    minois.control.kubectl("scale", "deployment", "--all", "--replicas=2", *NAMESPACE)
    minois.wait()
    node = minois.control.read("nodes")["items"][0]["metadata"]["name"]
    options = (
        "--ignore-daemonsets",
        "--delete-emptydir-data",
        f"--pod-selector=app.kubernetes.io/name in ({','.join(names)})",
    )
    tried = minois.control.ask("drain", node, *options, f"--timeout={DRAIN_S}s")
    assert tried.returncode != 0, "no other node takes the second replicas"
    assert "disruption budget" in tried.stdout + tried.stderr, tried.stderr[-500:]
    left = count_ready(minois)
    assert {left[name] for name in names} == {1}, left
    minois.control.kubectl("uncordon", node)
    minois.wait()
    minois.control.kubectl("scale", "deployment", "--all", "--replicas=1", *NAMESPACE)
    minois.wait()


def count_ready(minois: Installation) -> dict[str, int]:
    """How many replicas of each Deployment are ready."""
    found = minois.control.read("deployments", *NAMESPACE)["items"]
    return {each["metadata"]["name"]: each["status"].get("readyReplicas", 0) for each in found}


def survive(minois: Installation, sample: SampleEvent) -> list[str]:
    """Every pod is killed in turn while people use Minois: calls may fail, nothing that was accepted may be lost."""
    told = Told()
    party = Party(minois, sample, told)  # type: ignore[arg-type]
    party.begin()
    with step("a pod of each process killed"), under_load(party, told):
        for name in deployments(minois):
            label = f"app.kubernetes.io/name={name}"
            minois.control.kubectl("delete", "pods", "-l", label, "--grace-period=0", "--force", *NAMESPACE)
            minois.wait()
    party.close()
    print(f"  {told.calls.total()} calls, {len(told.failed)} failed")
    return lost(minois)


def deployments(minois: Installation) -> list[str]:
    return list(minois.manifests.of("Deployment"))
