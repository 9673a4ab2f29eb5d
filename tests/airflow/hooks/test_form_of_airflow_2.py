"""The connection's form where Airflow makes it of the hook's widgets: 2.11 and the first releases of 3."""

from __future__ import annotations

from wtforms import BooleanField, IntegerField, PasswordField, StringField

from ippanel_provider.hooks.ippanel import IPPanelHook
from ippanel_provider.provider_info import CONNECTION_FIELDS, get_provider_info


def test_both_shapes_of_the_form_agree() -> None:
    widgets = IPPanelHook.get_connection_form_widgets()
    metadata = get_provider_info()["connection-types"][0]["conn-fields"]
    assert list(widgets) == list(metadata)
    for field in CONNECTION_FIELDS:
        made = widgets[field.name].kwargs
        assert str(made["label"]) == metadata[field.name]["label"]
        assert made["description"] == metadata[field.name]["description"]
        assert made["default"] == metadata[field.name]["schema"].get("default")
        assert (widgets[field.name].field_class is PasswordField) is (
            metadata[field.name]["schema"].get("format") == "password"
        )


def test_airflow_takes_every_class_of_field() -> None:
    """It drops the whole hook otherwise, and with it the connection type."""
    classes = {widget.field_class for widget in IPPanelHook.get_connection_form_widgets().values()}
    assert classes <= {BooleanField, IntegerField, PasswordField, StringField}
