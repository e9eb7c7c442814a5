"""Two parties, and the tokens and ids of every kind of caller."""

import time
from collections.abc import Iterator
from dataclasses import dataclass
from uuid import UUID, uuid4

import jwt

from kit.rpc.identity import ALGORITHM, AUDIENCE
from tests.authorization.callers import ACCOUNTS, DELEGATES, ELSEWHERE, ERASED, SERVICES
from tests.authorization.party import TOKEN_S, Account, Party, give
from tests.authorization.rows import ABSENT, FOREIGN, MIXED
from tests.authorization.system import System
from tests.selfie.world import wait_until

OWN = "own"
SESSION = uuid4()  # of all tokens of accounts
# The ids of things that belong to an account or an event. Codes and tokens are secrets, which permit their holder.
OWNED = {
    "event_id",
    "photo_id",
    "user_id",
    "waiting_user_id",
    "camera_id",
    "invitation_id",
    "person_id",
    "session_id",
    "selfie_id",
}

OF_CALLER = {"party", "caller", "selfie", "person", "newcomer"}


class Ids(dict[str, str]):
    """The ids for one request; records which of them were used."""

    def __init__(self, ids: dict[str, str]) -> None:
        super().__init__(ids)
        self.used: set[str] = set()

    def __getitem__(self, name: str) -> str:
        self.used.add(name)
        return super().__getitem__(name)


@dataclass(frozen=True)
class Answer:
    """`code`: of HTTP or gRPC. `reason` is empty if the call succeeded."""

    code: str
    reason: str = ""
    text: str = ""

    def __str__(self) -> str:
        return f"{self.code} {self.reason}".strip()


class Scene:
    """`party` is the event that calls are about; `other` has other organisers and guests."""

    def __init__(self, system: System) -> None:
        self.system = system
        self.start_over()

    def start_over(self) -> None:
        self.party, self.other = give(self.system), give(self.system)
        self._await_gateway()

    def _await_gateway(self) -> None:
        """Waits until the gateway has read the list of ended sessions."""
        headers = {"authorization": f"Bearer {self.token(ERASED)}"}

        def is_refused() -> bool:
            if self.system.client.post("/api/events", json={}, headers=headers).status_code != 401:
                return False
            with self.system.client.stream("GET", "/api/updates", headers=headers) as answer:
                return answer.status_code == 401

        wait_until(is_refused)

    def absent(self) -> dict[str, str]:
        return {**self._ids_of(self.party, "photo_id"), **{name: str(uuid4()) for name in OWNED}}

    def account(self, caller: str) -> Account:
        party = self.other if caller in ELSEWHERE else self.party
        return party.accounts[caller.removesuffix("_elsewhere")]

    def token(self, caller: str) -> str:
        """The token of a caller; empty for an anonymous one."""
        sign, organiser = self.system.sign, UUID(self.party.accounts["organiser"].user_id)
        if caller in ACCOUNTS:
            return sign("auth").sign(self.account(caller).user_id, TOKEN_S, SESSION)
        if caller in SERVICES:
            return sign(caller.partition(":")[2]).sign_service()
        if caller in DELEGATES:
            return sign(caller.partition(":")[2]).sign_delegate(organiser, TOKEN_S)
        return {
            "anonymous": "",
            "garbage": "a.b.c",
            "expired": sign("auth").sign(str(organiser), -TOKEN_S),
            "forged": self._forge(str(organiser)),
        }[caller]

    def _forge(self, user_id: str) -> str:
        """A user token signed by selfie_service, which may not issue one."""
        claims = {"sub": user_id, "aud": AUDIENCE, "exp": int(time.time()) + TOKEN_S}
        return jwt.encode(claims, self.system.sign("selfie")._key, ALGORITHM, headers={"kid": "selfie"})

    def ids(self, caller: str, where: str, photo: str) -> Ids:
        """The ids of the party, of the other party, of nothing, or of foreign things in the own event. `photo`: the
        thing to use as the photo."""
        if where == ABSENT:
            return Ids(self.absent())
        own, other = self._ids_of(self.party, photo), self._ids_of(self.other, photo)
        if where == FOREIGN:
            return Ids(other)
        mine = self.account(caller).person_id if caller in ACCOUNTS else ""
        own["person_id"] = mine or own["person_id"]
        own["selfie_id"] = (self.account(caller).selfie_id if caller in ACCOUNTS else "") or own["selfie_id"]
        return Ids({**other, "event_id": own["event_id"]} if where == MIXED else own)

    def _ids_of(self, party: Party, photo: str) -> dict[str, str]:
        guest = party.accounts["guest"]
        named = {"event_id": party.event.event_id, "event_code": party.code}
        named |= {"person_id": guest.person_id, "selfie_id": guest.selfie_id}
        return {**party.things, **named, "photo_id": party.things[photo], "number": "0", "token": "unknown"}

    def renew(self, things: frozenset[str], caller: str) -> None:
        """Replaces what a call has used up: things of the party, the `party`, the `caller`'s account, its `selfie` or
        its `person`, or a `newcomer` from another party."""
        if "party" in things:
            self.party = give(self.system)
        for thing in sorted(things - OF_CALLER):
            self.party.make(thing)
        kind, party = caller.removesuffix("_elsewhere"), self.other if caller in ELSEWHERE else self.party
        if ("caller" in things and caller in ACCOUNTS) or ("newcomer" in things and caller in ELSEWHERE):
            party.renew(kind)
            if kind == ERASED:
                self._await_gateway()
        elif things & {"selfie", "person"} and caller in ACCOUNTS - {ERASED}:
            party.look(kind, things)

    def fingerprint(self) -> dict[str, str]:
        return self.system.fingerprint()

    def marks(self, party: Party) -> Iterator[str]:
        """Values that only members of a party may read."""
        yield party.event.name
        yield from (party.things[name] for name in party.things if name.endswith("_id"))
        yield from (account.user_id for account in party.accounts.values())

    def leaks(self, answer: Answer, ids: Ids, party: Party) -> list[str]:
        """Values of a party that a response contains although the request did not."""
        return [mark for mark in self.marks(party) if mark in answer.text and mark not in ids.values()]
