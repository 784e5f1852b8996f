"""Parameters by dotted key, as `-S` and tables name them."""

from collections.abc import Mapping
from typing import Any


def flat(content: Mapping[str, Any], prefix: str = "") -> dict[str, Any]:
    """Return the content of params.yaml by dotted key, without the grid."""
    values: dict[str, Any] = {}
    for key, value in content.items():
        if isinstance(value, Mapping):
            if prefix or key != "grid":
                values |= flat(value, f"{prefix}{key}.")
        else:
            values[prefix + key] = value
    return values
