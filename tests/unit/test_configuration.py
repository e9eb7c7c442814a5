"""docs/configuration.md matches the help texts of the settings."""

from deploy.configuration import PAGE, READERS, render


def test_the_page_is_up_to_date() -> None:
    assert PAGE.read_text() == render(), "make docs"


def test_every_setting_of_every_process_is_a_row_with_a_meaning() -> None:
    page = render()
    for settings in READERS.values():
        for name, field in settings.model_fields.items():
            assert f"\n| `{name.upper()}` |" in page
            assert field.description, name


def test_the_listen_address_settings_are_documented() -> None:
    for name in ("HOST", "GATEWAY_HOST", "METRICS_HOST", "AWS_ENDPOINT", "INDEXERS", "MINOIS_DATA"):
        assert f"`{name}`" in render()
