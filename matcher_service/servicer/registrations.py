"""The gRPC services that a server of matcher_service registers."""

from kit.db.notices import Notices
from kit.rpc.identity import Signer
from kit.rpc.server import Registration
from matcher_service.anomalies import Anomalies
from matcher_service.audience import Audience
from matcher_service.logos import Logos
from matcher_service.photo_faces import PhotoFaces
from matcher_service.removals import Removals
from matcher_service.service import Cameras, Matches, Photos
from matcher_service.servicer.matches import MatcherServicer
from matcher_service.servicer.photos import PhotoServicer
from protos.matcher.v1 import matcher_pb2, matcher_pb2_grpc, photo_pb2, photo_pb2_grpc


def registrations(
    matches: Matches,
    photos: Photos,
    audience: Audience,
    cameras: Cameras,
    hints: Notices,
    signer: Signer,
    anomalies: Anomalies,
    logos: Logos,
    faces: PhotoFaces,
    removals: Removals,
) -> list[Registration]:
    return [
        Registration(
            MatcherServicer(matches, audience, hints, anomalies, logos, faces, removals),
            matcher_pb2_grpc.add_MatcherServiceServicer_to_server,
            matcher_pb2.DESCRIPTOR.services_by_name["MatcherService"],
        ),
        Registration(
            PhotoServicer(photos, audience, cameras, signer, logos),
            photo_pb2_grpc.add_PhotoServiceServicer_to_server,
            photo_pb2.DESCRIPTOR.services_by_name["PhotoService"],
        ),
    ]
