"""The commands of selfie_service, and their wiring."""

import functools
import os
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from threading import Event, Thread

from sqlalchemy import Engine

from kit import settings
from kit.db.engine import create_db
from kit.db.migrations import await_schema, migrate
from kit.db.notices import Notices
from kit.db.sealing import require_master_key
from kit.db.wakeups import Wakeups
from kit.erasure.ledger import Ledger, LedgerWriter
from kit.errors import Fault
from kit.faces import ImageLimits
from kit.faces.validation import Examination, build_examiner
from kit.feed import Follower
from kit.memory import keep_freed_memory
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
from protos.selfie.v1 import selfie_pb2, selfie_pb2_grpc
from selfie_service.binding import BindingRule
from selfie_service.commands import NAME, PREFIX, print_token, replay_ledger, run_reencryption
from selfie_service.domain import Judge
from selfie_service.feed import AuthFeed
from selfie_service.guests import GuestSelfies
from selfie_service.images import Images
from selfie_service.lanes import MAX_NICE, SLOW_NICE, SlowRest
from selfie_service.people import People
from selfie_service.records import Records
from selfie_service.rematcher import Rematcher
from selfie_service.service import Selfies
from selfie_service.servicer import SelfieServicer
from selfie_service.settings import MigrateSettings, ServeSettings, WorkerSettings
from selfie_service.spending import Spending
from selfie_service.store import (
    ActStore,
    BindingStore,
    FeedStore,
    LeaverStore,
    LedgerStore,
    PersonStore,
    RecordStore,
    RematchStore,
    RoleStore,
    SelfieStore,
)
from selfie_service.store.changes import is_join
from selfie_service.store.hints import HINTS_CHANNEL
from selfie_service.store.people import REMATCHES_CHANNEL, SELFIES_CHANNEL
from selfie_service.worker import Validator

MIGRATIONS = Path(__file__).parent / "migrations"
# (strict, model cache, limits, quick) -> the entry point of an examining child process
BuildExaminer = Callable[[bool, Path | None, ImageLimits, bool], Callable[[bytes], Examination]]
STOP_S = 2.0
SWEEP_S = 5.0
TIDY_S = 3600.0


def main() -> None:
    commands: dict[str, Callable[[], None]] = {
        "serve": serve,
        "worker": work,
        "migrate": run_migrations,
        "await-schema": wait_for_schema,
        "token": print_token,
        "reencrypt": run_reencryption,
        "replay": replay_ledger,
    }
    command, _ = choose_command("selfie_service", __doc__, commands)
    run_command(command)


def serve(
    selfies: type[SelfieStore] = SelfieStore,
    rematches: type[RematchStore] = RematchStore,
    files: type[Blobs] = Blobs,
) -> None:
    config = settings.load(ServeSettings)
    begin_process(NAME, config)
    keep_freed_memory()
    verifier, signer = Verifier.read(config.minois_keys, NAME), Signer.read(NAME, config.signing_key)
    verifier.require_match(signer)
    vault, blobs = Vault.read(config.master_key), files.connect(config, PREFIX)
    require_free(f"{config.host}:{config.selfie_port}")
    stop = stop_on_signals()
    db = create_db(config.database_url, config.db_pool_size, config.db_max_overflow, f"{NAME}-{os.getpid()}", vault)
    store, changes = selfies(db, config.max_pending_selfies), FeedStore(db)
    _serve_metrics(config, db, blobs)
    require_master_key(db, ("selfie.people", "bound_encoding"))
    with open_channel(config.auth_address, config) as channel:
        feed = AuthFeed(channel, ServiceCalls(signer, "auth"))
        follower = Follower(feed.fetch, changes.cursor, changes.apply, is_join)
        guests = GuestSelfies(RoleStore(db), ActStore(db), feed.fetch, follower.catch_up)
        people, images = People(PersonStore(db), config.faces_per_guest), Images(blobs, vault, store.is_sealing)
        start_thread(lambda: _read_roles(guests), "roles")
        following = start_thread(lambda: follower.run(stop), "feed")
        start_thread(lambda: follow_endings(feed.fetch_endings, verifier.ended, stop), "ended-sessions")
        hints = Notices(config.listen_url, HINTS_CHANNEL)
        start_thread(lambda: hints.run(stop), "hints")
        max_bytes = config.max_selfie_mb * settings.MB
        service = Selfies(store, rematches(db), people, images, follower.catch_up, max_bytes)
        registration = Registration(
            SelfieServicer(service, people, guests, Records(RecordStore(db), images), hints),
            selfie_pb2_grpc.add_SelfieServiceServicer_to_server,
            selfie_pb2.DESCRIPTOR.services_by_name["SelfieService"],
        )
        checks = {FILES: blobs.find_fault}
        Server(config, config.selfie_port, verifier, [registration], checks).run_until(stop)
    # Closing the channel has ended the follower's call.
    following.join(STOP_S)


def work(
    selfies: type[SelfieStore] = SelfieStore,
    rematches: type[RematchStore] = RematchStore,
    files: type[Blobs] = Blobs,
    build: BuildExaminer = build_examiner,
) -> None:
    config = settings.load(WorkerSettings)
    begin_process(f"{NAME}-worker", config)
    # kit.rpc.client routes by `x-event-id`; grpc reads this before its first channel.
    os.environ.setdefault("GRPC_EXPERIMENTAL_RING_HASH_SET_REQUEST_HASH_KEY", "true")
    stop = stop_on_signals()
    vault, blobs, name = Vault.read(config.master_key), files.connect(config, PREFIX), f"{NAME}-worker-{os.getpid()}"
    db = create_db(config.database_url, config.db_pool_size, config.db_max_overflow, name, vault)
    _serve_metrics(config, db, blobs)
    require_master_key(db, ("selfie.people", "bound_encoding"))
    channel = open_channel(config.matcher_address, config, "x-event-id")
    calls = ServiceCalls(Signer.read(NAME, config.signing_key), "matcher")
    store = selfies(db)
    images = Images(blobs, vault, store.is_sealing)
    validator, patient, rest = _make_lanes(config, build, store, images, stop)
    rematcher = Rematcher(rematches(db), channel, calls, config.rematch_timeout_s, stop)
    loops = [
        *_keep_tidy(config, db, store, blobs, stop),
        start_thread(lambda: _loop(validator.step, SELFIES_CHANNEL, config, stop), "validator"),
        start_thread(lambda: run_steps(patient.step, rest.wait, stop, "slow-selfies"), "slow-validator"),
        start_thread(lambda: _loop(rematcher.step, REMATCHES_CHANNEL, config, stop), "rematcher"),
    ]
    stop.wait()
    validator.release()
    patient.release()
    rematcher.release()
    # An examination that is still running ends with this process; its claim is already released.
    for loop in loops:
        loop.join(STOP_S)
    channel.close()


def _read_roles(guests: GuestSelfies) -> None:
    """Reads roles at startup, so that organisers do not wait for it; the rest is read on demand."""
    with suppress(Fault):
        guests.read_roles()


def _keep_tidy(config: WorkerSettings, db: Engine, store: SelfieStore, blobs: Blobs, stop: Event) -> list[Thread]:
    """Starts the background loops that delete files and expired data."""
    bindings, leavers, people, acts = BindingStore(db), LeaverStore(db), PersonStore(db), ActStore(db)
    writer = LedgerWriter(LedgerStore(db), Ledger.connect(config))
    return [
        run_every(Sweeper(store, blobs).step, SWEEP_S, stop, "sweeper"),
        run_every(bindings.forget_old, SWEEP_S, stop, "bindings"),
        run_every(leavers.erase_due, SWEEP_S, stop, "leavers"),
        run_every(writer.step, SWEEP_S, stop, "ledger"),
        run_every(lambda: acts.delete_old(config.audit_days), TIDY_S, stop, "acts"),
        run_every(people.tidy, SWEEP_S, stop, "people"),
    ]


def _make_lanes(
    config: WorkerSettings, build: BuildExaminer, store: SelfieStore, images: Images, stop: Event
) -> tuple[Validator, Validator, SlowRest]:
    """Returns the quick lane, the slow lane, and how the slow lane waits."""
    quick, slow = _make_engine(config, build, is_quick=True), _make_engine(config, build, is_quick=False)
    rest = SlowRest(slow, config.poll_interval_s)
    make = functools.partial(
        Validator,
        store,
        images,
        judge=_make_judge(config),
        lease_s=2 * config.image_timeout_s,
        stop=stop,
        spending=Spending(),
    )
    validator = make(quick.call, prepare=quick.start, is_slow=False, defer=rest.wake)
    return validator, make(slow.call, prepare=lambda: None, is_slow=True), rest


def _make_engine(config: WorkerSettings, build: BuildExaminer, is_quick: bool) -> Sandbox[Examination]:
    """Returns the sandboxed child process of a lane."""
    limits = ImageLimits.within(config.max_selfie_mb, config.max_selfie_mp, config.image_memory_mb)
    return Sandbox(
        functools.partial(build, config.selfie_validation_strict, config.model_cache, limits, is_quick),
        Examination,
        config.image_timeout_s,
        config.image_memory_mb,
        config.worker_nice if is_quick else min(config.worker_nice + SLOW_NICE, MAX_NICE),
    )


def _make_judge(config: WorkerSettings) -> Judge | None:
    if config.binding_tolerance is None:
        return None
    return BindingRule(config.binding_tolerance, config.faces_per_day).judge


def run_migrations() -> None:
    config = settings.load(MigrateSettings)
    logs.configure(NAME, config.log_level, config.log_format == "json")
    migrate(config.database_url, "selfie", MIGRATIONS)


def wait_for_schema() -> None:
    """Waits until the schema has the version that this code requires, while another process migrates it."""
    config = settings.load(MigrateSettings)
    logs.configure(NAME, config.log_level, config.log_format == "json")
    if not await_schema(config.database_url, "selfie", MIGRATIONS, stop_on_signals()):
        raise SystemExit(1)


def _serve_metrics(config: settings.ProcessSettings, db: Engine, blobs: Blobs) -> None:
    serve_metrics(
        config,
        QueueGauges("selfies", SelfieStore(db).read_queue),
        QueueGauges("rematches", RematchStore(db).read_queue),
        FileStoreGauge(blobs.find_fault),
        FeedGauge(FeedStore(db).cursor),
    )


def _loop(step: Callable[[], bool], channel: str, config: settings.DatabaseSettings, stop: Event) -> None:
    wakeups = Wakeups(config.listen_url, channel, config.poll_interval_s, stop)
    run_steps(step, wakeups.wait, stop, channel)
    wakeups.close()


if __name__ == "__main__":
    main()
