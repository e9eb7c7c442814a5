"""Every kind of caller."""

# Members of the party, by what they may do there.
ORGANISERS = frozenset({"organiser", "co_organiser"})
COUPLE, PHOTOGRAPHER, GUEST = "couple", "photographer", "guest"
MEMBERS = ORGANISERS | {COUPLE, PHOTOGRAPHER, GUEST}
# People with an account who are no members: they wait, were removed, are at another party, or no longer exist.
WAITING, REMOVED, ERASED = "waiting", "removed", "erased"
ELSEWHERE = frozenset({"guest_elsewhere", "organiser_elsewhere"})
OUTSIDERS = ELSEWHERE | {WAITING, REMOVED, ERASED}
ACCOUNTS = MEMBERS | OUTSIDERS

# The token is missing, is no token, has expired, or says more than its key may say.
INVALID = frozenset({"anonymous", "garbage", "expired", "forged"})
SERVICES = frozenset({"service:auth", "service:selfie", "service:matcher", "service:gateway"})
DOWNLOAD = "delegate:matcher"  # the token of an archive of the organiser's
DELEGATES = frozenset({DOWNLOAD, "delegate:selfie"})
EVERYBODY = ACCOUNTS | INVALID | SERVICES | DELEGATES
