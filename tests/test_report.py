"""The page that people look at first, made from tiny runs and opened as a person would."""

import re
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from selenium.webdriver.common.action_chains import ActionChains
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys

from tests.browser import Browser, browser, needs_chromium
from tests.conftest import ROOT, runner
from tests.conftest import Run as Call
from tools import plots_page
from writerid.report import words
from writerid.report.charts import ORDERS
from writerid.report.runs import Run

DRAWN = "document.documentElement.dataset.drawn"
SORTED = "[...document.querySelectorAll('table.sortable')[0].tBodies[0].rows].map(r => r.cells[4].dataset.value)"


@pytest.fixture(scope="module")
def page(clone: Path) -> Path:
    """The page that compares the tiny run with one without dropout."""
    call = runner(clone)
    call("dvc", "exp", "run", "--name", "no-dropout", "-S", "dropout=0.0")
    call("git", "reset", "--hard", "--quiet")
    call("dvc", "checkout", "--quiet", "--force")
    done = call(sys.executable, "-m", "tools.report", "workspace", "no-dropout")
    assert "report.html: " in done.stdout
    return clone / "report.html"


def test_the_page_holds_everything(page: Path, clone: Path):
    text = page.read_text()
    assert page.stat().st_size < 10e6
    assert not re.search(r"""(src|href)=["']?(https?:)?//""", text)
    for expected in ("With and without dropout", "The runs compared", "no-dropout", "MD5 of the model", "git checkout"):
        assert expected in text, expected
    assert text.count('src="data:image/webp;base64,') >= 8
    assert runner(clone)("git", "status", "--porcelain").stdout == ""  # the page is nothing that git sees


def test_the_page_of_one_run(clone: Path, page: Path):
    call = runner(clone)
    call("make", "-o", "env", "report")
    first = page.read_text()
    assert "The runs compared" not in first
    assert "With and without dropout" in first  # DVC knows of the experiment
    call("make", "-o", "env", "report")
    assert page.read_text() == first
    call(sys.executable, "-m", "tools.report", "workspace", "no-dropout")


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
    assert "epoch" in chromium.ask("document.querySelector('#vg-tooltip-element').textContent")


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
    assert "8.7 points more." in words.against_reference(run)[0]
    assert not any("drawn by a program" in sentence for sentence in words.against_reference(run))
    assert any(
        "drawn by a program" in s for s in words.against_reference(made_up(params={"dataset": "data/synthetic.zip"}))
    )
    assert "w (50 % of 8)" in words.failures(run)[0]


def test_evidence_is_believed_only_where_it_beats_chance():
    good = {"area": 0.2, "over_random_low": 0.1, "over_ink_low": 0.1}
    test = {**dict.fromkeys(ORDERS, good), "random": {"area": 0.4}, "ink": {"area": 0.4}}
    assert "beyond chance" in words.trust(made_up(explain={"crops": 64, "deletion": test, "insertion": test}))
    assert "prove nothing" in words.trust(made_up(explain={"crops": 9, "deletion": test, "insertion": test}))
    coarse = {**test, "grad_cam": {**good, "over_random_low": -0.1}}
    told = words.trust(made_up(explain={"crops": 64, "deletion": test, "insertion": coarse}))
    assert "beyond chance" in told
    assert "Grad-CAM, shown further down, does not beat both orders in both tests here." in told
    bad = {**test, "integrated_gradients": {**good, "over_ink_low": -0.1}}
    assert "do not read" in words.trust(made_up(explain={"crops": 64, "deletion": test, "insertion": bad}))


def test_runs_with_and_without_dropout_find_one_another():
    dropped = made_up()
    plain = made_up(name="b", params={**dropped.params, "dropout": 0.0})
    other = made_up(name="c", params={**plain.params, "seed": 1})
    assert words.dropout_pair([plain, dropped]) == (dropped, plain)
    assert words.dropout_pair([dropped, other]) is None
    assert words.differing([dropped, plain]) == [("dropout", ["0.2", "0.0"])]
