"""What each parameter means, in the words of params.yaml's own comments."""

from collections.abc import Iterator

from ruamel.yaml import YAML
from ruamel.yaml.comments import CommentedMap


def explained(text: str) -> dict[str, str]:
    """Return the comment on the line of each key of a params.yaml, by dotted key; keys without one are left out."""
    return dict(_comments(YAML().load(text)))


def _comments(group: CommentedMap, prefix: str = "") -> Iterator[tuple[str, str]]:
    for key, value in group.items():
        _, _, comment, _ = group.ca.items.get(key) or (None,) * 4
        own = comment.value.splitlines()[0] if comment else ""  # what follows are the comments of lines below
        if own.strip("# "):
            yield f"{prefix}{key}", own.lstrip("# ").rstrip()
        if isinstance(value, CommentedMap):
            yield from _comments(value, f"{prefix}{key}.")
