"""SQL of what is erased and goes to the ledger, which outlives a restore."""

from kit.erasure.store import ErasureLog


class LedgerStore(ErasureLog):
    """The queue of the ledger."""

    schema = "selfie"


note_erased = LedgerStore.note
