"""Consent to the use of one's face: given and withdrawn."""

from fastapi import APIRouter

from gateway.accounts import schemas as shapes
from gateway.errors.openapi import JSON_BODY, SIGNED, problems
from gateway.http.authentication import Signed
from gateway.http.body import JsonRoute
from protos.auth.v1 import auth_pb2 as pb

router = APIRouter(prefix="/api", tags=["accounts"], route_class=JsonRoute)


@router.post(
    "/me/consents", status_code=204, responses=problems("event_not_found", "user_not_found", *SIGNED, *JSON_BODY)
)
async def record_consent(form: shapes.Consent, backend: Signed) -> None:
    """Consent to the use of one's face in an event joined without consent; from then on, an active selfie is searched
    there."""
    request = pb.RecordConsentRequest(
        event_id=str(form.event_id), consent_version=form.consent_version, consent_language=form.consent_language
    )
    await backend.auth.RecordConsent(request)


@router.delete("/me/consents", status_code=204, responses=problems("user_not_found", *SIGNED))
async def withdraw_consent(backend: Signed) -> None:
    """Withdraw every consent: the caller's selfies, the people they added, the data computed from their faces and
    their matches are deleted. The account and its events stay; a later selfie needs a new consent."""
    await backend.auth.WithdrawConsent(pb.WithdrawConsentRequest())
