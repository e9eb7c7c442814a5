"""The rules of matching (docs/matching.md): who is in which photo of an event, as a pure function."""

from matcher_service.rules.event import EventFaces, EventPeople, Limits, Refusals, Settled
from matcher_service.rules.match import match

__all__ = ["EventFaces", "EventPeople", "Limits", "Refusals", "Settled", "match"]
