"""Nothing in the database waits for ever."""

import grpc

from protos.auth.v1 import auth_pb2 as pb
from tests.service.auth_fixtures import AuthScene
from tests.service.calls import refused


def test_the_time_limits_belong_to_the_role(scene: AuthScene) -> None:
    limits = {"idle_in_transaction_session_timeout": "5s", "lock_timeout": "2s", "statement_timeout": "30s"}
    assert scene.sql("SELECT current_user") == [("minois",)]
    assert {name: scene.sql(f"SHOW {name}")[0][0] for name in limits} == limits
    sources = scene.sql("SELECT DISTINCT source FROM pg_settings WHERE name = ANY(:names)", names=list(limits))
    assert sources == [("user",)], "set by the role, not by the session, so a pooler may sit in between"


def test_a_call_that_waits_for_a_lock_is_told_to_come_back(scene: AuthScene) -> None:
    event, sven = scene.event(scene.organiser()), scene.stranger()
    join = pb.JoinEventRequest(event_code=event.event_code)
    with scene.db.begin() as connection:
        connection.exec_driver_sql("SET LOCAL idle_in_transaction_session_timeout = 0")
        connection.exec_driver_sql("SELECT FROM auth.events FOR UPDATE")
        with refused(grpc.StatusCode.UNAVAILABLE, "DATABASE_UNAVAILABLE"):
            scene.stub.JoinEvent(join, metadata=sven.metadata)
    assert scene.stub.JoinEvent(join, metadata=sven.metadata).event_id == event.event_id
