"""Received files on their way to the services."""

from collections.abc import AsyncIterator, Sequence
from typing import Any

from gateway.backends import Calls
from gateway.spool import ReceivedFile
from kit.retries import repeat_aio
from protos.matcher.v1 import photo_pb2 as pb

CHUNK_BYTES = 256 * 1024


async def send_photos(to: Calls, event_id: str, files: Sequence[ReceivedFile]) -> Any:
    """One call for all files; raises AioRpcError."""

    def begin(left_s: float) -> Any:
        return to.begin(to.photos.AddPhotos, _messages(event_id, files), left_s)

    return await repeat_aio(begin, to.limits.photos_s)


async def _messages(event_id: str, files: Sequence[ReceivedFile]) -> AsyncIterator[pb.AddPhotosRequest]:
    for file in files:
        yield pb.AddPhotosRequest(header=pb.AddPhotoHeader(event_id=event_id, filename=file.filename))
        async for chunk in file.chunks(CHUNK_BYTES):
            yield pb.AddPhotosRequest(chunk=chunk)
