"""Forbidden acts that tests attempt in the child of a Sandbox, and in an unconfined process as the control."""

import ctypes
import os
import socket
import tempfile
import threading
from collections.abc import Callable, Iterator


def build_doer(act: str) -> Callable[[bytes], str]:
    """A function that attempts an act; returns `done`, or the name of the error's class."""
    return lambda _: attempt(act)


def attempt(act: str) -> str:
    try:
        ACTS[act]()
    except OSError as fault:
        return type(fault).__name__
    return "done"


def open_in_a_thread() -> None:
    raised: list[OSError] = []
    thread = threading.Thread(target=lambda: raised.extend(_faults(lambda: os.open(__file__, os.O_RDONLY))))
    thread.start()
    thread.join()
    if raised:
        raise raised[0]


def _faults(act: Callable[[], object]) -> Iterator[OSError]:
    try:
        act()
    except OSError as fault:
        yield fault


def call(name: str, *arguments: object) -> None:
    libc = ctypes.CDLL(None, use_errno=True)
    if getattr(libc, name)(*arguments) < 0:
        raise OSError(ctypes.get_errno(), name)


def connect() -> None:
    """Connects to a port; a refused connection counts as success."""
    with socket.socket() as ours:
        ours.settimeout(5)
        try:
            ours.connect(("127.0.0.1", 9))
        except ConnectionRefusedError:
            return


def listen() -> None:
    with socket.socket() as ours:
        ours.bind(("127.0.0.1", 0))


def make_folder() -> None:
    os.rmdir(tempfile.mkdtemp(dir="/tmp"))


# Each act succeeds in an unconfined process.
ACTS: dict[str, Callable[[], object]] = {
    "read a file": lambda: os.open(__file__, os.O_RDONLY),
    "read a file in another thread": open_in_a_thread,
    "list a folder": lambda: os.listdir("."),
    "write a file": lambda: os.open("/tmp", os.O_TMPFILE | os.O_WRONLY),
    "make a folder": make_folder,
    "connect to a port": connect,
    "listen at a port": listen,
    "reach another machine": lambda: socket.socket(socket.AF_INET),
    "reach a process of this machine": lambda: socket.socket(socket.AF_UNIX),
    "fork": lambda: os.fork() or os._exit(0),
    "start a program": lambda: os.posix_spawn("/bin/true", ["true"], {}),
    "become a program": lambda: os.execv("/bin/true", ["true"]),
    "signal the parent": lambda: os.kill(os.getppid(), 0),
    "look into a process": lambda: call("ptrace", 16, os.getppid(), 0, 0),
    "make a file in memory": lambda: os.memfd_create("program"),
    "change its limits": lambda: call("setrlimit", 7, ctypes.create_string_buffer(16)),
    "ask for a name": lambda: call("sethostname", b"x", -1),
}
