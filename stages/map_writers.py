"""map_writers: which lines of the dataset archive can be used, and who wrote them."""

from collections import Counter
from pathlib import Path

from stages.runner import run
from writerid.base.files import write_csv, write_json
from writerid.base.params import load
from writerid.base.patterns import text_pattern
from writerid.dataset.archive import Archive
from writerid.dataset.layouts import find_places
from writerid.dataset.lines import COLUMNS, check_names
from writerid.dataset.page_lines import Finder, Labels
from writerid.dataset.resolution import one_resolution
from writerid.dataset.selection import select, summary
from writerid.dataset.survey import survey


def main() -> None:
    """Write the tables of lines and of writers, what was left out, and the counts."""
    params = load()
    tags = [params.pages.label_tag] if params.pages.label_tag else []
    labels = Labels(tags, text_pattern(params.pages.label_text, "pages.label_text"))
    with Archive(Path(params.dataset)) as archive:
        layout = find_places(archive)
        find = Finder(archive, labels)
        usable, unusable = survey(archive, layout, params.min_size, find)
        check_names((kind, name) for x in usable for kind, name in (("form", x.form), ("writer", x.writer)))
        lines, others = select(usable, min_forms=params.min_forms, top_writers=params.top_writers)
        scales, resolutions = one_resolution(archive, lines)
    left_out = unusable + others

    writers = sorted({line.writer for line in lines})
    line_counts = Counter(line.writer for line in lines)
    form_counts = Counter(writer for writer, _ in {(line.writer, line.form) for line in lines})

    rows = (
        (x.line, x.path, x.form, x.writer, x.width, x.height, f"{scale:.4g}", x.digest)
        for x, scale in zip(lines, scales.tolist(), strict=True)
    )
    write_csv(Path("data/lines.csv"), tuple(COLUMNS), rows)
    write_csv(
        Path("data/writers.csv"),
        ("writer", "forms", "lines"),
        ((writer, form_counts[writer], line_counts[writer]) for writer in writers),
    )
    write_csv(Path("data/left_out.csv"), ("path", "reason", "detail"), left_out)
    notes = [*resolutions, *layout.notes, *find.notes()]
    counts = summary(lines, left_out, layout=layout.how, notes=notes, others=archive.others)
    write_json(Path("metrics/dataset.json"), counts)
    for warning in counts["warnings"]:
        print(f"note: {warning}")
    print(f"who wrote what is known from {layout.how}")
    print(f"{len(lines)} lines of {len(writers)} writers; {len(left_out)} images left out (data/left_out.csv)")


if __name__ == "__main__":
    run(main)
