"""The page that people look at first, made from tiny runs and opened as a person would."""

import re
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from filelock import FileLock
from markupsafe import escape
from ruamel.yaml import YAML
from selenium.webdriver.common.action_chains import ActionChains
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys

from tests.browser import Browser, browser, needs_chromium
from tests.conftest import Run as Call
from tests.conftest import runner
from tools import report
from writerid.base.errors import InputError
from writerid.base.lock import LOCK
from writerid.base.params import meanings
from writerid.report import gallery, glossary
from writerid.report.compared import dropout_pair
from writerid.report.origin import dropout_experiment, origin
from writerid.report.page import render
from writerid.report.runs import MODEL, WORKSPACE, flat, load

CHARTS = ".dvc/tmp/charts"
COMPARED = {  # charts that take more unseen writers than the tiny run has
    "tippett by line", "tippett by form", "cross-entropy by line", "cross-entropy by form", "enrolled",
    "enrolled, errors",
}  # fmt: skip
DRAWN = "document.documentElement.dataset.drawn"
SORTED = "[...document.querySelectorAll('table.sortable')[0].tBodies[0].rows].map(r => r.cells[4].dataset.value)"


@pytest.fixture(scope="module")
def page(clone: Path) -> Path:
    """The page that compares the tiny run with one without dropout."""
    charts = ("--charts", str(clone / CHARTS))
    with FileLock(clone / LOCK):  # as a stage that is at work does
        done = runner(clone)(sys.executable, "-m", "tools.report", "workspace", "no-dropout", *charts)
    assert "report.html: " in done.stdout
    return clone / "report.html"


def test_the_page_holds_everything(page: Path, clone: Path):
    text = page.read_text()
    assert page.stat().st_size < 10e6
    assert not re.search(r"""(src|href)=["']?(https?:)?//""", text)
    for expected in (
        "With and without dropout",
        "The runs compared",
        "no-dropout",
        ">MD5</a> of the model",
        "git checkout",
    ):
        assert expected in text, expected
    assert text.count('src="data:image/webp;base64,') >= 8
    assert runner(clone)("git", "status", "--porcelain").stdout == ""  # the page is nothing that git sees
    links, places = (set(re.findall(rf'{name}="#?(term-[^"]+)"', text)) for name in ("href", "id"))
    assert len(links) > 20
    assert links <= places == {glossary.place(name) for name in glossary.TERMS}
    params = (clone / "params.yaml").read_text()
    for key in flat(YAML(typ="safe").load(params)):
        assert f'<code>{key}</code><div class="note">{escape(meanings()[key])}</div>' in text
    assert text.count("data-chart=") >= len(gallery.TITLES) - len(COMPARED) + 2
    assert "cannot be told apart or found again" in " ".join(text.split())
    charts = {path.stem for path in (clone / CHARTS).glob("*.png")}
    assert charts == {gallery.file_name(name) for name in gallery.TITLES.keys() - COMPARED}


def told(clone: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """The page about the workspace as it is, in words."""
    monkeypatch.chdir(clone)
    return " ".join(render([run := load(WORKSPACE)], (), origin(run)).split())


def test_the_page_of_one_run(clone: Path, page: Path, monkeypatch: pytest.MonkeyPatch):
    before = page.read_text()
    runner(clone)("make", "-o", "env", "report")
    text = page.read_text()
    page.write_text(before)
    assert "The runs compared" not in text
    assert "With and without dropout" in text  # DVC knows of the experiment
    assert told(clone, monkeypatch) == told(clone, monkeypatch)


def no_yaml(folder: Path) -> None:
    (folder / "params.yaml").write_text("[")


def not_judged(folder: Path) -> None:
    """As `--until train` leaves it."""
    lock = YAML(typ="safe").load(text := (folder / "dvc.lock").read_text())
    (model,) = (out["md5"] for out in lock["stages"]["train"]["outs"] if out["path"] == MODEL)
    (folder / "dvc.lock").write_text(text.replace(model, "0" * 32, 1))


def not_explained(folder: Path) -> None:
    """As `--until evaluate` leaves it: the pictures are of the model before."""
    lock = YAML().load((folder / "dvc.lock").read_text())
    (model,) = (dep for dep in lock["stages"]["explain"]["deps"] if dep["path"] == MODEL)
    model["md5"] = "0" * 32
    with (folder / "dvc.lock").open("w") as file:
        YAML().dump(lock, file)


def other_network(folder: Path) -> None:
    lock = YAML(typ="safe").load(text := (folder / "dvc.lock").read_text())
    (code,) = (dep["md5"] for dep in lock["stages"]["train"]["deps"] if dep["path"] == "src/writerid/network")
    (folder / "dvc.lock").write_text(text.replace(code, f"{'0' * 32}.dir"))


def test_experiments_that_nobody_named_are_passed_over(clone: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """Those that are not whole or of other code; and one of the same name, from another commit."""
    call, copy = runner(clone), tmp_path / "copy"
    head, first = call("git", "rev-parse", "HEAD", "HEAD~1").stdout.split()
    plain = call("git", "rev-parse", f"refs/exps/{head[:2]}/{head[2:]}/no-dropout").stdout.strip()
    refs = []
    for baseline, name, edit in (
        (head, "a", no_yaml),
        (head, "b", not_judged),
        (head, "c", other_network),
        (head, "z", not_explained),
        (first, "no-dropout", other_network),
    ):
        call("git", "worktree", "add", "--quiet", "--detach", str(copy), plain)
        edit(copy)
        call("git", "-C", str(copy), "commit", "--quiet", "--all", "--message", name)
        refs.append(f"refs/exps/{baseline[:2]}/{baseline[2:]}/{name}")
        call("git", "update-ref", refs[-1], call("git", "-C", str(copy), "rev-parse", "HEAD").stdout.strip())
        call("git", "worktree", "remove", "--force", str(copy))
    monkeypatch.chdir(clone)
    try:
        for baseline in (first, plain):
            refs.append(f"refs/exps/{baseline[:2]}/{baseline[2:]}/twice")
            call("git", "update-ref", refs[-1], plain)
        with pytest.raises(InputError, match=r"^twice: experiments of 2 commits .*: (?P<rev>\w{7,}), (?P=rev)$"):
            load("twice")
        with pytest.raises(InputError, match="b: evaluate has not run"):
            load("b")
        run = load(WORKSPACE)
        pair = dropout_experiment(run)
        assert pair and pair[0] is run and (pair[1].name, pair[1].rev) == ("no-dropout", plain)
        assert dropout_pair([run, load("c")]) is None  # though the parameters differ in nothing else
        assert (load("z").mixed, load("no-dropout").mixed) == (["metrics/explain.json"], [])
        assert load("no-dropout").rev == plain
        assert origin(load("no-dropout")).commit == head
    finally:
        for ref in refs:
            call("git", "update-ref", "-d", ref)


def test_code_that_was_committed_after_the_run_is_told(clone: Path, monkeypatch: pytest.MonkeyPatch):
    call = runner(clone)
    head = call("git", "rev-parse", "HEAD").stdout.strip()
    assert "may not give this run" not in told(clone, monkeypatch)
    try:
        with (clone / "src/writerid/network/models.py").open("a") as file:
            file.write("# another network\n")
        assert "may not give this run" not in told(clone, monkeypatch)  # the commit does
        call("git", "commit", "--quiet", "--all", "--message", "code")
        text = told(clone, monkeypatch)
        assert "may not give this run" in text
        assert "What differs: <code>src/writerid/network</code>.</p>" in text
    finally:
        call("git", "reset", "--hard", "--quiet", head)


@pytest.mark.parametrize("table", ["lines_read", "reliability", "traits", "hands", "pairs", "confusion"])
def test_a_table_that_is_cut_off_is_told(clone: Path, monkeypatch: pytest.MonkeyPatch, table: str):
    path = clone / f"metrics/explain/{table}.csv"
    before = path.read_text()
    lines = before.splitlines(keepends=True)
    monkeypatch.chdir(clone)
    try:
        for left in ("", before[: len(before) // 2], before[: len(before) - 3], "".join(lines[:-1])):
            path.write_text(left)
            with pytest.raises(InputError, match=r"^workspace: .*metrics"):
                load(WORKSPACE)
    finally:
        path.write_text(before)


def test_a_damaged_picture_is_told(clone: Path, monkeypatch: pytest.MonkeyPatch):
    path = clone / "metrics/figures/traits.png"
    before = path.read_bytes()
    path.unlink()  # it may be a link into DVC's cache
    try:
        for content in (b"", b"\x89PNG\r\n", before[: len(before) // 2]):
            path.write_bytes(content)
            with pytest.raises(InputError, match=r"workspace: metrics/figures/traits.png is damaged .*dvc checkout"):
                told(clone, monkeypatch)
    finally:
        path.write_bytes(before)


def test_a_folder_to_write_to_is_told_before_any_run_is_read(tmp_path: Path):
    with pytest.raises(InputError, match="there is a folder of this name"):
        report.main(["never-run"], tmp_path, None)


def test_a_run_that_is_not_there_is_refused(clone: Path, page: Path, monkeypatch: pytest.MonkeyPatch):
    before, call = page.read_text(), runner(clone)
    done = call(sys.executable, "-m", "tools.report", "never-run", check=False)
    assert done.returncode == 1
    assert "error: never-run: no experiment, branch, tag or commit" in done.stderr
    assert "Traceback" not in done.stderr
    assert page.read_text() == before
    monkeypatch.chdir(clone)
    tree = call("git", "hash-object", "-w", "-t", "tree", "/dev/null").stdout.strip()  # a commit without any file
    name = call("git", "commit-tree", tree, "-m", "nothing").stdout.strip()
    with pytest.raises(InputError, match=f"{name}: has no params.yaml"):
        load(name)


def test_parameters_are_those_the_run_had(clone: Path, page: Path, monkeypatch: pytest.MonkeyPatch):
    params, test = clone / "params.yaml", clone / "metrics/test/scores.json"
    before, measures = params.read_text(), test.read_text()
    params.write_text(before.replace("dropout: 0.2", "dropout: 0.4"))
    try:
        text = told(clone, monkeypatch)
        assert "params.yaml was changed after this run: dropout is 0.4 there, and was 0.2." in text
        assert "git checkout" in text
        assert "-S dropout" not in text  # what was edited is not what the run had
        test.write_text(measures + "\n")  # as by stages that were run without DVC, which dvc.lock knows nothing of
        text = told(clone, monkeypatch)
        assert "was changed after this run" not in text
        assert "-S dropout=0.4" in text
        assert "dvc.lock is not of this run" in text
        assert "not of one run: metrics/test/scores.json is not of the run" in text
    finally:
        params.write_text(before)
        test.write_text(measures)


def test_a_run_whose_pictures_are_on_another_machine(clone: Path, page: Path, tmp_path: Path):
    """Git brings its figures, and DVC's cache is empty."""
    other = tmp_path / "another machine"
    runner(tmp_path)("git", "clone", "--quiet", str(clone), str(other))
    runner(other)(sys.executable, "-m", "tools.report", "HEAD")
    found = (other / "report.html").read_text()
    assert "metrics/figures/feature_maps.png is not on this machine; dvc pull or dvc repro brings it." in found


@pytest.fixture(scope="module")
def chromium(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    """One browser for all that is opened here."""
    with browser(tmp_path_factory.mktemp("profile")) as started:
        yield started


@needs_chromium
def test_a_person_opens_the_page(page: Path, chromium: Browser):
    chromium.width(1200)
    chromium.open(page, DRAWN)
    charts = chromium.ask("[...document.querySelectorAll('.chart')].map(c => c.querySelectorAll('svg path').length)")
    assert len(charts) >= 12
    assert min(charts) > 3
    assert chromium.ask("[...document.images].every(i => i.width > 0 && (i.alt || i.closest('[aria-label]')))")
    check_sorting(chromium)
    check_hover(chromium)
    check_terms(chromium)
    light = chromium.ask("getComputedStyle(document.body).backgroundColor")
    for pixels, scheme in ((1200, "dark"), (360, "light")):
        chromium.width(pixels)
        chromium.colours(scheme)
        chromium.open(page, DRAWN)
        chromium.driver.execute_script("document.querySelectorAll('details').forEach(d => { d.open = true; })")
        assert chromium.ask("document.documentElement.scrollWidth") <= pixels
        check_lines_and_squares(chromium)
        assert (chromium.ask("getComputedStyle(document.body).backgroundColor") != light) == (scheme == "dark")
    assert chromium.console() == []
    assert chromium.requests() == []


def check_lines_and_squares(chromium: Browser) -> None:
    """Lines of writing wrap, and what has two axes of one kind is as high as wide."""
    inside = "[...document.querySelectorAll('.line img')].every(i => i.getBoundingClientRect().right <= innerWidth)"
    assert chromium.ask(inside)
    frames = "[...document.querySelectorAll('[data-square]')].map(c => c.querySelector('.background').getBBox())"
    for frame in chromium.ask(f"{frames}.map(b => [b.width, b.height])"):
        assert frame[0] == pytest.approx(frame[1], abs=2)


def check_sorting(chromium: Browser) -> None:
    button = chromium.driver.find_elements(By.CSS_SELECTOR, "table.sortable")[0].find_elements(By.TAG_NAME, "button")[4]
    button.click()
    rising = [float(value) for value in chromium.ask(SORTED)]
    assert rising == sorted(rising)
    button.send_keys(Keys.ENTER)  # by keyboard
    assert [float(value) for value in chromium.ask(SORTED)] == rising[::-1]
    assert button.find_element(By.XPATH, "..").get_attribute("aria-sort") == "descending"


def check_hover(chromium: Browser) -> None:
    mark = chromium.driver.find_elements(By.CSS_SELECTOR, ".chart svg g.mark-symbol path")[0]
    chromium.driver.execute_script("arguments[0].scrollIntoView({block: 'center', behavior: 'instant'})", mark)
    ActionChains(chromium.driver).move_to_element(mark).perform()
    assert ", epoch 1: loss " in chromium.ask("document.querySelector('#vg-tooltip-element').textContent")


def check_terms(chromium: Browser) -> None:
    chromium.driver.find_element(By.CSS_SELECTOR, "a.term[href='#term-epoch']").send_keys(Keys.ENTER)  # by keyboard
    place = chromium.ask("document.querySelector('dl > div:target').getBoundingClientRect().top")
    assert 0 <= place < 900
    assert "A round of training" in chromium.ask("document.querySelector('dl > div:target').textContent")


HOSTILE = "</script><script>window.ran = true</script>"
ALL_DRAWN = "document.querySelectorAll('.vega-embed svg.marks').length > 9"


@needs_chromium
def test_the_plots_of_dvc_open_offline(clone: Path, run: Call, chromium: Browser):
    table = clone / "metrics/explain/confusion.csv"
    # HEAD and an experiment: what a person compares
    for command in (["diff", "HEAD", "no-dropout"], ["show"]):
        if command == ["show"]:
            table.write_text(table.read_text().replace("000", f'"{HOSTILE}"'))
        run("dvc", "plots", *command)
        chromium.open(clone / "dvc_plots" / "index.html", ALL_DRAWN)
        assert chromium.console() == []
        assert chromium.requests() == []
    assert chromium.ask("window.ran") is None
    assert chromium.ask("document.querySelector('plaintext').textContent.includes('window.ran')")


@needs_chromium
def test_names_are_nothing_but_data(clone: Path, chromium: Browser, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.chdir(clone)
    loaded = load(WORKSPACE)
    names = [HOSTILE, "<img src=x onerror='window.ran=true'>", 'a,\nb &amp; "c" =1+1 .. שלום 😀']
    others = dict(zip(("000", "001", "002"), names, strict=True))
    tables = {
        name: [{column: others.get(cell, cell) for column, cell in row.items()} for row in table]
        for name, table in loaded.tables.items()
    }
    named = replace(loaded, name=HOSTILE, tables=tables)
    path = clone / "named.html"
    path.write_text(render([named, loaded], (), origin(loaded)), encoding="utf-8")
    chromium.open(path, DRAWN)
    path.unlink()
    assert chromium.console() == []
    assert chromium.ask("window.ran") is None
    text = chromium.ask("document.body.textContent")
    assert all(name in text for name in names)
    shown = chromium.ask("[...document.querySelectorAll('svg text')].map(t => t.textContent)")
    assert any(label.startswith("</script><script>") for label in shown)
