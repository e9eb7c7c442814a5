"""The sessions of the caller."""

from uuid import UUID

from fastapi import APIRouter, Request, Response

from gateway.accounts import schemas as shapes
from gateway.errors.openapi import SIGNED, problems
from gateway.http.authentication import Signed
from gateway.http.body import JsonRoute
from gateway.http.cookies import forget_session
from gateway.http.times import epoch_s
from protos.auth.v1 import auth_pb2 as pb

router = APIRouter(prefix="/api/me/sessions", tags=["accounts"], route_class=JsonRoute)


@router.get("", responses=problems(*SIGNED))
async def list_sessions(backend: Signed) -> shapes.Sessions:
    """Where the caller is signed in, the last used first, at most 100."""
    answer = await backend.auth.ListSessions(pb.ListSessionsRequest())
    return shapes.Sessions(sessions=[_session(session) for session in answer.sessions])


@router.delete("", status_code=204, responses=problems(*SIGNED))
async def end_other_sessions(backend: Signed) -> None:
    """Sign out everywhere but here."""
    await backend.auth.EndOtherSessions(pb.EndOtherSessionsRequest())


@router.delete("/{session_id}", status_code=204, responses=problems("invalid_form", *SIGNED))
async def end_session(session_id: UUID, backend: Signed, request: Request, response: Response) -> None:
    """End one session, with its access token; succeeds if it has already ended."""
    answer = await backend.auth.EndSession(pb.EndSessionRequest(session_id=str(session_id)))
    if answer.current:
        forget_session(request, response)


def _session(session: pb.Session) -> shapes.SessionOfUser:
    return shapes.SessionOfUser(
        id=UUID(session.session_id),
        created_at=epoch_s(session, "create_time") or 0,
        last_used_at=epoch_s(session, "use_time") or 0,
        device=session.device,
        current=session.current,
    )
