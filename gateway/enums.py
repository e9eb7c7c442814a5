"""The values of the protos' enums under the names that clients see."""

from collections.abc import Mapping

from google.protobuf.internal.enum_type_wrapper import EnumTypeWrapper

ZERO = "UNSPECIFIED"


def names_of(enum: EnumTypeWrapper) -> Mapping[int, str]:
    """By number: the names in lower case without the enum's prefix. The zero value, `..._UNSPECIFIED`, is left out."""
    prefix = enum.Name(0).removesuffix(ZERO)
    return {number: name.removeprefix(prefix).lower() for name, number in enum.items() if number != 0}
