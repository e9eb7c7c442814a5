"""SQL of erasures that are written to the ledger, which survives a restore."""

from kit.erasure.store import ErasureLog


class LedgerStore(ErasureLog):
    """The queue of the ledger."""

    schema = "matcher"


note_erased = LedgerStore.note
