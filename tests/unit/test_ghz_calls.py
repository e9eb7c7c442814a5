"""`make ghz` covers every RPC, and each of its files is valid for ghz and the contract."""

import json
import re
import string
from pathlib import Path
from typing import Any

import pytest
from google.protobuf import json_format
from google.protobuf.descriptor import MethodDescriptor
from google.protobuf.message_factory import GetMessageClass

from protos.auth.v1 import auth_pb2
from protos.matcher.v1 import matcher_pb2, photo_pb2
from protos.selfie.v1 import selfie_pb2
from tests.load.ghz.run import CALLS, call_files

METHODS: dict[str, MethodDescriptor] = {
    f"{service.full_name}/{method.name}": method
    for module in (auth_pb2, selfie_pb2, matcher_pb2, photo_pb2)
    for service in module.DESCRIPTOR.services_by_name.values()
    for method in service.methods
}
# Placeholders for values that only a running system has, by field type.
BYTES = ("PHOTO", "PHOTO_SHA256", "SELFIE")


class Samples(dict[str, str]):
    def __missing__(self, name: str) -> str:
        return {"ENCODING": "[0.5]"}.get(name, "AAAA" if name in BYTES else "a value")


def read(path: Path) -> dict[str, Any]:
    text = string.Template(path.read_text()).substitute(Samples())
    call: dict[str, Any] = json.loads(re.sub(r"{{[^}]*}}", "1", text))
    return call


def test_every_rpc_has_a_file_and_every_file_has_an_rpc() -> None:
    assert {f"{path.parent.name}/{path.stem}" for path in call_files()} == set(METHODS)
    assert all(read(path)["call"] == str(path.relative_to(CALLS).with_suffix("")) for path in call_files())


@pytest.mark.parametrize("path", call_files(), ids=lambda path: path.stem)
def test_the_data_of_each_file_is_a_valid_request(path: Path) -> None:
    call = read(path)
    request = GetMessageClass(METHODS[call["call"]].input_type)
    for message in call["data"] if isinstance(call["data"], list) else [call["data"]]:
        json_format.ParseDict(message, request())


def test_control_a_misspelt_field_is_rejected() -> None:
    request = GetMessageClass(METHODS["auth.v1.AuthService/CheckEventCode"].input_type)
    with pytest.raises(json_format.ParseError):
        json_format.ParseDict({"event_cod": "7K3F-9QXA"}, request())
