"""Calls to services are retried in exactly one place."""

import ast
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[2]
PACKAGES = ("kit", "auth_service", "selfie_service", "matcher_service", "gateway")
SETTINGS = ("retryPolicy", "enable_retries", "wait_for_ready", "hedgingPolicy")

# Loops that survive a failed call without retrying it.
EXCEPTIONS = {
    "kit/rpc/retries.py",
    "gateway/photos/upload.py",  # waits for a free stream: admission
    "gateway/photos/transfer.py",  # waits for a free stream: admission
    "gateway/updates/live.py",  # continues with another page of the event, whose token is valid
    "gateway/selfies/routes.py",  # polls a state for an event stream
}


def sources() -> Iterator[tuple[str, str]]:
    for package in PACKAGES:
        for path in (ROOT / package).rglob("*.py"):
            yield path.relative_to(ROOT).as_posix(), path.read_text()


def survives_a_call(source: str) -> bool:
    """Whether a loop catches the fault of a call inside it."""
    loops = [node for node in ast.walk(ast.parse(source)) if isinstance(node, ast.While | ast.For | ast.AsyncFor)]
    inside = [node for loop in loops for node in ast.walk(loop) if isinstance(node, ast.ExceptHandler) and node.type]
    return any("RpcError" in ast.unparse(handler.type) for handler in inside if handler.type)


def test_no_grpc_retry_policy_is_configured() -> None:
    """Retry policies may hang calls (see kit.rpc.retries); transparent retries, of calls never sent, have no timer."""
    assert {path for path, source in sources() if any(f'"{name}' in source for name in SETTINGS)} == set()


def test_no_loop_retries_a_failed_call() -> None:
    assert {path for path, source in sources() if survives_a_call(source)} == EXCEPTIONS


def test_control_a_retry_loop_is_detected() -> None:
    retry = "while True:\n    try:\n        call()\n    except grpc.RpcError:\n        continue"
    assert survives_a_call(retry)
    assert not survives_a_call("try:\n    call()\nexcept grpc.RpcError:\n    raise")
