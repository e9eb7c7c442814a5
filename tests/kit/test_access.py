"""Every RPC of every service declares its allowed callers, and every fault is in the contract."""

import importlib
import re
from importlib.util import find_spec
from types import ModuleType
from typing import Any

import pytest
from google.protobuf.descriptor import Descriptor, ServiceDescriptor

from kit import errors
from kit.errors import Fault
from kit.rpc.identity import PUBLIC, USER, Access
from kit.rpc.server import Registration
from protos.auth.v1 import auth_pb2
from protos.matcher.v1 import matcher_pb2, photo_pb2
from protos.matcher.v1 import photo_pb2 as pb
from protos.selfie.v1 import selfie_pb2
from tests.harness.scripted import Script, ScriptedPhotos, photos

SERVICERS = {
    "AuthService": "auth_service",
    "SelfieService": "selfie_service",
    "MatcherService": "matcher_service",
    "PhotoService": "matcher_service",
}
CONTRACTS = {"auth_service": auth_pb2, "selfie_service": selfie_pb2, "matcher_service": matcher_pb2}
PRESENT = [name for name, package in SERVICERS.items() if find_spec(f"{package}.servicer")]

# RPCs that are public or open to services; making one so requires an entry here. All others are for users.
OPEN_TO = {
    "/auth.v1.AuthService/CheckEventCode": {PUBLIC},
    "/auth.v1.AuthService/CheckUserAvailability": {PUBLIC},
    "/auth.v1.AuthService/Register": {PUBLIC},
    "/auth.v1.AuthService/CreateGuest": {PUBLIC},
    "/auth.v1.AuthService/SignIn": {PUBLIC},
    "/auth.v1.AuthService/Login": {PUBLIC},
    "/auth.v1.AuthService/RefreshToken": {PUBLIC},
    "/auth.v1.AuthService/Logout": {PUBLIC},
    "/auth.v1.AuthService/ListMemberIds": {"service:gateway"},
    "/auth.v1.AuthService/ListChanges": {"service:selfie", "service:matcher", "service:gateway"},
    "/auth.v1.AuthService/ListEndedSessions": {"service:selfie", "service:matcher", "service:gateway"},
    "/matcher.v1.MatcherService/Rematch": {"service:selfie"},
    "/matcher.v1.MatcherService/WatchMatches": {"service:gateway", "service:auth"},
    "/matcher.v1.MatcherService/CountMatchesForNotices": {"service:auth"},
    "/auth.v1.AuthService/LookUpInvitation": {PUBLIC},
    "/auth.v1.AuthService/RegisterInvited": {PUBLIC},
    "/auth.v1.AuthService/CheckFirstOrganiser": {PUBLIC},
    "/auth.v1.AuthService/CreateFirstOrganiser": {PUBLIC},
    "/auth.v1.AuthService/SendSignInLink": {PUBLIC},
    "/auth.v1.AuthService/Unsubscribe": {PUBLIC},
    "/auth.v1.AuthService/ConfirmEmail": {PUBLIC},
    "/auth.v1.AuthService/SendPasswordReset": {PUBLIC},
    "/auth.v1.AuthService/ResetPassword": {PUBLIC},
    "/matcher.v1.PhotoService/GetPhoto": {USER, "delegate:matcher"},
    "/selfie.v1.SelfieService/WatchSelfies": {"service:gateway"},
}
SECRET = re.compile("encoding|embedding|distance|score|key|password|hash|sha|path")
FAULTS_OF_EVERY_SERVICE = {"INVALID_TOKEN", "CALLER_NOT_ALLOWED", "INVALID_ARGUMENT"}


def descriptor(name: str) -> ServiceDescriptor:
    services = (module.DESCRIPTOR.services_by_name.get(name) for module in (*CONTRACTS.values(), photo_pb2))
    return next(service for service in services if service)


def access_of(name: str) -> dict[str, Access]:
    module = importlib.import_module(f"{SERVICERS[name]}.servicer")
    servicer = getattr(module, name.replace("Service", "Servicer"))
    return dict(Registration(object.__new__(servicer), None, descriptor(name)).access())


def reasons_of(contract: ModuleType) -> set[str]:
    names: Any = contract.ErrorReason.keys()
    return {name.removeprefix("ERROR_REASON_") for name in names}


@pytest.mark.parametrize("name", PRESENT)
def test_each_rpc_declares_its_allowed_callers(name: str) -> None:
    access = access_of(name)
    methods = descriptor(name).methods
    assert set(access) == {f"/{descriptor(name).full_name}/{method.name}" for method in methods}
    assert {method: set(who.kinds) for method, who in access.items()} == {
        method: OPEN_TO.get(method, {USER}) for method in access
    }


@pytest.mark.parametrize("name", PRESENT)
def test_each_streaming_rpc_counts_as_a_stream(name: str) -> None:
    access = access_of(name)
    for method in descriptor(name).methods:
        if method.client_streaming or method.server_streaming:
            assert access[f"/{descriptor(name).full_name}/{method.name}"].long, method.name


def test_a_server_with_an_undeclared_rpc_does_not_start(serve) -> None:  # type: ignore[no-untyped-def]
    class Forgetful(ScriptedPhotos):
        def GetIndexState(self, request, context):  # type: ignore[no-untyped-def]
            return pb.GetIndexStateResponse()

    with pytest.raises(AttributeError, match="access"):
        serve(photos(Script(), Forgetful))


def test_a_server_with_an_unimplemented_rpc_does_not_start(serve) -> None:  # type: ignore[no-untyped-def]
    from protos.matcher.v1 import photo_pb2_grpc

    with pytest.raises(AttributeError, match="access"):
        serve(photos(Script(), lambda _: photo_pb2_grpc.PhotoServiceServicer()))  # type: ignore[arg-type]


@pytest.mark.parametrize("package", CONTRACTS)
def test_every_fault_has_its_reason_in_the_contract(package: str) -> None:
    domain = importlib.import_module(f"{package}.domain")
    faults = {
        thing.reason
        for thing in vars(domain).values()
        if isinstance(thing, type) and issubclass(thing, Fault) and thing.__module__.startswith(domain.__name__)
    }
    assert faults, "a domain has faults"
    assert faults | FAULTS_OF_EVERY_SERVICE <= reasons_of(CONTRACTS[package])


@pytest.mark.parametrize("package", [package for package in CONTRACTS if find_spec(f"{package}.servicer")])
def test_every_fault_of_a_domain_has_a_message(package: str) -> None:
    for thing in vars(importlib.import_module(f"{package}.domain")).values():
        if isinstance(thing, type) and issubclass(thing, Fault) and thing.__module__.startswith(package):
            assert (thing.__doc__ or "").strip().endswith("."), thing.__name__


def fields_of(message: Descriptor) -> set[str]:
    """The names of a message's fields, at any depth."""
    inner = (field.message_type for field in message.fields if field.message_type)
    return {field.name for field in message.fields}.union(*(fields_of(part) for part in inner))


def secrets_in(message: Descriptor) -> set[str]:
    """Fields whose values must not leave a service. Tokens are not among them, because logins return them."""
    return {name for name in fields_of(message) if SECRET.search(name)}


@pytest.mark.parametrize("name", PRESENT)
def test_no_response_has_a_field_for_a_secret(name: str) -> None:
    assert {method.name: secrets_in(method.output_type) for method in descriptor(name).methods} == {
        method.name: set() for method in descriptor(name).methods
    }


def test_control_a_message_with_an_encoding_or_a_password_is_detected() -> None:
    assert secrets_in(matcher_pb2.RematchRequest.DESCRIPTOR) == {"encoding"}
    assert secrets_in(auth_pb2.RegisterRequest.DESCRIPTOR) == {"password"}


def test_a_package_with_pagination_has_the_invalid_page_fault() -> None:
    for contract in CONTRACTS.values():
        paged = "next_page_token" in str(contract.DESCRIPTOR.serialized_pb)
        assert not paged or errors.InvalidPage.reason in reasons_of(contract)
