"""SQL of the setup code with which the first organiser is created."""

from sqlalchemy import Connection, Engine, text

from auth_service.domain import NewSession
from auth_service.invitations import InvalidSetupCode, OrganiserExists
from auth_service.store.accounts import NewUser, insert_user
from auth_service.store.sessions import begin_session
from kit.db.engine import transaction

HAS_ORGANISER = "EXISTS (SELECT FROM auth.users WHERE organiser)"


class SetupStore:
    """Creates the first organiser. The row of `auth.setup_codes` serves as the lock."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def is_possible(self) -> bool:
        query = text(f"SELECT FROM auth.setup_codes WHERE NOT {HAS_ORGANISER}")
        with transaction(self._engine) as connection:
            return connection.execute(query).first() is not None

    def replace_code(self, code_hash: bytes) -> bool:
        """Stores the only valid code; returns False if an organiser exists."""
        replace = text(
            f"INSERT INTO auth.setup_codes (code_hash) SELECT :hash WHERE NOT {HAS_ORGANISER}"
            " ON CONFLICT (id) DO UPDATE SET code_hash = excluded.code_hash"
        )
        with transaction(self._engine, "setup-code") as connection:
            return connection.execute(replace, {"hash": code_hash}).rowcount == 1

    def require(self, code_hash: bytes) -> None:
        """Raises OrganiserExists, InvalidSetupCode."""
        with transaction(self._engine) as connection:
            _require(connection, code_hash)

    def create_organiser(self, code_hash: bytes, user: NewUser, session: NewSession) -> bool:
        """Creates the account with its first token and uses the code up. False if the user name or address is in use.

        Raises OrganiserExists, InvalidSetupCode.
        """
        with transaction(self._engine, "first-organiser") as connection:
            _require(connection, code_hash)
            if not insert_user(connection, user):
                return False
            begin_session(connection, user.id, session)
            connection.execute(text("DELETE FROM auth.setup_codes"))
            return True


def _require(connection: Connection, code_hash: bytes) -> None:
    """Locks the code until the commit; a transaction that waited for the lock finds no row."""
    row = connection.execute(text("SELECT code_hash FROM auth.setup_codes FOR UPDATE")).first()
    # A separate statement, which sees what was committed while the lock was awaited.
    if row is None or connection.execute(text(f"SELECT {HAS_ORGANISER}")).scalar_one():
        raise OrganiserExists
    if bytes(row.code_hash) != code_hash:
        raise InvalidSetupCode
