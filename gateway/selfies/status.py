"""Combines the states of a guest's selfie and its rematches into one status with advice; pure."""

from gateway.http.times import epoch_s
from gateway.selfies.schemas import REJECTIONS, RematchStatus
from protos.selfie.v1 import selfie_pb2 as pb

ADVICE = {
    pb.REJECT_REASON_NO_FACE: (
        "No face was found. Turn the picture upright, and take it in better light, looking into the camera."
    ),
    pb.REJECT_REASON_SEVERAL_FACES: "There is more than one face. Crop the picture so that only yours is in it.",
    pb.REJECT_REASON_FACE_TOO_SMALL: "Your face is too small. Take the photo from closer.",
    pb.REJECT_REASON_TOO_DARK: "Your face is too dark. Turn towards a light.",
    pb.REJECT_REASON_TOO_BRIGHT: "Your face is too bright. Turn away from the light or step into the shade.",
    pb.REJECT_REASON_BLURRED: "The picture is blurred. Hold the camera still and wipe its lens.",
    pb.REJECT_REASON_FACE_CUT_OFF: "Your face leaves the picture. Move it to the middle.",
    pb.REJECT_REASON_UNREADABLE: "The file cannot be read. Send the picture again, or send it as a JPEG.",
    pb.REJECT_REASON_INVALID_DIMENSIONS: "The picture is too small, too narrow or too long. Send an ordinary photo.",
    pb.REJECT_REASON_TOO_MANY_PIXELS: "The picture has too many pixels. Send a smaller copy, or send it as a JPEG.",
    pb.REJECT_REASON_DIFFERENT_PERSON: (
        "This selfie shows another person than your first one. If it is you, take it again, looking into the camera. "
        "To look for another person as well, add a person."
    ),
    pb.REJECT_REASON_TOO_MANY_FACES: (
        "You have deleted your selfie and started over too often within a day. Try again tomorrow."
    ),
}
FALLBACK_ADVICE = "The selfie cannot be used. Take another one."
PROCESSING_FAILED = "The selfie could not be processed. Send it again, or send another one."
MATCHING_FAILED = "The comparison with the photos failed and will be retried automatically."


def read_status(state: pb.GetRematchStateResponse) -> RematchStatus:
    """The status of the newest upload until it is valid, then the combined status of all events of the guest."""
    started_at = epoch_s(state, "start_time")
    matched = sum(event.matched_count for event in state.events if event.state == pb.REMATCH_STATE_DONE)
    match state.selfie_state:
        case pb.SELFIE_STATE_UNSPECIFIED | pb.SELFIE_STATE_DELETED:
            return RematchStatus(status="idle", matched=0)
        case pb.SELFIE_STATE_PENDING:
            return RematchStatus(status="running", matched=0, started_at=started_at)
        case pb.SELFIE_STATE_REJECTED:
            return RematchStatus(
                status="validation_failed",
                matched=matched,
                started_at=started_at,
                reason=REJECTIONS.get(state.reject_reason, "invalid_selfie"),  # a reason of a newer service
                message=ADVICE.get(state.reject_reason, FALLBACK_ADVICE),
                has_earlier=_has_active(state),
            )
        case pb.SELFIE_STATE_ERROR:
            failed = _failed(matched, started_at, "processing_failed", PROCESSING_FAILED)
            return failed.model_copy(update={"has_earlier": _has_active(state)})
    states = {event.state for event in state.events}
    if pb.REMATCH_STATE_RUNNING in states:
        return RematchStatus(status="running", matched=matched, started_at=started_at)
    if pb.REMATCH_STATE_FAILED in states:
        return _failed(matched, started_at, "matching_failed", MATCHING_FAILED)
    finished_at = epoch_s(state, "finish_time")
    return RematchStatus(status="done", matched=matched, started_at=started_at, finished_at=finished_at)


def is_final(status: RematchStatus) -> bool:
    return status.status != "running"


def _has_active(state: pb.GetRematchStateResponse) -> bool | None:
    """Whether an earlier selfie is still compared, for a guest whose newest selfie is not active."""
    return any(event.state != pb.REMATCH_STATE_UNSPECIFIED for event in state.events) or None


def _failed(matched: int, started_at: int | None, reason: str, message: str) -> RematchStatus:
    return RematchStatus(status="error", matched=matched, started_at=started_at, reason=reason, message=message)
