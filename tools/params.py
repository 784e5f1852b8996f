"""Write params.yaml anew: values stay, comments come from the code, and a new key gets its default.

python -m tools.params
"""

from io import StringIO
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.comments import CommentedMap, CommentedSeq

from stages.runner import run
from writerid.base.files import atomic
from writerid.base.schema import Group, Network, Params, Recipe, Seeded

HEAD = """\
All values are checked together before a stage does any work.
Change one for a single run with `dvc exp run -S optimizer=sgd` or `-S split.group_by=line`.
`make params` keeps the values and writes the comments anew, from src/writerid/base/schema.py.
"""
COLUMN = 22  # in which comments begin


def text(values: dict[str, Any]) -> str:
    """Return the text of params.yaml for values by key; a missing key gets its default."""
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


def _group(group: type[Group], values: dict[str, Any]) -> CommentedMap:
    content = CommentedMap()
    for name, field in group.model_fields.items():
        kind = field.annotation
        if isinstance(kind, type) and issubclass(kind, Group):
            content[name] = _group(kind, values.get(name) or {})
            content.yaml_add_eol_comment(str(kind.__doc__), name, column=COLUMN)
            continue
        schema = field.json_schema_extra
        assert isinstance(schema, dict)
        value = values.get(name, schema["default"])
        content[name] = _grid(value) if isinstance(value, dict) else value
        content.yaml_add_eol_comment(str(field.description), name, column=COLUMN)
    return content


def _grid(values: dict[str, list[Any]]) -> CommentedMap:
    content = CommentedMap()
    for name, tried in values.items():
        content[name] = CommentedSeq(tried)
        content[name].fa.set_flow_style()
    return content


def main() -> None:
    """Write params.yaml."""
    path = Path("params.yaml")
    values = YAML(typ="safe").load(path.read_text(encoding="utf-8")) if path.is_file() else {}
    with atomic(path) as temporary:
        temporary.write_text(text(values), encoding="utf-8", newline="\n")


if __name__ == "__main__":
    run(main, alone=False)
