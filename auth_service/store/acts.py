"""SQL of the audit log."""

from kit.audit.store import ActLog


class ActStore(ActLog):
    """The audit log of this service."""

    schema = "auth"


note_act = ActStore.note
