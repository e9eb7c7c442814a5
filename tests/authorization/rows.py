"""A row of the tables of permissions."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from tests.authorization.callers import ACCOUNTS, DELEGATES, INVALID, MEMBERS, SERVICES

FOREIGN, ABSENT, MIXED = "foreign", "absent", "mixed"


@dataclass(frozen=True)
class Row:
    """The callers who may make a call, and the responses to all callers: a code and, for a refusal, its reason.

    `name`: a route or an RPC, optionally `: ` and a variant. `members`: the response to the other members of the
    event. `outside`: the response to all other accounts, and to permitted callers for ids of another party or of
    nothing. `but`: exceptions by caller, and by FOREIGN, ABSENT, and MIXED, which means ids of things of another
    party in the caller's own event. `photo`: the photo of the party to use. `uses`: the things that a call uses up.
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
        """`unsigned`: the response to invalid tokens; `unfit`: to valid tokens of other kinds of callers."""
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
        """The expected response for ids that are not of the caller's party."""
        return self.but.get(where, self.outside)


def anyone(name: str, ok: str, *uses: str, **but: str) -> Row:
    """Open to all callers, whatever their token."""
    may = ACCOUNTS | INVALID | SERVICES | DELEGATES
    return Row(name, may, ok, ok, ok, but, uses=frozenset(uses))
