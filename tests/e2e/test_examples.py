"""Examples in the documents work as described."""

import json
import re
import subprocess
from collections.abc import Callable
from pathlib import Path

import grpc
from google.protobuf import json_format

from deploy.local.system import LocalSystem
from deploy.sample.event import SampleEvent, SamplePhoto
from protos.matcher.v1 import matcher_pb2 as pb
from protos.matcher.v1.matcher_pb2_grpc import MatcherServiceStub
from tests.e2e.party import Json, Person, showing

ROOT = Path(__file__).parents[2]
GRPC = ROOT / "docs" / "grpc.md"


def test_the_rematch_example_finds_photos_for_a_guest_without_a_selfie(
    system: LocalSystem,
    gallery: tuple[Json, dict[str, SamplePhoto]],
    sample: SampleEvent,
    join: Callable[[Json], Person],
) -> None:
    event, photos = gallery
    guest = join(event)
    found = re.search(r"    TOKEN=(?:.*\n)+?.*matcher.v1.MatcherService/Rematch\n", GRPC.read_text())
    assert found
    example = found[0].replace("\n    ", "\n").strip().replace("<event id>", event["id"]).replace("<user id>", guest.id)
    selfie = system.data / "ada.jpg"
    selfie.write_bytes(sample.selfies["Ada"])
    example = example.replace("var/sample/selfies/ada.jpg", str(selfie))
    # grpcurl is not required here: its input is captured instead.
    script = 'grpcurl() { printf "%s\\n" "$@"; }\n' + example
    done = subprocess.run(
        ["bash", "-e"],
        input=script,
        env={"MINOIS_DATA": str(system.data), "PATH": "/usr/bin:/bin"},
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    words = done.stdout.split("\n")
    metadata = [tuple(words[at + 1].split(": ", 1)) for at, word in enumerate(words) if word == "-H"]
    body = done.stdout.partition("\n-d\n")[2].rpartition("\nlocalhost:")[0]
    request = json_format.Parse(body, pb.RematchRequest())
    with grpc.insecure_channel(f"127.0.0.1:{system.ports['matcher']}") as channel:
        answers = list(MatcherServiceStub(channel).Rematch(iter([request]), metadata=metadata, timeout=30))
    assert [pb.RematchState.Name(answer.state)[14:] for answer in answers] == ["ACCEPTED", "RUNNING", "DONE"]
    assert json.loads(json_format.MessageToJson(answers[-1], preserving_proto_field_name=True))["matched_count"] == "8"
    assert guest.photos() == showing(photos, "Ada")
