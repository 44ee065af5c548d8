from __future__ import annotations

from services.intake.flat import PERSONAL, FlatCall
from shared.call import Call


def test_a_flat_call_is_a_call_with_an_id_and_a_personal_part() -> None:
    assert set(FlatCall.model_fields) == {*Call.model_fields, *PERSONAL, "event_id"}
    for name, field in Call.model_fields.items():
        assert FlatCall.model_fields[name].is_required() == field.is_required(), name


def test_every_field_says_what_is_right() -> None:
    assert [name for name, field in FlatCall.model_fields.items() if not field.description] == []
