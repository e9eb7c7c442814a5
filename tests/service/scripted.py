"""A service whose behaviour a test writes, on real gRPC behind the edge that all services share."""

from collections.abc import Callable, Iterator
from typing import Any

from kit.identity import PUBLIC, USER, callable_by
from kit.server import Registration
from protos.matcher.v1 import matcher_pb2, matcher_pb2_grpc, photo_pb2_grpc
from protos.matcher.v1 import photo_pb2 as pb


class Script:
    """What the rpcs do; a test replaces what it needs."""

    def __init__(self) -> None:
        self.unary: Callable[[], Any] = lambda: None
        self.stream: Callable[[], Iterator[bytes]] = lambda: iter([b"one", b"two"])
        self.receive: Callable[[Iterator[Any]], Any] = lambda requests: [*requests]
        self.talk: Callable[[Iterator[Any]], Iterator[Any]] = lambda requests: (
            matcher_pb2.RematchResponse(rematch_id=request.rematch_id) for request in requests
        )


class ScriptedPhotos(photo_pb2_grpc.PhotoServiceServicer):
    """All but DeletePhoto, which is for users, are public."""

    def __init__(self, script: Script) -> None:
        self._script = script

    @callable_by(PUBLIC)
    def ListPhotos(self, request, context):
        self._script.unary()
        return pb.ListPhotosResponse(next_page_token=request.page_token)

    @callable_by(USER)
    def DeletePhoto(self, request, context):
        self._script.unary()
        return pb.DeletePhotoResponse()

    @callable_by(PUBLIC)
    def CreateDownloadToken(self, request, context):
        return pb.CreateDownloadTokenResponse()

    @callable_by(PUBLIC)
    def RetryPhoto(self, request, context):
        return pb.RetryPhotoResponse()

    @callable_by(PUBLIC)
    def RetryPhotos(self, request, context):
        return pb.RetryPhotosResponse()

    @callable_by(PUBLIC)
    def DeletePhotos(self, request, context):
        return pb.DeletePhotosResponse()

    @callable_by(PUBLIC)
    def SetVisibility(self, request, context):
        return pb.SetVisibilityResponse()

    @callable_by(PUBLIC)
    def DismissHideRequests(self, request, context):
        return pb.DismissHideRequestsResponse()

    @callable_by(PUBLIC)
    def FindKnownPhotos(self, request, context):
        return pb.FindKnownPhotosResponse()

    @callable_by(PUBLIC)
    def GetIndexState(self, request, context):
        return pb.GetIndexStateResponse()

    @callable_by(PUBLIC, long=True)
    def GetPhoto(self, request, context):
        for chunk in self._script.stream():
            yield pb.GetPhotoResponse(chunk=chunk)

    @callable_by(PUBLIC, long=True)
    def AddPhotos(self, request_iterator, context):
        self._script.receive(request_iterator)
        return pb.AddPhotosResponse()


class ScriptedMatcher(matcher_pb2_grpc.MatcherServiceServicer):
    """All public."""

    def __init__(self, script: Script) -> None:
        self._script = script

    @callable_by(PUBLIC)
    def ListMatches(self, request, context):
        return matcher_pb2.ListMatchesResponse()

    @callable_by(PUBLIC)
    def RefuseMatch(self, request, context):
        return matcher_pb2.RefuseMatchResponse()

    @callable_by(PUBLIC)
    def RestoreMatch(self, request, context):
        return matcher_pb2.RestoreMatchResponse()

    @callable_by(PUBLIC)
    def AskToHide(self, request, context):
        return matcher_pb2.AskToHideResponse()

    @callable_by(PUBLIC)
    def UndoAskToHide(self, request, context):
        return matcher_pb2.UndoAskToHideResponse()

    @callable_by(PUBLIC, long=True)
    def WatchMatches(self, request, context):
        yield matcher_pb2.WatchMatchesResponse()

    @callable_by(PUBLIC, long=True)
    def Rematch(self, request_iterator, context):
        yield from self._script.talk(request_iterator)


def photos(script: Script, servicer: type[ScriptedPhotos] = ScriptedPhotos) -> Registration:
    return Registration(
        servicer(script),
        photo_pb2_grpc.add_PhotoServiceServicer_to_server,
        pb.DESCRIPTOR.services_by_name["PhotoService"],
    )


def matcher(script: Script) -> Registration:
    return Registration(
        ScriptedMatcher(script),
        matcher_pb2_grpc.add_MatcherServiceServicer_to_server,
        matcher_pb2.DESCRIPTOR.services_by_name["MatcherService"],
    )
