"""The page that people look at first, made from tiny runs and opened as a person would."""

import json
import re
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from markupsafe import escape
from ruamel.yaml import YAML
from selenium.webdriver.common.action_chains import ActionChains
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys

from tests.browser import Browser, browser, needs_chromium
from tests.conftest import ROOT, runner
from tests.conftest import Run as Call
from tools import plots_page
from writerid.base.errors import InputError
from writerid.base.params import meanings
from writerid.report import compared, glossary, reasons, words
from writerid.report.origin import commands, origin, provenance
from writerid.report.page import render
from writerid.report.reason_charts import ORDERS
from writerid.report.runs import WORKSPACE, Run, flat, load

DRAWN = "document.documentElement.dataset.drawn"
SORTED = "[...document.querySelectorAll('table.sortable')[0].tBodies[0].rows].map(r => r.cells[4].dataset.value)"


@pytest.fixture(scope="module")
def page(clone: Path) -> Path:
    """The page that compares the tiny run with one without dropout."""
    call = runner(clone)
    done = call(sys.executable, "-m", "tools.report", "workspace", "no-dropout")
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
    specs = re.findall(r'<script type="application/json" data-chart="\w+">(.*?)</script>', text)
    assert len(specs) >= 12
    for spec in specs:
        said = re.findall(r'"says":("(?:[^"\\]|\\.)*")', spec)
        assert said
        assert all(json.loads(sentence).endswith(".") for sentence in said)


def test_the_page_of_one_run(clone: Path, page: Path):
    call = runner(clone)
    call("make", "-o", "env", "report")
    first = page.read_text()
    assert "The runs compared" not in first
    assert "With and without dropout" in first  # DVC knows of the experiment
    call("make", "-o", "env", "report")
    assert page.read_text() == first
    call(sys.executable, "-m", "tools.report", "workspace", "no-dropout")


@pytest.mark.parametrize("table", ["lines_read", "reliability", "traits", "hands", "pairs", "confusion"])
@pytest.mark.parametrize("left", [0.0, 0.3, 0.5, 0.8])
def test_a_table_that_is_cut_off_is_told(clone: Path, monkeypatch: pytest.MonkeyPatch, table: str, left: float):
    path = clone / f"metrics/explain/{table}.csv"
    before = path.read_text()
    path.write_text(before[: int(left * len(before))])
    monkeypatch.chdir(clone)
    try:
        run = load(WORKSPACE)
        assert render([run], (), origin(run))  # what is left may be whole by chance
    except InputError as error:
        assert str(error).startswith(WORKSPACE)
        assert "metrics/" in str(error)
    else:
        assert left
    finally:
        path.write_text(before)


@pytest.mark.parametrize("content", [b"", b"\x89PNG\r\n", "half"])
def test_a_damaged_picture_is_told(clone: Path, monkeypatch: pytest.MonkeyPatch, content: bytes | str):
    path = clone / "metrics/figures/traits.png"
    before = path.read_bytes()
    path.unlink()  # it may be a link into DVC's cache
    path.write_bytes(content if isinstance(content, bytes) else before[: len(before) // 2])
    monkeypatch.chdir(clone)
    try:
        with pytest.raises(InputError, match=r"workspace: metrics/figures/traits.png is damaged .*dvc checkout"):
            render([run := load(WORKSPACE)], (), origin(run))
    finally:
        path.write_bytes(before)


@pytest.mark.parametrize("name", ["never-run", "nothing"])
def test_a_run_that_is_not_there_is_refused(clone: Path, page: Path, name: str):
    before, call = page.read_text(), runner(clone)
    message = "never-run: no experiment, branch, tag or commit"
    if name == "nothing":  # a commit without any file
        tree = call("git", "hash-object", "-w", "-t", "tree", "/dev/null").stdout.strip()
        name = call("git", "commit-tree", tree, "-m", "nothing").stdout.strip()
        message = f"{name}: has no params.yaml"
    done = call(sys.executable, "-m", "tools.report", name, check=False)
    assert done.returncode == 1
    assert f"error: {message}" in done.stderr
    assert "Traceback" not in done.stderr
    assert page.read_text() == before


def test_parameters_are_those_the_run_had(clone: Path, page: Path):
    params, test = clone / "params.yaml", clone / "metrics/test.json"
    before, figures = params.read_text(), test.read_text()
    params.write_text(before.replace("dropout: 0.2", "dropout: 0.4"))
    try:
        runner(clone)(sys.executable, "-m", "tools.report", "--output", "edited.html")
        text = (clone / "edited.html").read_text()
        assert "params.yaml was changed after this run: dropout is 0.4 there, and was 0.2." in text
        assert "git checkout" in text
        assert "-S dropout" not in text  # what was edited is not what the run had
        test.write_text(figures + "\n")  # as by stages that were run without DVC, which dvc.lock knows nothing of
        runner(clone)(sys.executable, "-m", "tools.report", "--output", "edited.html")
        text = (clone / "edited.html").read_text()
        assert "was changed after this run" not in text
        assert "-S dropout=0.4" in text
        assert "dvc.lock is not of this run" in text
        assert "not of one run: metrics/test.json differs from" in " ".join(text.split())
    finally:
        params.write_text(before)
        test.write_text(figures)
        (clone / "edited.html").unlink()


def test_a_run_whose_pictures_are_on_another_machine(clone: Path, page: Path, tmp_path: Path):
    """Git brings its figures, and DVC's cache is empty."""
    other = tmp_path / "another machine"
    runner(tmp_path)("git", "clone", "--quiet", str(clone), str(other))
    runner(other)(sys.executable, "-m", "tools.report", "HEAD")
    found = (other / "report.html").read_text()
    assert "metrics/figures/feature_maps.png is not on this machine; dvc pull or dvc repro brings it." in found


@needs_chromium
def test_a_person_opens_the_page(page: Path, tmp_path: Path):
    with browser(tmp_path / "profile") as chromium:
        chromium.width(1200)
        chromium.open(page, DRAWN)
        charts = chromium.ask(
            "[...document.querySelectorAll('.chart')].map(c => c.querySelectorAll('svg path').length)"
        )
        assert len(charts) >= 12
        assert min(charts) > 3
        assert chromium.ask("[...document.images].every(i => i.alt && i.width > 0)")
        check_sorting(chromium)
        check_hover(chromium)
        check_terms(chromium)
        light = chromium.ask("getComputedStyle(document.body).backgroundColor")
        for pixels in (1200, 360):
            for scheme in ("light", "dark"):
                chromium.width(pixels)
                chromium.colours(scheme)
                chromium.open(page, DRAWN)
                chromium.driver.execute_script("document.querySelectorAll('details').forEach(d => { d.open = true; })")
                assert chromium.ask("document.documentElement.scrollWidth") <= pixels
                narrow = "[...document.querySelectorAll('.chart svg')].every(s => s.getBoundingClientRect().width > 0)"
                assert chromium.ask(narrow)
        assert chromium.ask("getComputedStyle(document.body).backgroundColor") != light
        assert chromium.console() == []
        assert chromium.requests() == []


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
    assert ", epoch 1 of 2: loss " in chromium.ask("document.querySelector('#vg-tooltip-element').textContent")


def check_terms(chromium: Browser) -> None:
    chromium.driver.find_element(By.CSS_SELECTOR, "a.term[href='#term-epoch']").send_keys(Keys.ENTER)  # by keyboard
    place = chromium.ask("document.querySelector('dl > div:target').getBoundingClientRect().top")
    assert 0 <= place < 900
    assert "A round of training" in chromium.ask("document.querySelector('dl > div:target').textContent")


@needs_chromium
def test_the_plots_of_dvc_open_offline(clone: Path, page: Path, run: Call, tmp_path: Path):
    with browser(tmp_path / "profile") as chromium:
        # HEAD and an experiment: what a person compares
        for command in (["show"], ["diff", "HEAD", "no-dropout"]):
            run("dvc", "plots", *command)
            chromium.open(
                clone / "dvc_plots" / "index.html", "document.querySelectorAll('.vega-embed svg.marks').length > 8"
            )
            assert chromium.console() == []
            assert chromium.requests() == []


def test_the_page_of_dvc_is_as_its_tool_makes_it():
    assert (ROOT / ".dvc/plots_page.html").read_text() == plots_page.page(), "run `python -m tools.plots_page`"


def made_up(**changes: Any) -> Run:
    level = {
        "accuracy": 0.9,
        "accuracy_low": 0.85,
        "accuracy_high": 0.95,
        "items": 40,
        "calibrated_ece": 0.02,
        "ece": 0.1,
    }
    run = Run(
        name="a",
        params={"dataset": "data/own.zip", "dropout": 0.2, "seed": 0},
        edited={},
        mixed=[],
        test=dict.fromkeys(("crop", "line", "form"), level) | {"split": "form", "chance": {"accuracy": 0.02}},
        explain={},
        train={},
        dataset={"writers": 50},
        split={},
        runtime={},
        curves={},
        tables={"writers": [{"writer": "w", "lines": "8", "line_accuracy": "0.5"}], "pairs": []},
        lock={},
        read=lambda path: None,
    )
    return replace(run, **changes)


def test_what_is_said_of_a_result():
    run = made_up()
    assert words.headline(run) == (
        "Of 40 test lines, 90.0 % are given to the right one of 50 writers (95 % interval: 85.0 % to 95.0 %); "
        "guessing would give 2.0 %."
    )
    iam = made_up(params={"dataset": "data/IAM.zip"})
    assert "8.7 points more." in words.against_reference(iam)[0]
    assert not any("drawn by a program" in sentence for sentence in words.against_reference(iam))
    assert "does not say that it is" in words.against_reference(run)[0]  # any other archive
    shares = {1.0: "100.0 %", 0.99958: "99.96 %", 0.9999999: "99.999 %", 0.5: "50.0 %"}
    assert {share: words.percent(share) for share in shares} == shares
    (told,) = words.against_reference(made_up(params={"dataset": "data/synthetic.zip"}))
    assert "drawn by a program" in told
    assert "points" not in told  # the two figures are of different data
    assert words.failures(run)[0] == (
        "Hardest writers, by lines that are right: w (50 % of 8). No writer has every line right."
    )
    table = [{"writer": str(i), "lines": "8", "line_accuracy": "0.5" if i < 8 else "1"} for i in range(9)]
    told = words.failures(made_up(tables={"writers": table, "pairs": []}))[0]
    assert told.endswith("4 (50 % of 8). 3 writers more have at least one wrong line. Of 1 writer every line is right.")


def test_why_training_may_look_worse_than_validation():
    assert "still changes, with parts of the network switched off (dropout)." in words.harder(made_up())
    smoothed = made_up(params={"dropout": 0.2, "label_smoothing": 0.1, "augment.share": 0.5})
    assert "(dropout), against targets" in words.harder(smoothed)
    assert "(label smoothing) and on crops" in words.harder(smoothed)
    assert words.harder(made_up(params={"dropout": 0.0})) == ""


def test_what_decisions_rest_on():
    shares = {("", "as it is"): 0.9, ("", "anew"): 0.8, ("slant", "left"): 0.6, ("slant", "right"): 0.79}
    shares |= {("size", "larger"): 0.7, ("order", "any order"): 0.78, ("place", "higher"): 0.85}

    def rows(spread: float) -> list[dict[str, str]]:
        names = {"accuracy": 0.0, "accuracy_low": -spread, "accuracy_high": spread}
        return [
            {"trait": trait, "change": change} | {name: str(share + by) for name, by in names.items()}
            for (trait, change), share in shares.items()
        ]

    told = reasons.upset_by(made_up(tables={"traits": rows(0.05)}))
    assert "90.0 % are right as they are, and 80.0 % when" in told[0]
    assert told[1] == "Decisions suffer most from a change of slant (60.0 %: left)."  # size costs but an eighth
    assert (
        told[2] == "For order and place the bars reach that of lines drawn anew: no sure loss. The others lie between."
    )
    for few in (rows(0.05)[:2], rows(0.2)):  # nothing changed; all within chance
        unsure = reasons.upset_by(made_up(tables={"traits": few}))
        assert unsure[1].startswith("No single trait is seen to decide")


def test_a_weak_network_explains_nothing():
    level = {"accuracy": 0.04}
    run = made_up(test={"crop": level, "chance": {"accuracy": 0.02}})
    assert reasons.upset_by(run) == [reasons.trust(run)]
    assert "so weak a network says nothing" in reasons.trust(run)
    assert reasons.weak(made_up(test={"crop": {"accuracy": 0.47}, "chance": {"accuracy": 0.5}}))
    assert not reasons.weak(made_up(test={"crop": {"accuracy": 0.9}, "chance": {"accuracy": 0.5}}))


def test_parameters_that_were_edited_after_the_run():
    run = made_up(edited={"dropout": 0.4, "crop.tone": "gone"}, params={"dropout": 0.2, "crop.tone": "clip"})
    assert words.edited(run) == (
        "params.yaml was changed after this run: dropout is 0.4 there, and was 0.2, crop.tone is gone there, and was "
        "clip. This page is of the run as it was; `dvc repro` makes another."
    )
    many = {f"p{number}": number for number in range(8)}
    assert "p4 is 4 there, and was 0; and 3 more. This" in words.edited(
        made_up(edited=many, params=dict.fromkeys(many, 0))
    )
    assert words.edited(made_up()) == ""


def test_evidence_is_believed_only_where_it_beats_chance():
    good = {"area": 0.2, "over_random_low": 0.1, "over_ink_low": 0.1}
    test = {**dict.fromkeys(ORDERS, good), "random": {"area": 0.4}, "ink": {"area": 0.4}}
    assert "beyond chance" in reasons.trust(made_up(explain={"crops": 64, "deletion": test, "insertion": test}))
    assert "prove nothing" in reasons.trust(made_up(explain={"crops": 9, "deletion": test, "insertion": test}))
    coarse = {**test, "grad_cam": {**good, "over_random_low": -0.1}}
    told = reasons.trust(made_up(explain={"crops": 64, "deletion": test, "insertion": coarse}))
    assert "beyond chance" in told
    assert "Grad-CAM, shown further down, does not beat both orders in both tests here." in told
    bad = {**test, "integrated_gradients": {**good, "over_ink_low": -0.1}}
    assert "do not read" in reasons.trust(made_up(explain={"crops": 64, "deletion": test, "insertion": bad}))


def test_runs_with_and_without_dropout_find_one_another():
    dropped = made_up()
    plain = made_up(name="b", params={**dropped.params, "dropout": 0.0})
    other = made_up(name="c", params={**plain.params, "seed": 1})
    assert compared.dropout_pair([plain, dropped]) == (dropped, plain)
    assert compared.dropout_pair([dropped, other]) is None
    assert compared.differing([dropped, plain]) == [("dropout", ["0.2", "0.0"])]


def test_terms_are_linked_where_they_are_first_met():
    found = str(glossary.linked("Crops & losses; of crops, the loss: Loss", "loss", "crop"))
    assert found.count("<a ") == 2
    assert found.startswith('<a class="term" href="#term-crop" title="A piece of a line')
    assert ">Crops</a> &amp; losses; of crops, the <a" in found
    assert found.endswith(">loss</a>: Loss")
    with pytest.raises(KeyError):
        glossary.term("jargon")


def test_every_parameter_is_explained():
    written = flat(YAML(typ="safe").load((ROOT / "params.yaml").read_text()))
    assert written.keys() <= meanings().keys()
    assert min(len(meaning) for meaning in meanings().values()) > 10


def test_fewer_lines_than_asked_for_are_explained(kind: str, shown: int, said: str):
    assert reasons.few(made_up(params={"explain.lines": 5}), kind, shown) == said


PARAMS = "dataset: data/synthetic.zip\ndropout: 0.2\ncrop:\n  tone: clip\n"


@pytest.fixture
def repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with one commit, that of a run."""
    monkeypatch.chdir(tmp_path)
    for name, text in {"params.yaml": PARAMS, "src/a.py": "1", "README.md": "1", "metrics/test.json": "1"}.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text)
    call = runner(tmp_path)
    call("git", "init", "--quiet")
    call("git", "add", ".")
    call("git", "-c", "user.name=t", "-c", "user.email=t@t.invalid", "commit", "--quiet", "-m", "run")
    return tmp_path


def of_params(text: str, **changes: Any) -> Run:
    deps = [{"path": path, "md5": "0"} for path in ("src/a.py", "src/new.py", "metrics/test.json")]
    stages = {"evaluate": {"outs": [{"path": "metrics/test.json", "md5": "0"}]}, "explain": {"deps": deps}}
    return made_up(name=WORKSPACE, params=flat(YAML(typ="safe").load(text)), lock={"stages": stages}, **changes)


def test_a_commit_alone_gives_a_run_that_differs_in_nothing(repository: Path):
    (repository / "README.md").write_text("2")  # not what a run depends on
    (repository / "metrics/test.json").write_text("2")  # made by it
    head = runner(repository)("git", "rev-parse", "HEAD").stdout.strip()
    source = origin(of_params(PARAMS))
    assert (source.params, source.files) == ({}, ())
    assert commands(source) == [f"git checkout {head}", "make repro", "make report"]
    assert dict(provenance(of_params(PARAMS), source))["commit"] == head


def test_other_parameters_and_other_code_are_told(repository: Path):
    changed = PARAMS.replace("0.2", "0.0").replace("clip", "raw").replace("synthetic", "my own")
    (repository / "params.yaml").write_text(changed)
    (repository / "src/a.py").write_text("2")
    (repository / "src/new.py").write_text("not tracked")
    source = origin(of_params(changed))
    assert source.files == ("src/a.py", "src/new.py")
    assert commands(source)[1] == "dvc exp run -S 'dataset=data/my own.zip' -S dropout=0.0 -S crop.tone=raw"
    assert dict(provenance(of_params(changed), source))["commit"].endswith(", with other parameters and code")


def test_an_experiment_is_told_from_the_commit_it_started_from(repository: Path):
    call = runner(repository)
    head = call("git", "rev-parse", "HEAD").stdout.strip()
    changed = PARAMS.replace("0.2", "0.0")
    (repository / "params.yaml").write_text(changed)
    call("git", "-c", "user.name=t", "-c", "user.email=t@t.invalid", "commit", "--quiet", "-am", "experiment")
    call("git", "update-ref", f"refs/exps/{head[:2]}/{head[2:]}/plain", "HEAD")
    call("git", "update-ref", "refs/exps/stash", "HEAD")  # DVC has such, too
    call("git", "reset", "--hard", "--quiet", head)
    source = origin(replace(of_params(changed), name="plain"))
    assert commands(source) == [f"git checkout {head}", "dvc exp run -S dropout=0.0", "make report"]
    assert source.files == ()


def test_a_folder_without_commits_is_no_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.chdir(tmp_path)
    runner(tmp_path)("git", "init", "--quiet")
    assert commands(origin(of_params(PARAMS))) == ["git checkout COMMIT", "make repro", "make report"]
