"""The rules of matching (docs/matching.md): who is in which photo of an event, as a pure function."""

from matcher_service.rules.event import EventFaces, EventPeople, Limits, Outcome, Refusals, Settled
from matcher_service.rules.match import examine, match
from matcher_service.rules.two_faces import are_apart

__all__ = ["EventFaces", "EventPeople", "Limits", "Outcome", "Refusals", "Settled", "are_apart", "examine", "match"]
