"""SQL of the queue of erasures for the ledger, which survives a restore of the database."""

from kit.erasure.store import ErasureLog


class LedgerStore(ErasureLog):
    """The queue of the ledger for this service."""

    schema = "selfie"


note_erased = LedgerStore.note
