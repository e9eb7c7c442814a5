"""Wiring and settings of matcher_service."""

import functools
import os
from collections.abc import Callable
from pathlib import Path
from threading import Event, Thread

from kit import settings
from kit.db.engine import create_db
from kit.db.migrations import await_schema, migrate
from kit.db.notices import Notices
from kit.db.sealing import require_master_key
from kit.db.wakeups import Wakeups
from kit.erasure.ledger import Ledger, LedgerWriter
from kit.faces import ImageLimits
from kit.faces.crop_process import CropProcess
from kit.faces.logo_process import LogoProcess
from kit.faces.person_process import PersonProcess
from kit.feed import Follower
from kit.rpc.client import ServiceCalls, open_channel
from kit.rpc.ended import follow_endings
from kit.rpc.identity import Signer, Verifier
from kit.rpc.server import FILES, Registration, Server
from kit.sandbox.process import Sandbox
from kit.startup import begin_process, choose_command, require_free, run_command
from kit.storage.blobs import Blobs
from kit.storage.sweeper import Sweeper
from kit.telemetry import logs
from kit.telemetry.metrics import FeedGauge, FileStoreGauge, QueueGauges, serve_metrics
from kit.vault import Vault
from kit.worker import run_every, run_steps, start_thread, stop_on_signals
from matcher_service.anomalies import Anomalies
from matcher_service.audience import Audience
from matcher_service.commands import NAME, PREFIX, check, print_token, replay_ledger, reread, run_reencryption
from matcher_service.domain import Change, Quota
from matcher_service.feed import AuthFeed
from matcher_service.index import FaceIndex
from matcher_service.indexer import Indexer
from matcher_service.logos import Logos
from matcher_service.photo_faces import PhotoFaces
from matcher_service.reading import Reading, build_reader
from matcher_service.removals import Removals
from matcher_service.rereader import Pace, Rereader, in_order
from matcher_service.rules import Limits
from matcher_service.service import Cameras, Matches, Members, Photos, TwoFaces
from matcher_service.servicer import registrations
from matcher_service.settings import (
    IndexerSettings,
    MigrateSettings,
    ServeSettings,
)
from matcher_service.settler import Settler
from matcher_service.store import (
    ActStore,
    JobStore,
    LedgerStore,
    MatchStore,
    PeopleStore,
    PurgeStore,
    RereadStore,
    SettlementStore,
    Stores,
    SwapStore,
)
from matcher_service.store.events import PHOTOS_CHANNEL
from matcher_service.store.hints import HINTS_CHANNEL
from matcher_service.store.members import is_join

MIGRATIONS = Path(__file__).parent / "migrations"
SEALED = (("matcher.people", "encodings"), ("matcher.faces", "encoding"))
STOP_S = 2.0
TIDY_S = 30.0
SWEEP_S = 5.0
SETTLE_S = 1.0
RELEASE_S = 2.0  # longest delay until open pages learn of a scheduled release


def main() -> None:
    commands: dict[str, Callable[[], None]] = {
        "serve": serve,
        "indexer": run_indexer,
        "migrate": run_migrations,
        "await-schema": wait_for_schema,
        "token": print_token,
        "check": check,
        "reread": reread,
        "reencrypt": run_reencryption,
        "replay": replay_ledger,
    }
    command, _ = choose_command("matcher_service", __doc__, commands, ("check", "reread"))
    run_command(command)


def serve(matches: type[MatchStore] = MatchStore, files: type[Blobs] = Blobs) -> None:
    config = settings.load(ServeSettings)
    begin_process(NAME, config)
    verifier, signer = Verifier.read(config.minois_keys, NAME), Signer.read(NAME, config.signing_key)
    verifier.require_match(signer)
    verifier.trust(signer)
    vault, blobs = Vault.read(config.master_key), files.connect(config, PREFIX)
    require_free(f"{config.host}:{config.matcher_port}")
    stop = stop_on_signals()
    db = create_db(config.database_url, config.db_pool_size, config.db_max_overflow, f"{NAME}-{os.getpid()}", vault)
    stores = Stores(db, matches)
    members, faces = stores.members, stores.faces
    index = FaceIndex(faces.find_version, faces.count, faces.read_page, config.index_memory_mb)
    serve_metrics(
        config,
        QueueGauges("photos", stores.jobs.read_queue),
        FileStoreGauge(blobs.find_fault),
        FeedGauge(members.cursor),
    )
    require_master_key(db, *SEALED)
    with open_channel(config.auth_address, config) as channel:
        feed = AuthFeed(channel, ServiceCalls(signer, "auth"))
        follower = Follower(feed.fetch, members.cursor, members.apply, is_join)
        following = start_thread(lambda: follower.run(stop), "feed")
        start_thread(lambda: follow_endings(feed.fetch_endings, verifier.ended, stop), "ended-sessions")
        tidy = functools.partial(index.tidy, stores.matches.find_deletions)
        run_every(tidy, TIDY_S, stop, "tidy")
        run_every(stores.releases.release_due, RELEASE_S, stop, "release")
        hints = Notices(config.listen_url, HINTS_CHANNEL)
        start_thread(lambda: hints.run(stop), "hints")
        services = _build_services(config, stores, blobs, index, follower, hints, signer)
        Server(config, config.matcher_port, verifier, services, {FILES: blobs.find_fault}).run_until(stop)
    # The closed channel has ended the follower's call.
    following.join(STOP_S)


def _build_services(
    config: ServeSettings,
    stores: Stores,
    blobs: Blobs,
    index: FaceIndex,
    follower: Follower[Change],
    hints: Notices,
    signer: Signer,
) -> list[Registration]:
    who, people = Members(stores.members, follower.catch_up), stores.people
    rules, two_faces = Limits(tolerance=config.face_tolerance), TwoFaces(people, config.photos_of_two_faces)
    matching = Matches(stores.matches, stores.refusals, index, who, rules, two_faces)
    quota = Quota(config.photos_per_event, config.guest_photos_per_day)
    photos = Photos(stores.photos, who, blobs, follower.catch_up, config.max_photo_mb * settings.MB, quota)
    logos = Logos(stores.logos, who, blobs, LogoProcess().call)
    anomalies = Anomalies(people, who, config.face_tolerance, config.accounts_of_one_face, two_faces)
    audience, cameras = Audience(stores.audience, who), Cameras(stores.cameras, who)
    found = PhotoFaces(stores.photo_faces, who, blobs, CropProcess().crop, config.face_tolerance)
    examine = PersonProcess(config.model_cache).call
    removals = Removals(stores.removals, who, index, config.face_tolerance, examine)
    return registrations(matching, photos, audience, cameras, hints, signer, anomalies, logos, found, removals)


def run_indexer(
    jobs: type[JobStore] = JobStore,
    files: type[Blobs] = Blobs,
    build: Callable[[float, Path | None, ImageLimits], Callable[[bytes], Reading]] = build_reader,
) -> None:
    config = settings.load(IndexerSettings)
    begin_process("indexer", config)
    stop = stop_on_signals()
    vault, name = Vault.read(config.master_key), f"indexer-{os.getpid()}"
    db = create_db(config.database_url, config.db_pool_size, config.db_max_overflow, name, vault)
    store, blobs = jobs(db), files.connect(config, PREFIX)
    settlements, rereads = SettlementStore(db), RereadStore(db)
    queues = {"photos": store.read_queue, "settlements": settlements.read_queue, "rereads": rereads.read_queue}
    gauges = [QueueGauges(name, read) for name, read in queues.items()]
    serve_metrics(config, *gauges, FileStoreGauge(blobs.find_fault))
    require_master_key(db, *SEALED)
    limits = ImageLimits.within(config.max_photo_mb, config.max_photo_mp, config.image_memory_mb)
    entry = functools.partial(build, config.min_face_share, config.model_cache, limits)
    engine = Sandbox(entry, Reading, config.image_timeout_s, config.image_memory_mb, config.indexer_nice)
    lease_s = 2 * config.image_timeout_s
    indexer = Indexer(store, blobs, engine.call, engine.start, config.face_tolerance, lease_s, stop)
    rules = Limits(tolerance=config.face_tolerance)
    two_faces = TwoFaces(PeopleStore(db), config.photos_of_two_faces)
    settler = Settler(settlements, rules, config.settle_max_faces, stop, two_faces)
    reading = (engine.call, engine.start, rules, config.settle_max_faces, lease_s, stop)
    rereader = Rereader(rereads, SwapStore(db), blobs, *reading, Pace(config.reread_share, config.reread_old_photos))
    wakeups = Wakeups(config.listen_url, PHOTOS_CHANNEL, config.poll_interval_s, stop)
    loops = [
        start_thread(
            lambda: run_steps(in_order(indexer.step, rereader.step), wakeups.wait, stop, "indexer"), "indexer"
        ),
        *_keep_tidy(config, ActStore(db), LedgerStore(db), PurgeStore(db), Sweeper(store, blobs), stop),
        run_every(settler.step, SETTLE_S, stop, "settler"),
    ]
    stop.wait()
    for worker in (indexer, rereader, settler):
        worker.release()
    # A reading still in progress ends with this process: its claim has already been released.
    for loop in loops:
        loop.join(STOP_S)


def _keep_tidy(
    config: IndexerSettings, acts: ActStore, ledger: LedgerStore, purge: PurgeStore, sweeper: Sweeper, stop: Event
) -> list[Thread]:
    """Starts the threads that delete files and expired data, and write the ledger."""
    return [
        run_every(sweeper.step, SWEEP_S, stop, "sweeper"),
        run_every(LedgerWriter(ledger, Ledger.connect(config)).step, SWEEP_S, stop, "ledger"),
        run_every(lambda: acts.delete_old(config.audit_days), TIDY_S, stop, "acts"),
        run_every(purge.purge, SWEEP_S, stop, "purge"),
    ]


def run_migrations() -> None:
    config = settings.load(MigrateSettings)
    logs.configure(NAME, config.log_level, config.log_format == "json")
    migrate(config.database_url, "matcher", MIGRATIONS)


def wait_for_schema() -> None:
    """Waits until the schema has the version that this code needs, while another process migrates it."""
    config = settings.load(MigrateSettings)
    logs.configure(NAME, config.log_level, config.log_format == "json")
    if not await_schema(config.database_url, "matcher", MIGRATIONS, stop_on_signals()):
        raise SystemExit(1)


if __name__ == "__main__":
    main()
