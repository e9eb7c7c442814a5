"""Services whose behaviour a test scripts, on real gRPC behind the interceptors of all services."""

from collections.abc import Callable, Iterator
from typing import Any

from google.protobuf.descriptor import ServiceDescriptor
from google.protobuf.message_factory import GetMessageClass

from kit.rpc.identity import PUBLIC, USER, callable_by
from kit.rpc.server import Registration
from protos.matcher.v1 import matcher_pb2, matcher_pb2_grpc, photo_pb2_grpc
from protos.matcher.v1 import photo_pb2 as pb


class Script:
    """The behaviour of the RPCs; a test replaces the parts that it needs."""

    def __init__(self) -> None:
        self.unary: Callable[[], Any] = lambda: None
        self.stream: Callable[[], Iterator[bytes]] = lambda: iter([b"one", b"two"])
        self.receive: Callable[[Iterator[Any]], Any] = lambda requests: [*requests]
        self.talk: Callable[[Iterator[Any]], Iterator[Any]] = lambda requests: (
            matcher_pb2.RematchResponse(rematch_id=request.rematch_id) for request in requests
        )


def answer_the_rest(service: ServiceDescriptor) -> Callable[[type], type]:
    """Adds every missing RPC to a class, as public and with an empty response."""

    def complete(servicer: type) -> type:
        for method in service.methods:
            if method.name not in vars(servicer):
                make = GetMessageClass(method.output_type)
                setattr(servicer, method.name, callable_by(PUBLIC)(lambda *_, make=make: make()))
        return servicer

    return complete


@answer_the_rest(pb.DESCRIPTOR.services_by_name["PhotoService"])
class ScriptedPhotos(photo_pb2_grpc.PhotoServiceServicer):
    """All RPCs are public except DeletePhoto, which is for users."""

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

    @callable_by(PUBLIC, long=True)
    def GetPhoto(self, request, context):
        for chunk in self._script.stream():
            yield pb.GetPhotoResponse(chunk=chunk)

    @callable_by(PUBLIC, long=True)
    def AddPhotos(self, request_iterator, context):
        self._script.receive(request_iterator)
        return pb.AddPhotosResponse()


@answer_the_rest(matcher_pb2.DESCRIPTOR.services_by_name["MatcherService"])
class ScriptedMatcher(matcher_pb2_grpc.MatcherServiceServicer):
    """All RPCs are public."""

    def __init__(self, script: Script) -> None:
        self._script = script

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
