"""Compares the promises of the system with its database and files once all work is settled."""

import time
from collections.abc import Sequence
from contextlib import closing
from hashlib import sha256
from pathlib import Path
from typing import Any
from uuid import UUID

import psycopg2

from kit.vault import Vault
from tests.chaos.ledger import GuestRecord, Ledger

# Work that may still be pending; each query counts its kind.
UNSETTLED = {
    "selfies": "SELECT count(*) FROM selfie.selfies WHERE state NOT IN ('active', 'rejected', 'superseded', 'deleted')",
    "rematches": "SELECT count(*) FROM selfie.enrolments WHERE published_revision < wanted_revision",
    "photos": "SELECT count(*) FROM matcher.photos WHERE state <> 'indexed'",
    "new versions": "SELECT count(*) FROM matcher.replacements",
    "files to delete": "SELECT count(*) FROM matcher.blob_deletions",
    "events to settle": "SELECT count(*) FROM matcher.settlements s"
    " JOIN matcher.events e ON e.id = s.event_id AND NOT e.gone WHERE changes > settled",
    "events to read again": "SELECT count(*) FROM matcher.rereads r"
    " JOIN matcher.events e ON e.id = r.event_id AND NOT e.gone",
    "changes": "SELECT (SELECT coalesce(max(sequence), 0) FROM auth.changes) * 2"
    " - (SELECT sequence FROM selfie.feed_cursor) - (SELECT sequence FROM matcher.feed_cursor)",
}


# Printed when work stays pending.
WITNESSES = (
    "SELECT user_id, event_id, wanted_revision, published_revision, attempt, lease_until - now(), retry_at - now()"
    " FROM selfie.enrolments WHERE published_revision < wanted_revision LIMIT 5",
    "SELECT pid, application_name, state, wait_event, now() - xact_start, left(query, 100) FROM pg_stat_activity"
    " WHERE datname = current_database()",
)


class Truth:
    """The database and the files of a system, read directly instead of through its services."""

    def __init__(self, database_url: str, blobs: Path, vault: Vault) -> None:
        self._url = database_url
        self._blobs = blobs
        self._vault = vault

    def rows(self, query: str) -> list[tuple[Any, ...]]:
        with closing(psycopg2.connect(self._url)) as connection, connection.cursor() as cursor:
            cursor.execute(query)
            return cursor.fetchall()

    def files(self) -> set[str]:
        return {str(path.relative_to(self._blobs)) for path in self._blobs.rglob("*") if path.is_file()}

    def checksum(self, key: str, person_id: str) -> str:
        """The SHA-256 of a selfie, which is decrypted first."""
        sealed = (self._blobs / key).read_bytes()
        return sha256(self._vault.of_person(UUID(person_id)).open(sealed)).hexdigest()

    def unsettled(self) -> dict[str, int]:
        counts = {name: self.rows(query)[0][0] for name, query in UNSETTLED.items()}
        return {name: count for name, count in counts.items() if count}

    def testify(self) -> list[str]:
        return [str(row) for query in WITNESSES for row in self.rows(query)]


def drain(truth: Truth, patience_s: float) -> dict[str, int]:
    """Waits until no work is pending; returns the work that still is after `patience_s`."""
    ends_at = time.monotonic() + patience_s
    while (left := truth.unsettled()) and time.monotonic() < ends_at:
        time.sleep(0.2)
    return left


def verify(truth: Truth, ledger: Ledger, event_ids: Sequence[str], grows: bool) -> None:
    """Records every violation in the ledger. `grows`: templates grow, since matches are settled by all rules."""
    _verify_accounts(truth, ledger)
    _verify_selfies(truth, ledger)
    _verify_photos(truth, ledger)
    _verify_files(truth, ledger)
    _verify_matches(truth, ledger, event_ids, grows)


def _verify_accounts(truth: Truth, ledger: Ledger) -> None:
    names = [name for (name,) in truth.rows("SELECT username FROM auth.users")]
    for guest in ledger.guests:
        if (count := names.count(guest.username)) != 1:
            ledger.violate("duplicates" if count else "lost", f"account {guest.username} exists {count} times")


def _verify_selfies(truth: Truth, ledger: Ledger) -> None:
    rows = truth.rows("SELECT id::text, user_id::text, state, revision FROM selfie.selfies ORDER BY user_id, revision")
    states = {row[0]: row[2] for row in rows}
    for guest in ledger.guests:
        kept = [selfie_id for selfie_id, user_id, _, _ in rows if user_id == guest.user_id]
        sent = [selfie.id for selfie in guest.selfies]
        for selfie_id in set(sent) - set(kept):
            ledger.violate("lost", f"selfie {selfie_id} of {guest.username}")
        if len(kept) > len(set(sent)) or len(sent) > len(set(sent)):
            ledger.violate("duplicates", f"{guest.username} sent {len(sent)} selfies, {len(kept)} are stored")
        elif kept != sent:
            ledger.violate("stale_writes", f"the selfies of {guest.username} are in the wrong order")
        for number, selfie in enumerate(guest.selfies):
            if fault := _judge(guest, number, states.get(selfie.id, "lost")):
                ledger.violate("stale_writes", f"selfie {number} of {len(sent)} of {guest.username} {fault}")


def _judge(guest: GuestRecord, number: int, state: str) -> str:
    """The fault in the final state of a selfie, or an empty string."""
    selfie = guest.selfies[number]
    was_deleted = number < guest.deleted_at
    if selfie.person is None and state == "active":
        return "shows no face and is active"
    if state == "rejected" and selfie.person is not None:
        return "is valid and was rejected"
    if state == "active" and was_deleted:
        return "was deleted and is active"
    # A valid one is also superseded when a newer, invalid one arrived before it was decided.
    if state == "active" and number < len(guest.selfies) - 1 and guest.selfies[-1].person is not None:
        return "is active although the newest is valid"
    if state == "deleted" and not was_deleted:
        return "is deleted although no one deleted it"
    if state == "superseded" and number == len(guest.selfies) - 1:
        return "is the newest and superseded"
    return ""


def _verify_photos(truth: Truth, ledger: Ledger) -> None:
    rows = truth.rows(
        "SELECT p.id::text, p.event_id::text, (SELECT count(*) FROM matcher.faces f WHERE f.photo_id = p.id)"
        " FROM matcher.photos p"
    )
    kept = {photo_id: faces for photo_id, _, faces in rows}
    promised = {photo_id: photo for photo_id, photo in ledger.photos.items() if not photo.is_deleted}
    for photo_id in set(promised) - set(kept):
        ledger.violate("lost", f"photo {photo_id}")
    for photo_id in set(kept) - set(promised):
        kind = "stale_writes" if photo_id in ledger.photos else "duplicates"
        ledger.violate(kind, f"photo {photo_id} exists although it was deleted or never acknowledged")
    versions = dict(truth.rows("SELECT id::text, encode(sha256, 'hex') FROM matcher.photos"))
    for photo_id in set(promised) & set(kept):
        if versions[photo_id] != promised[photo_id].sha256:
            ledger.violate("lost", f"the newest version of photo {photo_id}")
        if kept[photo_id] != len(promised[photo_id].people):
            ledger.violate("duplicates", f"photo {photo_id} has {kept[photo_id]} faces")


def _verify_files(truth: Truth, ledger: Ledger) -> None:
    """Every file that has a row must exist. One without a row may: it is kept for a day."""
    keys = {
        key
        for row in truth.rows(
            "SELECT upload_key, thumb_key, preview_key, original_key, medium_key FROM matcher.photos"
            " UNION ALL SELECT upload_key, NULL, NULL, NULL, NULL FROM matcher.replacements"
        )
        for key in row
        if key is not None
    }
    query = "SELECT image_key, encode(sha256, 'hex'), person_id::text FROM selfie.selfies WHERE image_key IS NOT NULL"
    selfies = {key: (digest, person) for key, digest, person in truth.rows(query)}
    missing = (keys | set(selfies)) - truth.files()
    for key in missing:
        ledger.violate("lost", f"the file {key}")
    for key in set(selfies) - missing:
        digest, person = selfies[key]
        if truth.checksum(key, person) != digest:
            ledger.violate("lost", f"the file {key} is incomplete")


def _verify_matches(truth: Truth, ledger: Ledger, event_ids: Sequence[str], grows: bool) -> None:
    active = dict(truth.rows("SELECT user_id::text, id::text FROM selfie.selfies WHERE state = 'active'"))
    found: dict[tuple[str, str], set[str]] = {}
    for user_id, event_id, photo_id in truth.rows(
        "SELECT o.user_id::text, m.event_id::text, m.photo_id::text FROM matcher.matches m"
        " JOIN matcher.people o ON (o.event_id, o.person_id) = (m.event_id, m.person_id)"
    ):
        found.setdefault((user_id, event_id), set()).add(photo_id)
    for guest in ledger.guests:
        person = next((s.person for s in guest.selfies if s.id == active.get(guest.user_id)), None)
        for event_id in event_ids:
            due = _find_due(ledger, event_id, person, grows)
            expected = due if event_id in guest.events else set()
            matched = found.get((guest.user_id, event_id), set())
            if matched != expected:
                difference = f"{len(matched - expected)} too many, {len(expected - matched)} missing of {len(expected)}"
                ledger.violate("wrong_sets", f"{guest.username}, {event_id[:8]}: {difference}")


def _find_due(ledger: Ledger, event_id: str, person: int | None, grows: bool) -> set[str]:
    """The photos of a person in an event; distant ones only if templates grow and a near one can be a template."""
    shown = {
        photo_id: photo.is_far
        for photo_id, photo in ledger.photos.items()
        if photo.event_id == event_id and not photo.is_deleted and person in photo.people
    }
    near = {photo_id for photo_id, is_far in shown.items() if not is_far}
    return set(shown) if grows and near else near
