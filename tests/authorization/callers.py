"""Every kind of caller."""

# Members of the party by role.
ORGANISERS = frozenset({"organiser", "co_organiser"})
COUPLE, PHOTOGRAPHER, GUEST = "couple", "photographer", "guest"
MEMBERS = ORGANISERS | {COUPLE, PHOTOGRAPHER, GUEST}
# Accounts that are not members: waiting, removed, at another party, or erased.
WAITING, REMOVED, ERASED = "waiting", "removed", "erased"
ELSEWHERE = frozenset({"guest_elsewhere", "organiser_elsewhere"})
OUTSIDERS = ELSEWHERE | {WAITING, REMOVED, ERASED}
ACCOUNTS = MEMBERS | OUTSIDERS

# The token is missing, malformed, expired, or signed by a key that may not issue it.
INVALID = frozenset({"anonymous", "garbage", "expired", "forged"})
SERVICES = frozenset({"service:auth", "service:selfie", "service:matcher", "service:gateway"})
DOWNLOAD = "delegate:matcher"  # the token for an archive download of the organiser
DELEGATES = frozenset({DOWNLOAD, "delegate:selfie"})
ALL_CALLERS = ACCOUNTS | INVALID | SERVICES | DELEGATES
