"""The commands of auth_service, and their wiring."""

import os
from collections.abc import Callable
from functools import partial
from pathlib import Path
from threading import Event, Thread

from auth_service.announcer import Announcer
from auth_service.commands import NAME, add_organiser, open_stores, print_reset_link, replay_ledger
from auth_service.domain import Lifetimes
from auth_service.invitations import show_setup_code
from auth_service.mailer import NoticeFinder, Sender
from auth_service.matches import MatchFeed
from auth_service.passwords import Passwords
from auth_service.service import Auth
from auth_service.servicer import AuthServicer
from auth_service.settings import MailerSettings, MigrateSettings, ServeSettings
from auth_service.smtp import MailSender, MailServer
from auth_service.store import Stores
from auth_service.store.mails import MAILS_CHANNEL
from auth_service.store.notices import NOTICES_CHANNEL
from auth_service.tokens import TokenMaker
from kit import settings
from kit.db.engine import create_db
from kit.db.migrations import await_schema, migrate
from kit.db.wakeups import Wakeups
from kit.rpc.client import ServiceCalls, open_channel
from kit.rpc.ended import Endings, follow_endings
from kit.rpc.identity import Signer, Verifier
from kit.rpc.server import Registration, Server
from kit.startup import begin_process, choose_command, run_command
from kit.telemetry import logs
from kit.telemetry.logs import get_logger
from kit.telemetry.metrics import FeedGauge, QueueGauges, serve_metrics
from kit.worker import BACKOFF_S, run_every, run_steps, start_thread, stop_on_signals
from protos.auth.v1 import auth_pb2, auth_pb2_grpc

MIGRATIONS = Path(__file__).parent / "migrations"
TIDY_S = 3600.0
ANNOUNCE_S = 600.0
STOP_S = 5.0

log = get_logger()


def main() -> None:
    commands = {
        "serve": serve,
        "mailer": send_mails,
        "migrate": run_migrations,
        "await-schema": wait_for_schema,
        "add-organiser": add_organiser,
        "replay": replay_ledger,
        "reset-link": print_reset_link,
    }
    command, options = choose_command("auth_service", __doc__, commands, ("add-organiser", "reset-link"))
    run_command(lambda: command(options))


def serve(_: list[str]) -> None:
    config = settings.load(ServeSettings)
    begin_process(NAME, config)
    stop = stop_on_signals()
    auth = _build(config, stop)
    serve_metrics(config, FeedGauge(auth.changes.find_last))
    offered = False

    def tidy() -> bool:
        nonlocal offered
        if not offered:
            _offer_setup(auth)
            offered = True
        auth.tidy()
        stop.wait(TIDY_S)
        return True

    registration = Registration(
        AuthServicer(auth),
        auth_pb2_grpc.add_AuthServiceServicer_to_server,
        auth_pb2.DESCRIPTOR.services_by_name["AuthService"],
    )
    verifier = Verifier.read(config.minois_keys, NAME)
    verifier.require_match(Signer.read(NAME, config.signing_key))
    server = Server(config, config.auth_port, verifier, [registration])
    start_thread(lambda: follow_endings(partial(_find_endings, auth), verifier.ended, stop), "ended-sessions")
    Thread(target=run_steps, args=(tidy, stop.wait, stop, "tidy"), name="tidy", daemon=True).start()
    server.run_until(stop)


def send_mails(_: list[str]) -> None:
    config = settings.load(MailerSettings)
    if not config.smtp_url:
        raise settings.InvalidSetting("SMTP_URL: it is not set, so there is nothing to send")
    begin_process(f"{NAME}-mailer", config)
    stop = stop_on_signals()
    db = create_db(config.database_url, config.db_pool_size, config.db_max_overflow, f"{NAME}-mailer-{os.getpid()}")
    signer = Signer.read(NAME, config.signing_key)
    stores, make_token = Stores(db), TokenMaker(signer).make_refresh
    serve_metrics(config, QueueGauges("mails", stores.mails.read_queue))
    with open_channel(config.matcher_address, config) as channel:
        feed = MatchFeed(channel, ServiceCalls(signer, "matcher"))
        post = config.post()
        server = MailSender(
            MailServer.parse(config.smtp_url), post.sender_address, config.public_host, config.smtp_timeout_s
        )
        # An SMTP conversation has about ten responses.
        sender = Sender(stores.mails, post, server, make_token, 20 * config.smtp_timeout_s, stop)
        looker = NoticeFinder(stores.notices, feed.count, make_token)
        announcer = Announcer(stores.announcements, feed.count)
        run_every(lambda: looker.hear(feed.watch()), BACKOFF_S, stop, "hints")
        loops = [
            run_every(announcer.step, ANNOUNCE_S, stop, "announcer"),
            start_thread(lambda: _loop(looker.step, NOTICES_CHANNEL, config, stop), "looker"),
            start_thread(lambda: _loop(sender.step, MAILS_CHANNEL, config, stop), "sender"),
        ]
        stop.wait()
        sender.release()
        # Lets an e-mail in progress finish; if it takes longer, its lease expires.
        for loop in loops:
            loop.join(STOP_S)


def _loop(step: Callable[[], bool], channel: str, config: settings.DatabaseSettings, stop: Event) -> None:
    wakeups = Wakeups(config.listen_url, channel, config.poll_interval_s, stop)
    run_steps(step, wakeups.wait, stop, channel)
    wakeups.close()


def run_migrations(_: list[str]) -> None:
    config = settings.load(MigrateSettings)
    logs.configure(NAME, config.log_level, config.log_format == "json")
    migrate(config.database_url, "auth", MIGRATIONS)


def wait_for_schema(_: list[str]) -> None:
    """Waits until the schema has the version that this code requires, while another process migrates it."""
    config = settings.load(MigrateSettings)
    logs.configure(NAME, config.log_level, config.log_format == "json")
    if not await_schema(config.database_url, "auth", MIGRATIONS, stop_on_signals()):
        raise SystemExit(1)


def _offer_setup(auth: Auth) -> None:
    if code := auth.setup.offer():
        log.info(
            f"No organiser exists: create the first one on the page /organiser with the code {show_setup_code(code)}.",
            action="first_organiser",
        )


def _build(config: ServeSettings, stop: Event) -> Auth:
    signer = Signer.read(NAME, config.signing_key)
    tokens, sends_mail = TokenMaker(signer), bool(config.smtp_url)
    # The other threads stay free for codes and refreshes, regardless of the number of sign-ins.
    passwords = Passwords(max_calls=max(1, config.unary_workers * 3 // 4))
    return Auth(
        open_stores(config),
        passwords,
        tokens,
        stop,
        sends_mail,
        config.guests_of_one_phone,
        Lifetimes(config.session_days, config.guest_session_days),
        config.retention_days,
        config.audit_days,
        config.require_consent,
    )


def _find_endings(auth: Auth, after: int, wait_s: float) -> Endings:
    ended, place = auth.endings.list_after(after, wait_s)
    return Endings(tuple(one.session_id or one.user_id for one in ended), place)


if __name__ == "__main__":
    main()
