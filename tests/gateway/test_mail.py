"""Notice addresses, sign-in links and unsubscribing over REST."""

from dataclasses import replace
from uuid import uuid4

import pytest
from structlog.testing import capture_logs

from gateway.http.rates import Rates
from kit.errors import InvalidInput, Violation
from protos.auth.v1 import auth_pb2 as pb
from tests.gateway.world import TOKEN, World, problem, running_world

SIGNED = {"Authorization": f"Bearer {TOKEN}"}
EVENT = str(uuid4())


class InvalidForm(InvalidInput):
    """Some fields need your attention."""


def test_a_notice_address_can_be_set_and_deleted(world: World) -> None:
    form = {"event_id": EVENT, "email": "gina@example.org", "language": "fr"}
    assert world.client.put("/api/me/notices", json=form, headers=SIGNED).status_code == 204
    assert world.services.sent("SetNotice") == pb.SetNoticeRequest(**form)
    answer = world.client.delete("/api/me/notices", params={"event_id": EVENT}, headers=SIGNED)
    assert answer.status_code == 204
    assert world.services.sent("DeleteNotice").event_id == EVENT
    assert problem(world.client.put("/api/me/notices", json=form)) == (401, "invalid_token")
    assert problem(world.client.delete("/api/me/notices", params={"event_id": EVENT})) == (401, "invalid_token")


@pytest.mark.parametrize("spoilt", [{"event_id": "x"}, {"language": "de"}, {"more": 1}, {"email": None}])
def test_an_invalid_form_is_rejected(world: World, spoilt: dict[str, object]) -> None:
    form = {"event_id": EVENT, "email": "gina@example.org", "language": "fr", **spoilt}
    assert problem(world.client.put("/api/me/notices", json=form, headers=SIGNED)) == (422, "invalid_form")


def test_an_unsubscribed_address_is_a_fault_of_its_field(world: World) -> None:
    world.answer(SetNotice=InvalidForm(violations=[Violation("email", "unsubscribed", "It was unsubscribed.")]))
    form = {"event_id": EVENT, "email": "gina@example.org"}
    answer = world.client.put("/api/me/notices", json=form, headers=SIGNED)
    assert problem(answer) == (422, "invalid_form")
    assert answer.json()["errors"][0]["reason"] == "unsubscribed"


def test_requesting_a_sign_in_link_needs_no_session(world: World) -> None:
    form = {"email": "gina@example.org", "event_code": "7K3F-9QXA"}
    answer = world.client.post("/api/sign-in-links", json=form)
    assert (answer.status_code, answer.content) == (202, b"")
    assert world.services.sent("SendSignInLink") == pb.SendSignInLinkRequest(**form, language="en")


def test_one_click_unsubscribe_works_with_and_without_a_body(world: World) -> None:
    for request in ({}, {"data": {"List-Unsubscribe": "One-Click"}}, {"files": {"List-Unsubscribe": "One-Click"}}):
        assert world.client.post("/api/unsubscribe/to-ken", **request).status_code == 204  # type: ignore[arg-type]
    assert [call.request.token for call in world.services.calls] == ["to-ken"] * 3


def test_unsubscribe_tokens_are_not_logged(world: World) -> None:
    with capture_logs() as logs:
        world.client.post("/api/unsubscribe/to-ken")
        world.client.get("/api/session")  # a line is written after its response
    # Lines of earlier requests may come late, with the same path.
    assert {line["path"] for line in logs if line["method"] == "POST"} == {"/api/unsubscribe/{token}"}
    assert "to-ken" not in str(logs)


def test_links_are_rate_limited_by_client_and_by_email() -> None:
    rates = replace(Rates(), links="3/hour", addresses="2/hour")
    with running_world(rates=rates) as world:

        def ask(email: str) -> int:
            return world.client.post("/api/sign-in-links", json={"email": email}).status_code

        assert [ask(email) for email in ("a@x.org", " A@x.org", "a@x.org", "b@x.org")] == [202, 202, 429, 429]
        assert len(world.services.calls) == 2


def test_a_session_reports_mail_support_and_notice_addresses(world: World) -> None:
    world.answer(GetUser=pb.GetUserResponse(memberships=[pb.Membership(notice_email="gina@example.org")]))
    session = world.client.get("/api/session", headers=SIGNED).json()
    assert session["server"]["mail"] is False
    assert session["me"]["events"][0]["notice_email"] == "gina@example.org"
