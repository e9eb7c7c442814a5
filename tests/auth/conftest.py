"""Fixtures: auth_service on a real database, and its mailer connected to a real SMTP server."""

from collections.abc import Callable, Iterator

import grpc
import pytest
from sqlalchemy import Engine

from kit.rpc.identity import Signer
from protos.auth.v1 import auth_pb2 as pb
from tests.auth.mail import Mail
from tests.auth.scene import AuthScene, running_scene
from tests.harness.smtp_server import SmtpServer, running_smtp


@pytest.fixture
def scene(
    make_db: Callable[[str], Engine], serve: Callable[..., grpc.Channel], signer: Callable[[str], Signer]
) -> Iterator[AuthScene]:
    with running_scene(make_db("auth"), serve, signer) as scene:
        yield scene


@pytest.fixture(scope="module")
def shared_smtp() -> Iterator[SmtpServer]:
    with running_smtp() as smtp:
        yield smtp


@pytest.fixture
def mail(scene: AuthScene, shared_smtp: SmtpServer) -> Mail:
    shared_smtp.answers.clear()
    shared_smtp.at_rcpt.clear()
    shared_smtp.received.clear()
    shared_smtp.attempts = 0
    return Mail(scene, shared_smtp)


@pytest.fixture
def event(scene: AuthScene) -> pb.Event:
    return scene.event(scene.organiser(), "Garden <b>party</b>")
