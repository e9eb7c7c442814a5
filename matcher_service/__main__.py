"""Wiring and settings of matcher_service."""

import os
import sys
from pathlib import Path
from threading import Thread

from pydantic import Field
from sqlalchemy import Engine

from kit import logs, settings
from kit.blobs import Blobs
from kit.client import ServiceCalls, open_channel
from kit.db import create_db
from kit.faces.process import FaceProcess
from kit.identity import Signer, Verifier
from kit.metrics import QueueGauges, serve_metrics
from kit.migrations import migrate
from kit.server import Registration, Server
from kit.wakeups import Wakeups
from kit.worker import lower_priority, run_steps, stop_on_signals
from matcher_service.feed import follow
from matcher_service.index import Index
from matcher_service.indexer import Indexer
from matcher_service.reading import build_reader
from matcher_service.service import Matches, Members, Photos
from matcher_service.servicer import MatcherServicer, PhotoServicer
from matcher_service.store import JobStore, MatchStore, MemberStore, PhotoStore
from matcher_service.sweeper import Sweeper
from protos.matcher.v1 import matcher_pb2, matcher_pb2_grpc, photo_pb2, photo_pb2_grpc

NAME = "matcher"
TIDY_S = 30.0
SWEEP_S = 5.0


class MigrateSettings(settings.ProcessSettings, settings.DatabaseSettings):
    """python -m matcher_service migrate: bring the schema `matcher` to the newest version."""


class MatchSettings(MigrateSettings):
    """What serving and indexing share."""

    blob_url: str = Field(description="where photos are kept: file:///path or s3://bucket")
    face_tolerance: float = Field(0.6, gt=0, le=2, description="largest distance of two encodings of one person")


class IndexerSettings(MatchSettings):
    """python -m matcher_service indexer: read photos and delete what is gone."""

    image_timeout_s: float = Field(20, gt=0, le=600, description="longest time for one image; a lease is twice that")
    image_memory_mb: int = Field(2048, ge=256, description="most memory for one image")
    indexer_nice: int = Field(15, ge=0, le=19, description="how far the indexer gives way to other processes")


class ServeSettings(MatchSettings, settings.KeySettings, settings.ServerSettings):
    """python -m matcher_service: serve photos and matches over gRPC."""

    matcher_port: int = Field(50053, ge=0, le=65535, description="port to listen on; 0: any")
    auth_address: str = Field(description="auth_service, such as localhost:50051 or dns:///auth:50051")
    index_memory_mb: float = Field(512, gt=0, description="most memory for encodings")


def main() -> None:
    commands = {"serve": serve, "indexer": run_indexer, "migrate": run_migrations}
    command = next((word for word in sys.argv[1:] if not word.startswith("-")), "serve")
    if command not in commands:
        raise SystemExit(f"matcher_service: no command {command!r}; there are {', '.join(commands)}")
    commands[command]()


def serve() -> None:
    config = settings.load(ServeSettings)
    logs.configure(NAME, config.log_level, config.log_format == "json")
    stop = stop_on_signals()
    db = _open_db(config, NAME)
    calls = ServiceCalls(Signer.read(NAME, config.signing_key))
    member_store, match_store = MemberStore(db), MatchStore(db)
    feed = follow(open_channel(config.auth_address, config), calls, member_store)
    members = Members(member_store, feed.catch_up)
    index = Index(match_store.load_faces, config.index_memory_mb)
    photos = Photos(PhotoStore(db), members, Blobs(config.blob_url), feed.catch_up)
    matches = Matches(match_store, index, members, config.face_tolerance)
    serve_metrics(config.metrics_port)

    def tidy() -> bool:
        stop.wait(TIDY_S)
        index.tidy(match_store.versions)
        return True

    server = Server(config, config.matcher_port, Verifier.read(config.minois_keys), registrations(matches, photos))
    threads = [
        Thread(target=feed.run, args=(stop,), name="feed", daemon=True),
        Thread(target=run_steps, args=(tidy, stop.wait, stop, "tidy"), name="tidy", daemon=True),
    ]
    for thread in threads:
        thread.start()
    server.run_until(stop)


def run_indexer() -> None:
    config = settings.load(IndexerSettings)
    logs.configure("indexer", config.log_level, config.log_format == "json")
    stop = stop_on_signals()
    lower_priority(config.indexer_nice)
    db, blobs = _open_db(config, "indexer"), Blobs(config.blob_url)
    store = JobStore(db)
    serve_metrics(config.metrics_port, QueueGauges("photo", store.queue_depth))
    reader = FaceProcess(build_reader, config.image_timeout_s, config.image_memory_mb)
    indexer = Indexer(store, blobs, reader.call, config.face_tolerance, 2 * config.image_timeout_s)
    sweeper = Sweeper(store, blobs)
    wakeups = Wakeups(config.listen_url, "matcher_photos", config.poll_interval_s, stop)
    sweeping = Thread(
        target=run_steps, args=(sweeper.step, lambda: stop.wait(SWEEP_S), stop, "sweeper"), name="sweeper", daemon=True
    )
    sweeping.start()
    reader.start()
    run_steps(lambda: indexer.step(stop), wakeups.wait, stop, "indexer")
    reader.close()


def run_migrations() -> None:
    config = settings.load(MigrateSettings)
    logs.configure(NAME, config.log_level, config.log_format == "json")
    migrate(config.database_url, "matcher", Path(__file__).parent / "migrations")


def _open_db(config: MigrateSettings, name: str) -> Engine:
    return create_db(config.database_url, config.db_pool_size, config.db_max_overflow, f"{name}-{os.getpid()}")


def registrations(matches: Matches, photos: Photos) -> list[Registration]:
    return [
        Registration(
            MatcherServicer(matches),
            matcher_pb2_grpc.add_MatcherServiceServicer_to_server,
            matcher_pb2.DESCRIPTOR.services_by_name["MatcherService"],
        ),
        Registration(
            PhotoServicer(photos),
            photo_pb2_grpc.add_PhotoServiceServicer_to_server,
            photo_pb2.DESCRIPTOR.services_by_name["PhotoService"],
        ),
    ]


if __name__ == "__main__":
    main()
