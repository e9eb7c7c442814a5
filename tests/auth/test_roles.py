"""The time limits of the database role; no statement waits forever."""

import grpc
import pytest
from sqlalchemy import Engine, create_engine, text

from auth_service.store import MemberStore
from kit.db.engine import driver_url
from protos.auth.v1 import auth_pb2 as pb
from tests.auth.scene import AuthScene
from tests.harness.calls import RpcFault, read_fault
from tests.selfie.world import wait_until

LIMITS = {"idle_in_transaction_session_timeout": "5s", "lock_timeout": "2s", "statement_timeout": "30s"}
PATIENCE_S = 4.0  # of the caller: longer than lock_timeout
BRIEF_S = 0.5


def read_limits(db: Engine) -> dict[str, tuple[str, str]]:
    """Value and source of each time limit."""
    query = text("SELECT name, current_setting(name), source FROM pg_settings WHERE name = ANY(:names)")
    with db.connect() as connection:
        return {row[0]: (row[1], row[2]) for row in connection.execute(query, {"names": list(LIMITS)})}


def test_the_time_limits_belong_to_the_role(scene: AuthScene) -> None:
    """They are set on the role and not in the session, so a connection pooler can be used."""
    assert scene.sql("SELECT current_user") == [("minois",)]
    assert read_limits(scene.db) == {name: (limit, "user") for name, limit in LIMITS.items()}


def test_control_a_role_without_a_migration_has_no_limits(postgres: str) -> None:
    db = create_engine(driver_url(postgres))
    assert read_limits(db) == dict.fromkeys(LIMITS, ("0", "default"))
    db.dispose()


def join_a_locked_event(scene: AuthScene) -> RpcFault:
    """Returns the refusal of a call while another transaction locks the event's row."""
    event, sven, refusal = scene.event(scene.organiser()), scene.stranger(), RpcFault()
    join = pb.JoinEventRequest(event_code=event.event_code)
    with scene.db.begin() as connection:
        connection.exec_driver_sql("SET LOCAL idle_in_transaction_session_timeout = 0")
        connection.exec_driver_sql("SELECT FROM auth.events FOR UPDATE")
        with pytest.raises(grpc.RpcError) as raised:
            scene.stub.JoinEvent(join, metadata=sven.metadata, timeout=PATIENCE_S)
    read_fault(raised.value, refusal)
    assert scene.stub.JoinEvent(join, metadata=sven.metadata).event_id == event.event_id
    return refusal


def test_a_call_waiting_for_a_lock_fails_as_unavailable(scene: AuthScene) -> None:
    refusal = join_a_locked_event(scene)
    assert (refusal.code, refusal.reason) == (grpc.StatusCode.UNAVAILABLE, "DATABASE_UNAVAILABLE")


def test_a_statement_is_cancelled_soon_after_the_deadline_of_its_caller(scene: AuthScene) -> None:
    event, sven = scene.event(scene.organiser()), scene.stranger()
    waiting = "SELECT FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
    with scene.db.begin() as connection:
        connection.exec_driver_sql("SET LOCAL idle_in_transaction_session_timeout = 0")
        connection.exec_driver_sql("SELECT FROM auth.events FOR UPDATE")
        with pytest.raises(grpc.RpcError) as raised:
            scene.stub.JoinEvent(
                pb.JoinEventRequest(event_code=event.event_code), metadata=sven.metadata, timeout=BRIEF_S
            )
        assert raised.value.code() == grpc.StatusCode.DEADLINE_EXCEEDED
        wait_until(lambda: not scene.sql(waiting))


def test_control_without_a_lock_timeout_a_call_waits_until_its_deadline(scene: AuthScene) -> None:
    patient = create_engine(scene.db.url, connect_args={"options": "-c lock_timeout=0"})
    scene.auth.members._members = MemberStore(patient)
    assert join_a_locked_event(scene).code == grpc.StatusCode.DEADLINE_EXCEEDED
    patient.dispose()
