"""Write params.yaml anew: values stay, comments come from the code, and a new key gets its default.

python -m tools.params

What the code does not know, or would refuse, is named, and the file stays as it is.
"""

from contextlib import suppress
from io import StringIO
from pathlib import Path
from typing import Any

from pydantic.fields import FieldInfo
from ruamel.yaml import YAML
from ruamel.yaml.comments import CommentedMap, CommentedSeq

from stages.runner import run
from writerid.base.files import atomic
from writerid.base.params import check, load
from writerid.base.schema import Group, Network, Params, Recipe, Seeded

HEAD = """\
All values are checked together before a stage does any work.
Change one for a single run with `dvc exp run -S optimizer=sgd` or `-S split.group_by=line`.
`make params` keeps the values and writes the comments anew, from src/writerid/base/schema.py.
"""
COLUMN = 22  # in which comments begin


def text(values: dict[str, Any]) -> str:
    """Return the text of params.yaml for values by key; a missing key gets its default.

    Raises InputError, with one line for each problem, where a key is unknown or a value is wrong.
    """
    values = _filled(Params, values)
    check(values)
    content = _group(Params, values)
    content.yaml_set_start_comment(HEAD + "\n")
    for kind in (Network, Recipe):
        first = next(name for name in kind.model_fields if name not in Seeded.model_fields)
        content.yaml_set_comment_before_after_key(first, before=f"\n{kind.__doc__}")
    for name, value in content.items():
        if isinstance(value, CommentedMap):
            content.yaml_set_comment_before_after_key(name, before="\n")
    out = StringIO()
    yaml = YAML()
    yaml.width = 1000
    yaml.representer.add_representer(type(None), lambda r, _: r.represent_scalar("tag:yaml.org,2002:null", "null"))
    yaml.dump(content, out)
    return out.getvalue()


def _filled(group: type[Group], values: dict[str, Any]) -> dict[str, Any]:
    """Return values, whatever they are, and the defaults of the keys that are missing."""
    filled = dict(values)
    for name, field in group.model_fields.items():
        if part := _part(field):
            value = values.get(name, {})
            filled[name] = _filled(part, value) if isinstance(value, dict) else value
        elif isinstance(schema := field.json_schema_extra, dict):
            filled.setdefault(name, schema["default"])
    return filled


def _group(group: type[Group], values: dict[str, Any]) -> CommentedMap:
    content = CommentedMap()
    for name, field in group.model_fields.items():
        part, value = _part(field), values[name]
        content[name] = _group(part, value) if part else _grid(value) if isinstance(value, dict) else value
        content.yaml_add_eol_comment(str(part.__doc__ if part else field.description), name, column=COLUMN)
    return content


def _part(field: FieldInfo) -> type[Group] | None:
    kind = field.annotation
    return kind if isinstance(kind, type) and issubclass(kind, Group) else None


def _grid(values: dict[str, list[Any]]) -> CommentedMap:
    content = CommentedMap()
    for name, tried in values.items():
        content[name] = CommentedSeq(tried)
        content[name].fa.set_flow_style()
    return content


def _read(path: Path) -> dict[str, Any]:
    """Return what a params.yaml holds, checked or not; raises InputError where that is no mapping."""
    with suppress(Exception):
        values = YAML(typ="safe", pure=True).load(path.read_text(encoding="utf-8"))
        if isinstance(values, dict):
            return values
    return load(path).model_dump()  # which fails as well, and says on what


def main() -> None:
    """Write params.yaml."""
    path = Path("params.yaml")
    written = text(_read(path) if path.exists() else {})
    with atomic(path) as temporary:
        temporary.write_text(written, encoding="utf-8", newline="\n")


if __name__ == "__main__":
    run(main, alone=False)
