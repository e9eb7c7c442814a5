"""Runs uvicorn with the gateway's protocol class, in one process or in several that end together."""

import os
import signal
import sys
from multiprocessing import parent_process
from socket import socket
from typing import Any

import uvicorn
from uvicorn.supervisors import Multiprocess

from kit.worker import start_thread

STARTUP_FAILURE = 3  # uvicorn's exit code

HTTP: dict[str, Any] = {
    "http": "gateway.http.protocol:Connection",  # h11, which bounds what a header may take
    "loop": "gateway.http.tls:Loop",
    "h11_max_incomplete_event_size": 32 * 1024,
    "ws": "none",
    "access_log": False,
    "log_config": None,
    "server_header": False,
    "proxy_headers": False,
    "timeout_keep_alive": 15,
}


def run(config: uvicorn.Config, sockets: list[socket]) -> None:
    """Serves on `sockets`, or on the configured address. `uvicorn.run` accepts no sockets."""
    if config.workers > 1:
        Multiprocess(config, sockets=sockets or [config.bind_socket()]).run()
        return
    server = uvicorn.Server(config)
    server.run(sockets or None)
    if not server.started:
        sys.exit(STARTUP_FAILURE)


def end_with_parent() -> None:
    """Stops this worker when its parent process has ended, even if killed: otherwise it would keep serving and hold the
    port."""
    parent = parent_process()
    if parent is None:
        return

    def follow() -> None:
        parent.join()
        os.kill(os.getpid(), signal.SIGTERM)

    start_thread(follow, "parent")
