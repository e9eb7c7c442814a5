"""gRPC servicer of AuthService."""

from auth_service.servicer.events import AuthServicer

__all__ = ["AuthServicer"]
