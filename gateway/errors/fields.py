"""Validation errors of request fields, in our own words: the framework's reasons and messages never reach clients.

A test sends invalid values to every field of every route, and fails if the framework reports a type that is missing
here.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from gateway.errors.schemas import FieldError

TEXT = ("not_a_text", "Give a text.")
NUMBER = ("not_a_whole_number", "Give a whole number.")
BOOLEAN = ("not_true_or_false", "Give true or false.")
IDENTIFIER = ("not_an_id", "This is not an id: ids are UUIDs.")
TIME = ("not_a_time", "This is not a time: give seconds since 1970, or a date and time as in RFC 3339.")
LIST = ("not_a_list", "Give a list.")
OBJECT = ("not_an_object", "Give an object with fields.")
OTHER = ("invalid_value", "This value does not fit here.")

# The framework's error type -> our reason, and our message, formatted with the error's context.
FAULTS: Mapping[str, tuple[str, str]] = {
    "missing": ("missing", "This field is missing."),
    "extra_forbidden": ("unknown_field", "Unknown field."),
    "string_type": TEXT,
    "string_unicode": TEXT,
    "string_too_long": ("too_long", "Use at most {max_length} characters."),
    "string_too_short": ("too_short", "Use at least {min_length} characters."),
    "string_pattern_mismatch": ("wrong_pattern", "This must look like {pattern}."),
    "literal_error": ("unknown_value", "Give one of these: {expected}."),
    "int_type": NUMBER,
    "int_parsing": NUMBER,
    "int_parsing_size": NUMBER,
    "int_from_float": NUMBER,
    "finite_number": NUMBER,
    "greater_than_equal": ("out_of_range", "Give {ge} or more."),
    "less_than_equal": ("out_of_range", "Give {le} or less."),
    "bool_type": BOOLEAN,
    "bool_parsing": BOOLEAN,
    "uuid_type": IDENTIFIER,
    "uuid_parsing": IDENTIFIER,
    "datetime_type": TIME,
    "datetime_parsing": TIME,
    "datetime_from_date_parsing": TIME,
    "datetime_object_invalid": TIME,
    "no_such_time": ("no_such_time", "No calendar has this time."),
    "list_type": LIST,
    "too_long": ("too_many", "Give at most {max_length}."),
    "too_short": ("too_few", "Give at least {min_length}."),
    "model_type": OBJECT,
    "model_attributes_type": OBJECT,
    "dict_type": OBJECT,
}


def describe_fault(location: Sequence[int | str], kind: str, context: Mapping[str, Any]) -> FieldError:
    """`location`, `kind` and `context` are the framework's; the context contains our limits and none of the input."""
    reason, sentence = FAULTS.get(kind, OTHER)
    places = [part for part in location if isinstance(part, int)]
    entry = f"Entry {places[-1] + 1}: " if places else ""
    return FieldError(field=_name(location), reason=reason, message=entry + sentence.format_map(context))


def _name(location: Sequence[int | str]) -> str:
    """The field's own name, as services report it: `username`, not `body.user_data.username`, without a list index. Of
    a parameter's location, the first name counts; the parts after it are the framework's."""
    place, *names = [part for part in location if isinstance(part, str)]
    if not names:
        return "body"
    return names[-1 if place == "body" else 0][:64]
