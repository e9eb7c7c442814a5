"""What a row of the tables says."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from tests.authorization.callers import ACCOUNTS, DELEGATES, INVALID, MEMBERS, SERVICES

FOREIGN, ABSENT, MIXED = "foreign", "absent", "mixed"


@dataclass(frozen=True)
class Row:
    """Who may make a call, and what all others are answered; answers are a code and, for a refusal, its reason.

    `name`: a route or an rpc, and after a colon what about it. `members`: the answer for the other members of the
    event. `outside`: the answer for all other accounts, and for everybody who may where the ids are those of another
    party or of nothing. `but`: other answers, by caller, and by FOREIGN, ABSENT, and MIXED: ids of things of another
    party in an event of one's own. `photo`: the photo of the party that it is about. `uses`: what a call uses up.
    """

    name: str
    may: frozenset[str]
    ok: str
    members: str
    outside: str
    but: Mapping[str, str] = field(default_factory=dict)
    photo: str = "photo_id"
    uses: frozenset[str] = frozenset()

    def expect(self, caller: str, unsigned: str, unfit: str) -> str:
        """`unsigned`: the answer for invalid tokens; `unfit`: for valid ones of other kinds of callers."""
        if caller in self.but:
            return self.but[caller]
        if caller in self.may:
            return self.ok
        if caller in INVALID:
            return unsigned
        if caller in SERVICES | DELEGATES:
            return unfit
        return self.members if caller in MEMBERS else self.outside

    def expect_elsewhere(self, where: str) -> str:
        """With ids that are not of one's own party."""
        return self.but.get(where, self.outside)


def everybody(name: str, ok: str, *uses: str, **but: str) -> Row:
    """Open to all, whatever token they bear."""
    may = ACCOUNTS | INVALID | SERVICES | DELEGATES
    return Row(name, may, ok, ok, ok, but, uses=frozenset(uses))
