"""The ledger of erased data, replayed after a restore."""
