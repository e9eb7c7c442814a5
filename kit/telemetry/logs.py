"""Logs: each line is one human-readable sentence with an `action` key to search for.

Never put image bytes, encodings, tokens, passwords or e-mail addresses into a line.
"""

import faulthandler
import logging
import signal
import sys

import structlog
from structlog.typing import EventDict, Processor, WrappedLogger

from kit.telemetry import traces

STDERR = 2


def configure(process: str, level: str = "INFO", json: bool = False) -> None:
    """Writes everything, including the logs of libraries, to standard output in one format.

    When the process crashes, and on each SIGUSR1, it prints the stack of every thread to standard error.
    """
    faulthandler.enable(STDERR)
    faulthandler.register(signal.SIGUSR1, STDERR)
    shared = _list_processors(process, json)
    lines = logging.getLogger("minois")  # one logger for all: finding the caller takes longer than the rest of a line
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        wrapper_class=structlog.make_filtering_bound_logger(level.upper()),
        logger_factory=lambda *_: lines,
    )
    handler = logging.StreamHandler(sys.stdout)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, _choose_renderer(json)],
        )
    )
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level.upper())
    for chatty in ("alembic", "uvicorn.access", "sse_starlette"):
        logging.getLogger(chatty).setLevel(logging.WARNING)


def _list_processors(process: str, json: bool) -> list[Processor]:
    def add_process(_: WrappedLogger, __: str, event: EventDict) -> EventDict:
        event["process"] = process
        return event

    shared: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        _add_trace,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso" if json else "%H:%M:%S.%f", utc=json),
    ]
    if json:
        shared += [add_process, structlog.processors.format_exc_info]
    return shared


def _choose_renderer(json: bool) -> Processor:
    if json:
        return structlog.processors.JSONRenderer()
    return structlog.dev.ConsoleRenderer(
        colors=False,
        pad_event_to=0,
        pad_level=False,
        exception_formatter=structlog.dev.plain_traceback,  # the default shows the values of all local variables
    )


def _add_trace(_: WrappedLogger, __: str, event: EventDict) -> EventDict:
    if trace_id := traces.trace_id():
        event["trace_id"] = trace_id
    return event


def get_logger() -> structlog.stdlib.BoundLogger:
    logger: structlog.stdlib.BoundLogger = structlog.get_logger()
    return logger
