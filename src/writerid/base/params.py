"""Reading params.yaml. All values are checked together before any work is done."""

from collections.abc import Mapping, Sequence
from difflib import get_close_matches
from functools import cache
from pathlib import Path
from typing import Any, cast

from pydantic import ValidationError
from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, YAMLError

from writerid.base.errors import InputError
from writerid.base.folds import out_of_range
from writerid.base.geometry import check_network
from writerid.base.patterns import text_pattern
from writerid.base.schema import Group, Pages, Params, Split, Synthesis

MOST_LINES = 2_000_000  # of the synthetic archive


def load(path: Path = Path("params.yaml")) -> Params:
    """Read and check a params.yaml.

    Raises InputError, with one line for each problem, where the file is missing, is not YAML, or holds unknown keys,
    wrong types, values out of range, or values that do not fit together.
    """
    try:
        content = _parsed(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise InputError(f"{path}: there is no such file; run from the repository's root") from None
    except UnicodeDecodeError as error:
        raise InputError(f"{path}: not UTF-8 text (byte {error.start}); save it as UTF-8") from None
    except MarkedYAMLError as error:
        mark = error.problem_mark
        line = f" line {mark.line + 1}:" if mark else ""
        raise InputError(f"{path}:{line} not YAML: {' '.join(str(error.problem).split())}") from None
    except OSError as error:
        raise InputError(f"{path}: {error.strerror}") from None
    except _NOT_YAML as error:
        raise InputError(f"{path}: not YAML: {' '.join(str(error).split())}") from None
    if not isinstance(content, dict):
        raise InputError(f"{path}: must hold `key: value` lines, not {_show(content)}")
    return check(content, str(path))


def check(content: Mapping[str, Any], source: str = "params.yaml") -> Params:
    """Check the parameters in a mapping and return them; `source` names the mapping in errors.

    Raises InputError with one line for every problem found.
    """
    try:
        params = Params.model_validate(content)
    except ValidationError as error:
        problems = [_explain(e["loc"], e["type"], e.get("input")) for e in error.errors(include_url=False)]
        raise InputError("\n".join(f"{source}: {problem}" for problem in dict.fromkeys(problems))) from None
    problems = [*_split_problems(params.split), *_fit_problems(params), *_grid_problems(content, params.grid)]
    problems += [*_synthesis_problems(params.synthesis), *_pages_problems(params.pages)]
    problems += check_network(params.crop.height, params.crop.width, params.layers, params.kernel_size)
    if problems:
        raise InputError("\n".join(f"{source}: {problem}" for problem in problems))
    return params


def changed(path: Path, changes: Sequence[str]) -> dict[str, Any]:
    """Return the content of a params.yaml, with changes as `dvc exp run -S` takes them.

    Raises InputError where it, or a change, is wrong.
    """
    params = load(path).model_dump()
    for change in changes:
        name, equals, text = change.partition("=")
        *groups, last = name.split(".")
        group: Any = params
        for part in groups:
            group = group.get(part) if isinstance(group, dict) else None
        if not equals or not isinstance(group, dict) or last not in group:
            raise InputError(f"-S {change}: wants KEY=VALUE, with a key of params.yaml such as crop.height")
        if name in params["grid"]:
            raise InputError(f"-S {change}: the grid holds values of {name}; choose of them with --only {name}=...")
        try:
            group[last] = _parsed(text)
        except _NOT_YAML:
            raise InputError(f"-S {change}: not a value in YAML; put text in quotes") from None
    return check(params, "-S").model_dump()


def meanings(group: type[Group] = Params, prefix: str = "") -> dict[str, str]:
    """Return what each parameter means, by dotted key."""
    meaning: dict[str, str] = {}
    for name, field in group.model_fields.items():
        if isinstance(field.annotation, type) and issubclass(field.annotation, Group):
            meaning |= meanings(field.annotation, f"{prefix}{name}.")
        else:
            meaning[prefix + name] = field.description or ""
    return meaning


# The parser that DVC itself uses (YAML 1.2), so that `1e-5` means the same number to both; and all that it may raise.
_NOT_YAML = (YAMLError, ValueError, IndexError, RecursionError)


def _parsed(text: str) -> Any:
    return YAML(typ="safe", pure=True).load(text)


def _split_problems(split: Split) -> list[str]:
    total = split.train + split.validation + split.test
    if abs(total - 1) < 1e-6:
        return out_of_range(split.fold, split.test)
    return [f"split: train, validation and test are {total:g} together; they must add up to 1"]


def _pages_problems(pages: Pages) -> list[str]:
    try:
        text_pattern(pages.label_text, "pages.label_text")
    except InputError as error:
        return [str(error)]
    return []


def _synthesis_problems(synthesis: Synthesis) -> list[str]:
    """Whether the archive can be made: there are 2,600,000 names of forms, and a line takes some 25 KB."""
    lines = synthesis.writers * synthesis.forms * synthesis.lines
    if lines <= MOST_LINES:
        return []
    return [f"synthesis: writers x forms x lines are {lines:,} lines; {MOST_LINES:,} at most"]


def _fit_problems(params: Params) -> list[str]:
    steps = params.epochs * params.steps_per_epoch
    if params.schedule == "constant" or params.warmup_steps < steps:
        return []
    return [
        f"warmup_steps: {params.warmup_steps} leaves nothing of the {steps} steps "
        f"(epochs x steps_per_epoch); it may hold 0 to {steps - 1}"
    ]


def _grid_problems(content: Mapping[str, Any], grid: dict[str, list[Any]]) -> list[str]:
    """Return a line for each key of the grid that is no plain top-level key, and each value that it may not hold."""
    groups = {"grid", *(name for name, value in content.items() if isinstance(value, Mapping))}
    tunable = [name for name in Params.model_fields if name not in groups]
    problems = []
    for key, values in grid.items():
        if key not in tunable:
            problems.append(f"grid.{key}: not a parameter to tune{_suggest(key, tunable)}")
        elif not values:
            problems.append(f"grid.{key}: holds no value; name at least one, or remove the key")
        else:
            for value in values:
                try:
                    Params.model_validate({**content, key: value})
                except ValidationError:
                    problems.append(_explain((key,), "", value, prefix="grid."))
    return problems


def _explain(location: tuple[int | str, ...], kind: str, value: object, prefix: str = "") -> str:
    """One line: the key, what it holds, and what it may hold."""
    path = [str(part) for part in location if not (isinstance(part, str) and part in _SCHEMA_NOISE)]
    key = prefix + ".".join(part if part.isprintable() else repr(part) for part in path)
    if kind == "extra_forbidden":
        siblings = _node(tuple(path[:-1])).get("properties", {})
        where = f" of {'.'.join(path[:-1])}" if path[:-1] else ""
        return f"{key}: not a parameter{where}{_suggest(path[-1], list(siblings))}"
    allowed = "a list of values" if path[0] == "grid" and path[1:] else _may_hold(_node(tuple(path)))
    if kind == "missing":
        return f"{key}: missing; it must hold {allowed}"
    node = _node(tuple(path))
    if "enum" in node and isinstance(value, str):
        return f"{key}: {_show(value)} is not one of {', '.join(node['enum'])}{_suggest(value, node['enum'])}"
    return f"{key}: {_show(value)} is not {allowed}"


# Pydantic names the member of a union that failed in the path of an error.
_SCHEMA_NOISE = frozenset({"constrained-int", "int", "none"})


@cache
def _schema() -> dict[str, Any]:
    return Params.model_json_schema()


def _node(path: tuple[str, ...]) -> dict[str, Any]:
    """The JSON schema of the key at a path."""
    node = _schema()
    for part in path:
        if "properties" not in node:
            break
        node = node["properties"].get(part, {})
        if "$ref" in node:
            node = _schema()["$defs"][node["$ref"].rsplit("/", 1)[-1]]
    return node


def _may_hold(node: dict[str, Any]) -> str:
    """What a key may hold, in words, from its JSON schema."""
    if "anyOf" in node:
        return " or ".join(_may_hold(option) for option in node["anyOf"])
    if "enum" in node:
        return "one of " + ", ".join(node["enum"])
    kind = node.get("type")
    if kind in ("integer", "number"):
        noun = "a whole number" if kind == "integer" else "a number"
        low = _bound(node, "minimum", "from", "exclusiveMinimum", "over")
        high = _bound(node, "maximum", "to", "exclusiveMaximum", "under")
        return " ".join(part for part in (noun, low, high) if part)
    if kind == "string":  # text may be empty, a path may not
        return "the path of an archive or a folder" if "minLength" in node else "text"
    if kind == "object" and "properties" in node:
        return "a group of keys: " + ", ".join(node["properties"])
    return {
        "boolean": "true or false",
        "null": "null",
        "object": "a mapping from parameters to lists of values",
        "array": "a list of values",
    }.get(cast(str, kind), f"a {kind}")


def _bound(node: dict[str, Any], inclusive: str, word: str, exclusive: str, strict_word: str) -> str:
    if inclusive in node:
        return f"{word} {node[inclusive]:g}" if isinstance(node[inclusive], float) else f"{word} {node[inclusive]}"
    return f"{strict_word} {node[exclusive]:g}" if exclusive in node else ""


def _suggest(name: str, names: list[str]) -> str:
    close = get_close_matches(name, names, n=1)
    return f"; did you mean {close[0]!r}?" if close else ""


def _show(value: object) -> str:
    text = "null" if value is None else str(value).lower() if isinstance(value, bool) else repr(value)
    return text if len(text) <= 60 else text[:57] + "..."
