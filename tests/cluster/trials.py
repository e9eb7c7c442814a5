"""Trials of Minois in a cluster: guests find their photos, a key is rotated under load, pods are killed."""

import re
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from deploy.rest import Person
from deploy.sample.event import SampleEvent
from tests.chaos.rolling import PASSWORD, SPOILED, Load, Party, ask_database, under_load, wait_until_settled
from tests.cluster import guide
from tests.cluster.control_plane import wait_until
from tests.cluster.real import NAMESPACE, Installation

ORGANISER = "olga"
READ_S = 600.0
LOAD_S = 5.0  # load before and after the action of a trial

Act = Callable[[Installation, Party], None]


@contextmanager
def step(what: str) -> Iterator[None]:
    started = time.monotonic()
    yield
    print(f"{what}: {time.monotonic() - started:.1f} s", flush=True)


def install(minois: Installation) -> None:
    """Runs the documented commands, from an empty cluster to the first organiser."""
    with step("installation in an empty cluster"):
        printed = minois.follow(*guide.INSTALL)
        minois.wait()
    minois.read_env()
    code = re.search(r"/organiser with the code (.+?)\.", printed)
    assert code, printed
    with minois.forwarded() as url, Person(url) as organiser:
        organiser.become_first_organiser(code[1], ORGANISER, PASSWORD)


def walk(minois: Installation, sample: SampleEvent, suffix: str = "") -> list[str]:
    """Three guests, named with a suffix, find themselves in the photos of an event. Returns the faults."""
    faults = []
    with Person(minois.url) as organiser:
        organiser.login(ORGANISER, PASSWORD)
        event = organiser.create_event("Journey")
        photos = organiser.upload_photos(event["id"], sample.photos)
        wait_until(lambda: organiser.event(event["id"])["photos"]["pending"] == 0, "all photos are read", READ_S)
        for name, selfie in sample.selfies.items():
            with Person(minois.url) as guest:
                guest.register(name.lower() + suffix, PASSWORD, event["event_code"])
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
    """A trial that runs `act` under load. It returns the failed calls and the lost work."""

    def disturb(minois: Installation, sample: SampleEvent) -> list[str]:
        load = Load()
        party = Party(minois, sample, load)  # type: ignore[arg-type]  # it uses nothing that an Installation lacks
        party.begin()
        with step(what), under_load(party, load):
            time.sleep(LOAD_S)
            act(minois, party)
            time.sleep(LOAD_S)
        party.close()
        print(f"  {load.calls.total()} calls, {len(load.failed)} failed, {load.diverted} went to another replica")
        for fault, count in Counter(load.failed).most_common(5):
            print(f"  {count} times: {fault}")
        return [*load.failed, *lost(minois)]

    return disturb


def lost(minois: Installation) -> list[str]:
    """Accepted work that was never completed."""
    left = wait_until_settled(minois)  # type: ignore[arg-type]
    spoiled = ask_database(minois, SPOILED)  # type: ignore[arg-type]
    print(f"  {left} jobs unsettled, {spoiled} failed")
    return [f"{left} jobs unsettled, {spoiled} failed"] if left or spoiled else []


def rotate(minois: Installation, party: Party) -> None:
    """Rotates the key of auth in the documented steps, each of which restarts every process."""
    before = minois.read_secret("key-auth", "key.pem")
    minois.follow(*guide.ANNOUNCE)
    minois.follow(*guide.SWITCH)
    assert minois.read_secret("key-auth", "key.pem") != before
    party.login()  # instead of waiting for the tokens of the previous key to expire
    minois.follow(*guide.RETIRE)
    minois.read_env()


def count_ready(minois: Installation) -> dict[str, int]:
    """The number of ready replicas of each Deployment."""
    found = minois.control.read("deployments", *NAMESPACE)["items"]
    return {each["metadata"]["name"]: each["status"].get("readyReplicas", 0) for each in found}


def survive(minois: Installation, sample: SampleEvent) -> list[str]:
    """Kills every pod in turn under load: calls may fail, but no accepted work may be lost."""
    load = Load()
    party = Party(minois, sample, load)  # type: ignore[arg-type]
    party.begin()
    with step("a pod of each process killed"), under_load(party, load):
        for name in deployments(minois):
            label = f"app.kubernetes.io/name={name}"
            minois.control.kubectl("delete", "pods", "-l", label, "--grace-period=0", "--force", *NAMESPACE)
            minois.wait()
    party.close()
    print(f"  {load.calls.total()} calls, {len(load.failed)} failed")
    return lost(minois)


def deployments(minois: Installation) -> list[str]:
    return list(minois.manifests.of("Deployment"))
