"""An open page and its pending hints: a set of kinds and events instead of a queue, so slow readers stay bounded."""

import asyncio
from abc import ABC, abstractmethod
from collections.abc import AsyncIterator
from dataclasses import dataclass
from random import uniform
from uuid import UUID

from gateway.updates.schemas import Kind, Update
from kit.rpc.identity import Caller

MAX_PENDING = 50  # beyond this they become one reload
KEEP_ALIVE = b":\n\n"
RETRY_MS = (1000, 4000)  # when all streams end at once, pages reconnect spread over this time
SPREAD_S = 5.0


@dataclass(frozen=True)
class Hint:
    """Something changed for a user (None: for everyone); `event_id` is empty if it does not concern one
    event; `within_s`: the time over which the notified pages spread their reads."""

    kind: Kind
    user_id: UUID | None
    event_id: str = ""
    within_s: float = 0.0


class Stream(ABC):
    """The stream of a page. `turn`: when its keep-alive is sent."""

    def __init__(self, caller: Caller) -> None:
        self.user_id = caller.user_id
        self.session_id = caller.session_id
        self.turn = 0
        self.is_over = False
        self._is_kept_alive = False
        self._wake = asyncio.Event()

    def keep_alive(self) -> None:
        self._is_kept_alive = True
        self._wake.set()

    def end(self) -> None:
        self.is_over = True
        self._wake.set()

    async def events(self) -> AsyncIterator[bytes]:
        """Until `end`."""
        yield f"retry: {uniform(*RETRY_MS):.0f}\n".encode() + self._begin()
        while True:
            await self._wake.wait()
            self._wake.clear()
            if self.is_over:
                return
            is_kept_alive, self._is_kept_alive = self._is_kept_alive, False
            if chunk := self._take() or KEEP_ALIVE * is_kept_alive:
                yield chunk

    @abstractmethod
    def _begin(self) -> bytes:
        """The first event."""

    @abstractmethod
    def _take(self) -> bytes:
        """The events since then or since the last time."""


class OpenPage(Stream):
    """The stream of a page, fed by the hub. `number`: of the last hint before it."""

    def __init__(self, caller: Caller, boot_id: str, number: int) -> None:
        super().__init__(caller)
        self._boot_id = boot_id
        self._pending: dict[Hint, int] = {}
        self._first = number

    def add(self, number: int, hint: Hint) -> None:
        """Adds a hint. One already pending keeps its number, so a client that resumes gets later hints again."""
        if hint.kind is not Kind.RELOAD and len(self._pending) >= MAX_PENDING:
            hint = Hint(Kind.RELOAD, self.user_id)
        if hint.kind is Kind.RELOAD:  # supersedes all pending hints
            number = min(self._pending.values(), default=number)
            self._pending.clear()
        if not any(pending.kind is Kind.RELOAD for pending in self._pending):
            self._pending.setdefault(hint, number)
        self._wake.set()

    def _begin(self) -> bytes:
        """A cursor for a page that has received no other hint yet."""
        return self._event(self._first, Kind.HELLO, Update()).encode()

    def _take(self) -> bytes:
        pending, self._pending = self._pending, {}
        return "".join(self._event(number, hint.kind, _update(hint)) for hint, number in pending.items()).encode()

    def _event(self, number: int, kind: Kind, update: Update) -> str:
        data = update.model_dump_json(exclude_none=True)
        return f"id: {self._boot_id}-{number}\nevent: {kind.value}\ndata: {data}\n\n"


def _update(hint: Hint) -> Update:
    if hint.kind is Kind.RELOAD:
        return Update(within_s=0 if hint.user_id else SPREAD_S)
    return Update(event_id=hint.event_id or None, within_s=hint.within_s or None)
