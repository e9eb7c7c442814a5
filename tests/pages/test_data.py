"""Guests' controls over their own data."""

import io
import json
import zipfile
from pathlib import Path

from deploy.sample.event import SampleEvent, SamplePhoto
from tests.e2e.party import Json, showing
from tests.pages.phone import Phone

Gallery = tuple[Json, dict[str, SamplePhoto]]


def test_a_guest_downloads_all_data_about_them(phone: Phone, gallery: Gallery, sample: SampleEvent) -> None:
    event, photos = gallery
    phone.join_with(event["event_code"], sample.selfies["Ada"])
    count = len(showing(photos, "Ada"))
    phone.expect_photos(count)
    phone.button("You and your data").click()
    phone.check_accessibility()
    with phone.page.expect_download() as started:
        phone.page.get_by_role("link", name="Download my data").click()
    assert started.value.suggested_filename == "my-data.zip"
    with zipfile.ZipFile(io.BytesIO(Path(started.value.path()).read_bytes())) as archive:
        files = {name: archive.read(name) for name in archive.namelist()}
    assert [data for name, data in files.items() if name.startswith("selfies/")] == [sample.selfies["Ada"]]
    assert len(json.loads(files["photos.json"])["of_me"]) == count
    assert [consent["event_id"] for consent in json.loads(files["consents.json"])] == [event["id"]]


def test_consent_is_withdrawn_with_one_button(phone: Phone, gallery: Gallery, sample: SampleEvent) -> None:
    event, photos = gallery
    phone.join_with(event["event_code"], sample.selfies["Ada"])
    phone.expect_photos(len(showing(photos, "Ada")))
    phone.button("You and your data").click()
    phone.button("Withdraw my consent").click()
    phone.button("Yes, withdraw").click()
    phone.see("Which photos are you in?")
    phone.button("Take a selfie").click()
    phone.see("You may use my selfie")
    me = phone.page.request.get(f"{phone.base_url}/api/me").json()
    assert [(one["event_id"], one["searched"], one["consent_version"]) for one in me["events"]] == [
        (event["id"], False, "")
    ]
