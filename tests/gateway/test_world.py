"""A test that fails while a gateway is running ends, and does not keep the pytest process alive."""

import subprocess
import sys
import threading

import pytest
import uvicorn

from tests.gateway import world as gateway_world
from tests.gateway.world import running_world

# The test fails while a call is still unanswered.
FAILING = """
from threading import Event, Thread
from tests.gateway.world import SIGNED, running_world
from tests.selfie.world import wait_until

with running_world(call_s=0.5) as world:
    world.answer(GetUser=lambda _: Event().wait())
    Thread(target=world.client.get, args=["/api/me"], kwargs={"headers": SIGNED}, daemon=True).start()
    wait_until(lambda: "GetUser" in world.services.running)
    raise SystemExit("the test has failed")
"""


def test_a_gateway_that_does_not_start_in_time_is_stopped(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gateway_world, "START_S", 0.0)
    monkeypatch.setattr(gateway_world.GatewayServer, "startup", uvicorn.Server.startup)  # never sets `listening`
    before = set(threading.enumerate())
    with pytest.raises(AssertionError), running_world():
        pass
    assert not [thread.name for thread in set(threading.enumerate()) - before if thread.name.startswith("gateway")]


def test_a_failing_test_exits_despite_an_unanswered_call() -> None:
    done = subprocess.run([sys.executable, "-c", FAILING], stderr=subprocess.PIPE, text=True, timeout=60)
    assert done.returncode == 1
    assert "the test has failed" in done.stderr
