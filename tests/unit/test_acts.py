"""The part of a client address that an audit record keeps."""

import pytest

from kit.audit.acts import truncate_address


@pytest.mark.parametrize(
    ("address", "kept"),
    [
        ("192.0.2.77", "192.0.2.0/24"),
        ("192.0.2.0/24", "192.0.2.0/24"),
        ("::ffff:192.0.2.77", "192.0.2.0/24"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1::/48"),
        ("2001:db8:1::/48", "2001:db8:1::/48"),
        ("unix:/run/x", ""),
        ("' OR 1=1", ""),
        ("", ""),
    ],
)
def test_an_address_is_recorded_as_its_network(address: str, kept: str) -> None:
    assert truncate_address(address) == kept
