"""The values of the protos' enums under the names that clients see."""

from gateway.enums import names_of
from protos.selfie.v1 import selfie_pb2 as pb


def test_names_have_no_prefix_and_no_zero_value() -> None:
    names = names_of(pb.RejectReason)
    assert names[pb.REJECT_REASON_NO_FACE] == "no_face"
    assert len(names) == len(pb.RejectReason.keys()) - 1
    assert pb.REJECT_REASON_UNSPECIFIED not in names
