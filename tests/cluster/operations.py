"""Operations in a cluster: autoscaling by queues, rotation of the master key, loss and restore."""

import time
from hashlib import sha256

from sqlalchemy import create_engine

from deploy.rest import Person
from deploy.sample.event import SampleEvent, SamplePhoto
from kit.db.engine import driver_url
from tests.chaos.rolling import PASSWORD, UNSETTLED, ask_database
from tests.cluster import guide
from tests.cluster.control_plane import wait_until
from tests.cluster.external_metrics import ExternalMetrics, describe_autoscaler
from tests.cluster.manifests import K8S, Manifests, build
from tests.cluster.real import NAMESPACE, Installation
from tests.cluster.trials import ORGANISER, READ_S, count_ready, step

WAITING_PHOTOS = 120  # twenty for each indexer
BATCH = 20
MANY_INDEXERS = 3
SCALE_S = 120.0


def scale(minois: Installation, sample: SampleEvent) -> list[str]:
    """Waiting photos scale up the indexers, by the query of the production overlay; afterwards one is left."""
    scaler = build(K8S / "overlays" / "production").of("ScaledObject")["indexer"]
    database = create_engine(driver_url(minois.env["DATABASE_URL"]))
    queries = [trigger["metadata"]["query"] for trigger in scaler["spec"]["triggers"]]
    with ExternalMetrics(minois.control, database, queries):
        autoscaler = Manifests("", (describe_autoscaler(scaler),))
        minois.control.kubectl("apply", "-f", "-", given=autoscaler.as_yaml())
        upload(minois, sample)
        started = time.monotonic()
        wait_until(lambda: count_ready(minois)["indexer"] >= MANY_INDEXERS, "the queue brings indexers", SCALE_S)
        print(f"  {MANY_INDEXERS} indexers were ready {time.monotonic() - started:.1f} s after {WAITING_PHOTOS} photos")
        wait_until(lambda: ask_database(minois, UNSETTLED) == 0, "all photos are read", READ_S)  # type: ignore[arg-type]
        wait_until(lambda: count_ready(minois)["indexer"] == 1, "one indexer is left", SCALE_S)
        minois.control.kubectl("delete", "hpa", "keda-hpa-indexer", *NAMESPACE)
    database.dispose()
    return []


def upload(minois: Installation, sample: SampleEvent) -> None:
    """Uploads distinct photos to a separate event."""
    jpegs = [photo.jpeg for photo in sample.photos]
    with Person(minois.url) as organiser:
        organiser.login(ORGANISER, PASSWORD)
        event = organiser.create_event("Many photos")
        for number in range(0, WAITING_PHOTOS, BATCH):
            batch = [
                SamplePhoto(f"{place}.jpg", jpegs[place % len(jpegs)] + str(place).encode(), frozenset(), 0)
                for place in range(number, number + BATCH)
            ]
            organiser.upload_photos(event["id"], batch)


def replace_master_key(minois: Installation, sample: SampleEvent) -> list[str]:
    """Rotates the master key in the documented steps; selfies must match earlier faces. Returns the faults."""
    before, key = see(minois, sample), minois.read_secret("master-key", "master.key")
    with step("a new master key, with three restarts of everything"):
        minois.follow(*guide.ANNOUNCE_MASTER)
        minois.follow(*guide.SWITCH_MASTER)
        keys = minois.read_secret("master-key", "master.key").splitlines()
        assert keys[1:] == key.splitlines(), "the previous key is the second"
        for line in minois.follow(*guide.RETIRE_MASTER).splitlines():
            if "sealed" in line:
                print(f"  {line}")
    assert minois.read_secret("master-key", "master.key").splitlines() == keys[:1]
    for name, selfie in sample.selfies.items():
        with Person(minois.url) as guest:
            guest.login(name.lower(), PASSWORD)
            guest.upload_selfie(selfie)
            guest.follow_rematch()
    return [] if see(minois, sample) == before else ["guests do not see with the new master key what they saw before"]


def lose_and_restore(minois: Installation, sample: SampleEvent) -> list[str]:
    """Backs up, deletes the namespace and all data, and restores, by the documented commands. Returns the faults."""
    before = see(minois, sample)
    minois.follow(*guide.BACK_UP)
    minois.control.kubectl("delete", "namespace", "minois", "--timeout=300s", timeout_s=320)
    minois.provide_volumes()
    with step("  restored"):
        print(minois.follow(*guide.RESTORE).splitlines()[-1])
        minois.wait()
    minois.read_env()
    return [] if see(minois, sample) == before else ["guests do not see after the restore what they saw before"]


def see(minois: Installation, sample: SampleEvent) -> dict[str, dict[str, str]]:
    """The photos of each guest, with the digest of the original."""
    seen = {}
    for name in sample.selfies:
        with Person(minois.url) as guest:
            guest.login(name.lower(), PASSWORD)
            photos = list(guest.my_photos())
            seen[name] = {photo["id"]: sha256(guest.download(photo["original_url"])).hexdigest() for photo in photos}
    assert all(seen.values())
    return seen
