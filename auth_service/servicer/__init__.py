"""AuthService on the wire."""

from auth_service.servicer.events import AuthServicer

__all__ = ["AuthServicer"]
