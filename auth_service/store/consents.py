"""SQL of members' consents."""

from uuid import UUID

from sqlalchemy import Connection, Engine, text

from auth_service.domain import ChangeKind, Consent, GivenConsent, Recorded, Role
from auth_service.store.acts import note_act
from auth_service.store.changes import append_change, append_joined
from kit.db.engine import transaction

INSERT = (
    "INSERT INTO auth.consents (user_id, event_id, version, language) SELECT m.user_id, m.event_id, :version, :language"
)
AGAIN = " ON CONFLICT (user_id, event_id, version) DO UPDATE SET given_at = now(), language = excluded.language"


class ConsentStore:
    """Consents."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def list_consents(self, user_id: UUID) -> list[Consent]:
        """Lists consents, oldest first, including withdrawn ones and those in events that were left or deleted."""
        query = text(
            """
            SELECT event_id, version, language, given_at, CAST(NULL AS timestamptz) AS withdrawn_at
            FROM auth.consents WHERE user_id = :user
            UNION ALL SELECT event_id, version, language, given_at, withdrawn_at
            FROM auth.withdrawn_consents WHERE user_id = :user
            ORDER BY given_at, event_id, version
            """
        )
        with transaction(self._engine) as connection:
            rows = connection.execute(query, {"user": user_id}).all()
        return [Consent(row.event_id, row.version, row.language, row.given_at, row.withdrawn_at) for row in rows]

    def withdraw(self, user_id: UUID) -> bool:
        """Withdraws all consents of an account, which no event searches from now on. Returns False if there is none."""
        move = text(
            """
            WITH withdrawn AS (DELETE FROM auth.consents WHERE user_id = :user RETURNING *)
            INSERT INTO auth.withdrawn_consents (user_id, event_id, version, language, given_at, withdrawn_at)
            SELECT user_id, event_id, version, language, given_at, now() FROM withdrawn
            """
        )
        lock = text("SELECT consent_withdrawn_at FROM auth.users WHERE id = :user FOR UPDATE")
        note = text("UPDATE auth.users SET consent_withdrawn_at = now() WHERE id = :user")
        user = {"user": user_id}
        with transaction(self._engine, "consent-withdraw") as connection:
            account = connection.execute(lock, user).first()  # as `lock_sessions`: blocks joins and consents
            if account is None or account.consent_withdrawn_at:
                return account is not None
            connection.execute(note, user)
            connection.execute(move, user)
            connection.execute(text("UPDATE auth.memberships SET searched = false WHERE user_id = :user"), user)
            note_act(connection, Recorded.CONSENT_WITHDRAWN, object_id=user_id)
            append_change(connection, ChangeKind.CONSENT_WITHDRAWN, user_id=user_id)
            return True


def agree(connection: Connection, event_id: UUID, user_id: UUID, consent: GivenConsent) -> bool:
    """Records a member's consent, and appends a change if their face was not searched. Returns False for a non-member.
    The account must be locked, so that no withdrawal runs concurrently."""
    record = text(
        f"{INSERT} FROM auth.memberships m WHERE m.event_id = :event AND m.user_id = :user {AGAIN}",
    )
    search = text(
        "UPDATE auth.memberships SET searched = true WHERE event_id = :event AND user_id = :user AND NOT searched"
        " RETURNING role, waiting"
    )
    values = {"user": user_id, "event": event_id, **vars(consent)}
    if connection.execute(record, values).rowcount != 1:
        return False
    _agree_again(connection, user_id)
    changed = connection.execute(search, values).first()
    if changed and not changed.waiting:
        append_joined(connection, event_id, user_id, Role(changed.role), is_searched=True)
    return True


def insert_consent(connection: Connection, user_id: UUID, event_id: UUID, consent: GivenConsent) -> None:
    query = text(
        "INSERT INTO auth.consents (user_id, event_id, version, language)"
        f" VALUES (:user, :event, :version, :language) {AGAIN}"
    )
    connection.execute(query, {"user": user_id, "event": event_id, **vars(consent)})
    _agree_again(connection, user_id)


def has_withdrawn(connection: Connection, user_id: UUID) -> bool:
    """Whether an account has withdrawn its consent and not given a new one. It is then searched nowhere."""
    query = text("SELECT FROM auth.users WHERE id = :user AND consent_withdrawn_at IS NOT NULL")
    return connection.execute(query, {"user": user_id}).first() is not None


def _agree_again(connection: Connection, user_id: UUID) -> None:
    query = text(
        "UPDATE auth.users SET consent_withdrawn_at = NULL WHERE id = :user AND consent_withdrawn_at IS NOT NULL"
    )
    connection.execute(query, {"user": user_id})
