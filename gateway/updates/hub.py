"""The open pages of this process, and the hints of the last minutes for pages that reconnect."""

import asyncio
import secrets
from collections import OrderedDict, defaultdict, deque
from uuid import UUID

from prometheus_client import Gauge

from gateway.http.authentication import authentication_required
from gateway.http.limits import Limits
from gateway.updates.page import Hint, OpenPage, Stream
from gateway.updates.schemas import Kind
from kit.rpc.ended import EndedSessions, Endings
from kit.rpc.identity import Caller

MAX_KEPT = 10_000  # hints, and users who were erased
RELOAD_PAUSE_S = 5.0  # between two reloads of all pages
TURNS = 15  # keep-alives are spread over turns, to avoid sending all of them at once

open_pages = Gauge("updates_open_pages", "Pages that receive changes", multiprocess_mode="livesum")


class Hub:
    """Fans hints out in memory. All calls are made in one event loop."""

    def __init__(self, limits: Limits, ended: EndedSessions) -> None:
        self._limits = limits
        self._ended = ended
        self._boot_id = secrets.token_hex(4)
        self._number = self._opened = 0
        self._kept: deque[tuple[int, Hint]] = deque(maxlen=MAX_KEPT)
        self._pages: defaultdict[UUID, list[Stream]] = defaultdict(list)
        self._held: dict[Hint, bool] = {}  # sent recently; True: repeated since then
        self._erased: OrderedDict[UUID, None] = OrderedDict()
        self._is_closed = False

    def open(self, caller: Caller, last_event_id: str) -> OpenPage:
        """Raises Problem."""
        page = OpenPage(caller, self._boot_id, self._number)
        self.register(page)
        if last_event_id:
            self._resume(page, last_event_id)
        return page

    def register(self, page: Stream) -> None:
        """Keeps the page alive and sends it the hints of its user until `close`. Raises Problem."""
        if page.user_id in self._erased or self._ended.covers(page.user_id, page.session_id):
            raise authentication_required()
        self._opened += 1
        page.turn = self._opened % TURNS
        self._pages[page.user_id].append(page)
        open_pages.inc()
        if self._is_closed:
            page.end()

    def close(self, page: Stream) -> None:
        pages = self._pages[page.user_id]
        pages.remove(page)
        open_pages.dec()
        if not pages:
            del self._pages[page.user_id]

    def publish(self, hint: Hint) -> None:
        """Sends the hint now, or after `coalesce_s` if the same hint was sent recently."""
        if hint in self._held:
            self._held[hint] = True
            return
        self._held[hint] = False
        pause_s = self._limits.coalesce_s if hint.user_id else RELOAD_PAUSE_S
        asyncio.get_running_loop().call_later(pause_s, self._release, hint)
        self._number += 1
        self._kept.append((self._number, hint))
        pages = self._pages.get(hint.user_id, ()) if hint.user_id else self._all()
        for page in pages:
            if isinstance(page, OpenPage):
                page.add(self._number, hint)

    def reload_all(self) -> None:
        """Makes all pages reload, including those that reconnect, because hints may be lost; does nothing before the
        first page."""
        if self._opened:
            self.publish(Hint(Kind.RELOAD, None))

    def end_user(self, user_id: UUID) -> None:
        """Ends the streams of an erased user, and refuses new ones while their token is valid."""
        self._erased[user_id] = None
        if len(self._erased) > MAX_KEPT:
            self._erased.popitem(last=False)
        for page in self._pages.get(user_id, ()):
            page.end()

    def end_sessions(self, endings: Endings) -> None:
        """Rejects the tokens of ended sessions from now on, and ends their streams."""
        self._ended.add(endings.ids)
        for page in self._all():
            if page.session_id in endings.ids or page.user_id in endings.ids:
                page.end()

    def end_all(self) -> None:
        """Ends all streams when the process stops."""
        self._is_closed = True
        for page in self._all():
            page.end()

    async def keep_alive(self) -> None:
        """Sends the keep-alives of all pages with one timer; never returns."""
        turn = 0
        while True:
            await asyncio.sleep(self._limits.keep_alive_s / TURNS)
            turn = (turn + 1) % TURNS
            for page in self._all():
                if page.turn == turn:
                    page.keep_alive()

    def _all(self) -> list[Stream]:
        return [page for pages in self._pages.values() for page in pages]

    def _release(self, hint: Hint) -> None:
        if self._held.pop(hint):
            self.publish(hint)

    def _resume(self, page: OpenPage, last_event_id: str) -> None:
        """Sends the hints that the page has missed since that event, or one reload if they are no longer kept."""
        boot_id, _, digits = last_event_id.partition("-")
        number = int(digits) if digits.isascii() and digits.isdecimal() and len(digits) < 16 else -1
        first = self._kept[0][0] if self._kept else self._number + 1
        if boot_id != self._boot_id or not first - 1 <= number <= self._number:
            page.add(self._number, Hint(Kind.RELOAD, page.user_id))
            return
        missed = []
        for kept in reversed(self._kept):
            if kept[0] <= number:
                break
            missed.append(kept)
        for kept_number, hint in reversed(missed):
            if hint.user_id in (None, page.user_id):
                page.add(kept_number, hint)
