"""The self-signed certificate of this machine, and the address at which phones reach it."""

import stat
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.hashes import SHA256

from deploy.local import lan
from deploy.local.certificate import RENEW_BEFORE, VALIDITY, keep_certificate
from deploy.local.entrance import choose_entrance
from deploy.local.faults import WrongSetting

NAMES = ("localhost", "127.0.0.1", "::1", "192.168.1.5", "laptop.local")
NOW = datetime(2026, 5, 4, 12, tzinfo=UTC)


def read(path: Path) -> x509.Certificate:
    return x509.load_pem_x509_certificate(path.read_bytes())


def test_the_certificate_names_the_addresses_and_is_no_authority(tmp_path: Path) -> None:
    certificate = read(keep_certificate(tmp_path, NAMES, NOW).chain)
    names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert names.get_values_for_type(x509.DNSName) == ["localhost", "laptop.local"]
    assert [str(each) for each in names.get_values_for_type(x509.IPAddress)] == ["127.0.0.1", "::1", "192.168.1.5"]
    assert not certificate.extensions.get_extension_for_class(x509.BasicConstraints).value.ca
    assert certificate.not_valid_after_utc - certificate.not_valid_before_utc <= timedelta(days=397)


def test_the_key_is_readable_only_by_its_owner(tmp_path: Path) -> None:
    (tmp_path / "https.key.pem.new").touch(mode=0o644)  # left over from an interrupted start
    made = keep_certificate(tmp_path, NAMES, NOW)
    assert stat.S_IMODE(made.key.stat().st_mode) == 0o600
    assert sorted(path.name for path in tmp_path.iterdir()) == ["https.cert.pem", "https.key.pem"]


def test_the_fingerprint_is_formatted_as_phones_show_it(tmp_path: Path) -> None:
    made = keep_certificate(tmp_path, NAMES, NOW)
    assert bytes.fromhex(made.fingerprint.replace(":", "")) == read(made.chain).fingerprint(SHA256())
    assert made.fingerprint == made.fingerprint.upper()
    assert made.fingerprint.count(":") == 31


@pytest.mark.parametrize(
    ("names", "days_later", "is_kept"),
    [
        (NAMES, 0, True),
        (NAMES[:3], 10, True),
        (NAMES, (VALIDITY - RENEW_BEFORE).days - 2, True),
        (NAMES, (VALIDITY - RENEW_BEFORE).days, False),
        (NAMES, VALIDITY.days + 100, False),
        (NAMES, -2, False),
        ((*NAMES, "10.0.0.7"), 0, False),
    ],
)
def test_the_certificate_is_renewed_only_near_expiry_or_for_a_new_name(
    tmp_path: Path, names: tuple[str, ...], days_later: int, is_kept: bool
) -> None:
    before = keep_certificate(tmp_path, NAMES, NOW)
    after = keep_certificate(tmp_path, names, NOW + timedelta(days=days_later))
    assert (after.fingerprint == before.fingerprint) is is_kept


@pytest.mark.parametrize("name", ["https.cert.pem", "https.key.pem"])
@pytest.mark.parametrize("spoil", [Path.unlink, lambda path: path.write_text("nothing")], ids=["missing", "damaged"])
def test_the_certificate_is_recreated_if_a_file_is_missing_or_damaged(tmp_path: Path, name: str, spoil: object) -> None:
    before = keep_certificate(tmp_path, NAMES, NOW)
    assert callable(spoil)
    spoil(tmp_path / name)
    after = keep_certificate(tmp_path, NAMES, NOW)
    assert after.fingerprint != before.fingerprint
    assert keep_certificate(tmp_path, NAMES, NOW) == after


def test_a_key_that_does_not_match_the_certificate_is_replaced(tmp_path: Path) -> None:
    made = keep_certificate(tmp_path, NAMES, NOW)
    (tmp_path / "other").mkdir()
    made.key.write_bytes(keep_certificate(tmp_path / "other", NAMES, NOW).key.read_bytes())
    assert keep_certificate(tmp_path, NAMES, NOW).fingerprint != made.fingerprint


@pytest.mark.parametrize(
    ("found", "routed", "chosen"),
    [
        (["127.0.0.1", "::1"], [], []),
        (["127.0.0.1", "10.0.0.4", "192.168.1.5"], ["192.168.1.5"], ["192.168.1.5", "10.0.0.4"]),
        (["192.168.1.5", "fd00::5", "fe80::5"], ["192.168.1.5", "fd00::5"], ["192.168.1.5"]),
        (["169.254.7.7", "fe80::5", "fd00::5"], [], ["fd00::5"]),
    ],
)
def test_the_address_of_the_default_route_comes_first(found: list[str], routed: list[str], chosen: list[str]) -> None:
    addresses = lan.choose(map(ip_address, found), map(ip_address, routed))
    assert [str(each) for each in addresses] == chosen


def at(monkeypatch: pytest.MonkeyPatch, *addresses: str) -> None:
    monkeypatch.setattr(lan, "lan_addresses", lambda: list(addresses))


def test_phones_use_the_first_address(monkeypatch: pytest.MonkeyPatch) -> None:
    at(monkeypatch, "192.168.1.5", "10.0.0.4")
    entrance = choose_entrance(8000, {}, tls=True)
    assert entrance.public_url == "https://192.168.1.5:8000"
    assert {*lan.LOCAL_NAMES, "192.168.1.5", "10.0.0.4"} <= set(entrance.https_names)


def test_an_ipv6_address_is_bracketed(monkeypatch: pytest.MonkeyPatch) -> None:
    at(monkeypatch, "fd00::5")
    assert choose_entrance(8443, {}, tls=True).public_url == "https://[fd00::5]:8443"


def test_without_a_network_there_is_no_address_for_phones(monkeypatch: pytest.MonkeyPatch) -> None:
    at(monkeypatch)
    entrance = choose_entrance(8000, {}, tls=True)
    assert entrance.public_url == ""
    assert set(lan.LOCAL_NAMES) <= set(entrance.https_names)


def test_the_public_url_takes_precedence_and_its_name_is_in_the_certificate(monkeypatch: pytest.MonkeyPatch) -> None:
    at(monkeypatch, "192.168.1.5")
    entrance = choose_entrance(8000, {"PUBLIC_URL": "https://party.example:8000/"}, tls=True)
    assert entrance.public_url == "https://party.example:8000"
    assert {"party.example", "192.168.1.5"} <= set(entrance.https_names)


def test_without_tls_the_public_url_is_used_and_no_certificate_is_needed() -> None:
    entrance = choose_entrance(8000, {"PUBLIC_URL": "http://photos.example"}, tls=False)
    assert (entrance.public_url, entrance.https_names) == ("http://photos.example", ())


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"PUBLIC_URL": "http://party.example"}, "PUBLIC_URL must begin with https://"),
        ({"GATEWAY_TLS_CERT": "/a.pem"}, "GATEWAY_TLS_CERT cannot be combined with TLS=1"),
        ({"GATEWAY_TLS_KEY": "/a.pem"}, "GATEWAY_TLS_KEY cannot be combined with TLS=1"),
    ],
)
def test_incompatible_settings_are_rejected_in_one_line(settings: dict[str, str], words: str) -> None:
    with pytest.raises(WrongSetting, match=words):
        choose_entrance(8000, settings, tls=True)
