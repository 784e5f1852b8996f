"""The command `writerid`: who wrote this page? See docs/identify.md."""

import argparse
import csv
import json
import os
import sys
from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from writerid.base.errors import InputError, of_system, shown

MADE, PEOPLE = Path("models/identifier"), Path("models/people")
SCAN = "an image of a line or a page, a PDF file, or a folder or zip archive of them"


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; returns its exit status: 0 done, 1 not, and where no scan could be used, 2 wrongly called.

    What people can mend is told in a line or two.
    """
    options = _parser().parse_args(arguments)
    try:
        status = int(options.run(options) or 0)
        sys.stdout.flush()
    except InputError as error:
        message = str(error)
    except KeyboardInterrupt:
        print("interrupted", file=sys.stderr)
        return 130
    except BrokenPipeError:  # `| head` has read enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except MemoryError:
        message = "out of memory; close other programs, or take fewer scans at a time"
    except OSError as error:
        message = of_system(error)
    else:
        return status
    for line in message.splitlines():  # which may quote the name of a file, and that anything
        print("error:", "".join(c if c.isprintable() else repr(c)[1:-1] for c in line), file=sys.stderr)
    return 1


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="writerid", description="Who wrote this page?")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    where = argparse.ArgumentParser(add_help=False)
    where.add_argument(
        "--identifier",
        type=Path,
        metavar="FOLDER",
        help=f"the identifier; by default {PEOPLE}, or {MADE} as long as nobody is enrolled",
    )

    def command(
        name: str, run: Any, text: str, example: str, *parents: argparse.ArgumentParser
    ) -> argparse.ArgumentParser:
        one = commands.add_parser(
            name,
            help=text,
            description=text[0].upper() + text[1:] + ".",
            epilog=f"Example: writerid {example}",
            parents=list(parents),
        )
        one.set_defaults(run=run)
        return one

    text, example = "say who wrote lines, pages, folders of them or PDF files", "identify page.jpg letters/ --csv"
    one = command("identify", _identify, text, example, where)
    one.add_argument("scans", nargs="+", type=Path, metavar="SCAN", help=SCAN)
    one.add_argument("--together", action="store_true", help="take all scans for one document")
    one.add_argument("--lines", action="store_true", help="also say what each line says alone")
    form = one.add_mutually_exclusive_group()
    form.add_argument("--json", action="store_true", help="print all that is known, as JSON")
    form.add_argument("--csv", action="store_true", help="print a row a document, with --lines a row a line")

    one = command("compare", _compare, "say whether one person wrote both documents", "compare a.jpg b.jpg", where)
    one.add_argument("one", type=Path, metavar="A", help=SCAN)
    one.add_argument("other", type=Path, metavar="B", help="another")
    one.add_argument("--json", action="store_true", help="print all that is known, as JSON")

    text = "make a writer known by scans of this one's writing, without training"
    one = command("enrol", _enrol, text, "enrol anna anna-1.jpg anna-2.jpg", where)
    one.add_argument("name", metavar="NAME", help="of the writer; put -- before one that begins with -")
    one.add_argument("scans", nargs="+", type=Path, metavar="SCAN", help=SCAN)
    one.add_argument(
        "--into",
        type=Path,
        metavar="FOLDER",
        help=f"where it is kept, at first a copy of {MADE} or --identifier; by default {PEOPLE}",
    )

    text = "make a writer unknown again, without a trace in the folder"
    one = command("forget", _forget, text, "forget anna", where)
    one.add_argument("name", metavar="NAME", help="of the writer; put -- before one that begins with -")

    command("writers", _writers, "list the known writers", "writers", where)

    text = "show what spoke for the answer: nearest reference lines, marks on the writing"
    one = command("evidence", _evidence, text, "evidence page.jpg --out evidence.png", where)
    one.add_argument("scans", nargs="+", type=Path, metavar="SCAN", help=SCAN)
    one.add_argument("--out", type=Path, default=Path("evidence.html"), metavar="FILE", help="a .html or a .png file")

    text = "write the trained network as a TensorFlow SavedModel"
    one = command("export", _export, text, "export --to saved-model")
    one.add_argument("--to", type=Path, required=True, metavar="FOLDER", help="a new folder")
    model = Path("models/model.keras")
    one.add_argument("--model", type=Path, default=model, metavar="FILE", help=f"by default {model}")

    one = command("serve", _serve, "open a page for all this in the browser", "serve --port 8080", where)
    one.add_argument("--port", type=int, default=8000, help="by default 8000")
    one.add_argument(
        "--host",
        default="127.0.0.1",
        help="by default 127.0.0.1, which this computer alone reaches; 0.0.0.0: others, too, by a password",
    )
    one.add_argument("--into", type=Path, metavar="FOLDER", help=f"where people are enrolled; by default {PEOPLE}")
    one.add_argument("--no-browser", action="store_true", help="do not open the browser")
    return parser


def _folder(options: argparse.Namespace) -> Path:
    if options.identifier:
        return Path(options.identifier)
    return PEOPLE if (PEOPLE / "identifier.json").is_file() else MADE


def _people(options: argparse.Namespace) -> Path:
    """Where people are enrolled; --identifier is refused where it would be passed over for those in it."""
    into, named = Path(options.into or PEOPLE), options.identifier
    if into.resolve() == MADE.resolve():
        raise InputError(f"{MADE}: is made anew by each run, without people; name another folder by --into")
    if not named or named.resolve() == into.resolve() or not (into / "identifier.json").is_file():
        return into
    if not options.into:
        raise InputError(
            f"{into}: holds an identifier already; leave out --identifier {named} to go on with it, or name another "
            "folder for people by --into"
        )
    if _network(named) is None:
        raise InputError(f"{named}: holds no identifier; leave out --identifier to go on with the people in {into}")
    if _network(into) not in (None, _network(named)):  # None: damaged, as loading it says
        raise InputError(f"{into}: its people are of another network than {named}; name a new folder by --into")
    return into


def _load(options: argparse.Namespace) -> Any:
    from writerid.identifier.identify import Identifier

    folder = _folder(options)
    identifier = Identifier.load(folder)
    if folder == PEOPLE and not options.identifier and _network(MADE) not in (None, _network(PEOPLE)):
        print(f"note: {PEOPLE} has another network than {MADE}; enrol people anew to use that", file=sys.stderr)
    return identifier


def _network(folder: Path) -> object:
    """The digest of an identifier's network; None where there is none."""
    try:
        return json.loads((folder / "identifier.json").read_text(encoding="utf-8"))["files"]["network.onnx"]
    except (OSError, ValueError, KeyError, TypeError):
        return None


def _identify(options: argparse.Namespace) -> int:
    from writerid.identifier import told  # here: `--help` need not wait for it

    identifier = _load(options)
    for path in options.scans:
        if not path.exists():
            raise InputError(f"{path}: there is no such file or folder")
    if options.together:
        answers = iter([identifier.identify(*options.scans)])
    else:
        answers = identifier.identify_each(*options.scans)
    if options.json:
        found = list(answers)
        print(told.as_json(found))
        return _status([answer.problem for answer in found])
    problems = []
    rows = csv.writer(sys.stdout, lineterminator="\n") if options.csv else None
    if rows:
        rows.writerow(told.COLUMNS)
    for answer in answers:
        problems.append(answer.problem)
        if rows:
            rows.writerows(told.rows(answer, lines=options.lines))
        else:
            print(told.text(answer, lines=options.lines), flush=True)
    return _status(problems)


def _status(problems: list[str]) -> int:
    """The exit status of answers with these problems: 1 where none could be used."""
    if not all(problems):
        return 0
    print("error: none of these scans could be used", file=sys.stderr)
    return 1


def _compare(options: argparse.Namespace) -> int:
    from writerid.identifier import told

    found = _load(options).compare(options.one, options.other)
    if found.problem and not options.json:
        raise InputError(f"these cannot be compared: {found.problem}")
    print(told.as_json(found) if options.json else told.compared(found))
    return int(bool(found.problem))


def _enrol(options: argparse.Namespace) -> None:
    from filelock import FileLock

    from writerid.dataset.names import same_spelling
    from writerid.identifier.bundle import SETTINGS, claim
    from writerid.identifier.identify import Identifier

    into = _people(options)
    if os.path.isfile(options.name):  # noqa: PTH113 -- Path.is_file raises OSError where a name is too long for a file
        raise InputError(f"{shown(options.name)}: is a file; first comes the name of who wrote the scans")

    def source() -> tuple[Path, bytes]:
        folder = Path(into if (into / SETTINGS).is_file() else options.identifier or MADE)
        return folder, (folder / SETTINGS).read_bytes() if (folder / SETTINGS).is_file() else b""

    begun = source()
    known = Identifier.load(begun[0])
    scans = known.read(*options.scans)
    identifier, notes = known.enrol_and_note(options.name, scans)  # before a folder is made for what may be refused
    claim(into)
    with FileLock(into / ".lock"):
        if begun != (begun := source()):  # somebody else was enrolled meanwhile
            identifier, notes = Identifier.load(begun[0]).enrol_and_note(options.name, scans)
        identifier.save(into)
    for scan in scans:
        for problem in scan.problems:
            print(f"    not used: {shown(scan.name)}: {problem}")
    for note in notes:
        print(f"    note: {note}")
    name = same_spelling(options.name)
    others = {one.name.casefold(): one.name for one in identifier.writers if one.name != name}
    if alike := others.get(name.casefold()):
        print(f"    note: {shown(alike)} is known, too, as another person; if it is the same one, forget one of both")
    print(f"{shown(options.name)}: {identifier.lines[name]} lines are known now, in {into}")
    if begun[0] != into:
        print(f"    {begun[0]} is as it was{f'; from now on the commands use {into}' if into == PEOPLE else ''}")


def _forget(options: argparse.Namespace) -> None:
    from filelock import FileLock

    from writerid.identifier.bundle import ENROLLED
    from writerid.identifier.identify import Identifier

    folder = _folder(options)
    if folder == MADE and not options.identifier:
        raise InputError(f"nobody was enrolled, so there is nobody to forget ({PEOPLE} does not exist)")
    Identifier.load(folder)  # or the lock would make a folder where there is none
    with FileLock(folder / ".lock"):
        identifier = Identifier.load(folder).forget(options.name)
        identifier.save(folder)
    print(f"{shown(options.name)}: no longer known in {folder}")
    if identifier.writers and ENROLLED not in {writer.kind for writer in identifier.writers}:
        print("    nobody whom you enrolled is left; writers whom the network learned from may be named again")


def _writers(options: argparse.Namespace) -> None:
    identifier = _load(options)
    named = {identifier.writers[place].name for place in identifier.candidates}
    lines = identifier.lines
    for writer in identifier.writers:
        if writer.name in named:
            print(f"{shown(writer.name)}: {lines[writer.name]} lines, {writer.kind}")
    others = len(identifier.writers) - len(named)
    drawn = f"; {others} hands drawn by a program take no part, since people are enrolled" if others else ""
    print(f"{len(named)} writers in {_folder(options)}{drawn}")


def _evidence(options: argparse.Namespace) -> None:
    from writerid.base.files import atomic
    from writerid.dataset.names import writable
    from writerid.identifier import evidence, told

    kind = options.out.suffix.lower()
    if kind not in (".html", ".htm", ".png"):
        raise InputError(f"{options.out}: name a .html or a .png file")
    if options.out.exists() and any(
        scan.resolve() in (options.out.resolve(), *(options.out.resolve().parents if kind == ".png" else ()))
        for scan in options.scans
    ):
        raise InputError(f"{options.out}: is one of the scans, or would be; name another file")
    identifier = _load(options)
    name = ", ".join(writable(path.name) for path in options.scans)
    found = evidence.gather(identifier, name, identifier.read(*options.scans))
    if found.answer.problem:
        raise InputError(f"{shown(name)}: cannot be used: {found.answer.problem}")
    with atomic(options.out) as temporary:
        if kind == ".png":
            evidence.drawn(found).save(temporary)
        else:
            from writerid.web.pages import evidence_page

            temporary.write_text(evidence_page(found), encoding="utf-8")
    print(told.text(found.answer, lines=False))
    print(f"{options.out}: {len(found.lines)} lines with the reference lines most like them")


def _export(options: argparse.Namespace) -> None:
    if find_spec("keras") is None:
        raise InputError("export needs Keras and TensorFlow; `pip install '.[experiment]'` or `make env` installs them")
    if not options.model.is_file():
        raise InputError(f"{options.model}: there is no such file; `make repro` in a clone of the project makes it")
    if options.to.exists() and (not options.to.is_dir() or any(options.to.iterdir())):
        raise InputError(f"{options.to}: is not an empty folder; name a new one")
    from writerid.base.backend import use

    use("tensorflow", overrule=True)
    from writerid.network import models

    model, _ = models.load(options.model)
    model.export(options.to, format="tf_saved_model", verbose=False)
    print(f"{options.to}: a SavedModel, from crops, uint8 (crops, height, width), to logits; docs/identify.md")


def _serve(options: argparse.Namespace) -> None:
    from writerid.web.serving import serve

    people = _people(options)
    serve(options.identifier or MADE, people, options.host, options.port, browser=not options.no_browser)


if __name__ == "__main__":
    sys.exit(main())
