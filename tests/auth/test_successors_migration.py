"""The migration of refresh tokens that could have several successors."""

from auth_service.tokens import hash_token
from protos.auth.v1 import auth_pb2 as pb
from tests.auth.scene import AuthScene
from tests.harness.migrations import downgrade, upgrade

USER = "INSERT INTO auth.users (id) VALUES (gen_random_uuid())"
TOKEN = (
    "INSERT INTO auth.refresh_tokens (token_hash, family, user_id, expires_at, used_at)"
    " SELECT :hash, '7d3c6a4e-2f0b-4c8e-9f43-0a4f6d1f1c11', id, now() + interval '1 day', {used_at} FROM auth.users"
)


def refresh(scene: AuthScene, token: str) -> str:
    answer = scene.stub.RefreshToken(pb.RefreshTokenRequest(refresh_token=token))
    successor: str = answer.tokens.refresh_token
    return successor


def test_used_and_unused_tokens_of_the_previous_version_get_one_successor_each(scene: AuthScene) -> None:
    downgrade(scene.db, "auth", "0012")
    scene.sql(USER)
    scene.sql(TOKEN.format(used_at="now()"), hash=hash_token("used"))
    scene.sql(TOKEN.format(used_at="NULL"), hash=hash_token("unused"))
    upgrade(scene.db, "auth")
    assert refresh(scene, "used") == refresh(scene, "used")
    assert refresh(scene, "unused") == refresh(scene, "unused")
    assert scene.sql("SELECT count(*) FROM auth.refresh_tokens") == [(4,)]
