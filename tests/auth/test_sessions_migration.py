"""The migration of sessions that could not be listed yet, while processes of that version still run."""

from auth_service.tokens import hash_token
from protos.auth.v1 import auth_pb2 as pb
from tests.auth.scene import AuthScene
from tests.harness.migrations import downgrade, upgrade

USER = "INSERT INTO auth.users (id) VALUES (gen_random_uuid()) RETURNING id"
# Tokens as the previous version writes them.
TOKEN = (
    "INSERT INTO auth.refresh_tokens (token_hash, family, user_id, expires_at)"
    " SELECT :hash, CAST(:family AS uuid), id, now() + interval '1 day' FROM auth.users"
)
OLD, NEW = "7d3c6a4e-2f0b-4c8e-9f43-0a4f6d1f1c11", "7d3c6a4e-2f0b-4c8e-9f43-0a4f6d1f1c12"


def test_sessions_of_the_previous_version_start_at_the_upgrade(scene: AuthScene) -> None:
    downgrade(scene.db, "auth", "0013")
    ((user_id,),) = scene.sql(USER)
    scene.sql(TOKEN, hash=hash_token("before"), family=OLD)
    upgrade(scene.db, "auth")
    scene.sql("UPDATE auth.refresh_tokens SET began_at = began_at - interval '1 minute'")
    scene.sql(TOKEN, hash=hash_token("alongside"), family=NEW)
    for token in ("before", "alongside"):
        scene.stub.RefreshToken(pb.RefreshTokenRequest(refresh_token=token))
    answer = scene.stub.ListSessions(pb.ListSessionsRequest(), metadata=scene.as_user(str(user_id)))
    assert [(one.session_id, one.device) for one in answer.sessions] == [(NEW, ""), (OLD, "")]
    old, new = answer.sessions[1], answer.sessions[0]
    assert new.create_time.seconds - old.create_time.seconds >= 59
