"""The session in docs/identify.md, as it stands there."""

import re
import subprocess
import sys
from pathlib import Path

from tests.conftest import ROOT
from tests.handmade import HANDS, identifier, page, save


def test_the_session_runs(tmp_path: Path):
    identifier(writers=("dora", "emil")).save(tmp_path / "models" / "identifier")
    for name in HANDS:
        for number in (1, 2):
            save(page(HANDS[name], number), tmp_path / "scans" / f"{name}-{number}.png")
    text = (ROOT / "docs" / "identify.md").read_text()
    session = "\n".join(re.findall(r"```python\n(.*?)```", text, re.DOTALL))
    start = f"import sys; sys.path.insert(0, {str(ROOT / 'src')!r})\n"
    done = subprocess.run([sys.executable, "-c", start + session], cwd=tmp_path, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert "\nanna " in done.stdout
    assert "carla-2.png,carla" in done.stdout
    assert (tmp_path / "evidence.html").is_file()
    assert "carla" not in (tmp_path / "models" / "people" / "identifier.json").read_text()


def test_the_commands_that_the_page_names_are_there():
    from writerid.cli import main

    text = (ROOT / "docs" / "identify.md").read_text()
    for command in set(re.findall(r"^writerid (\w+)", text, re.MULTILINE)):
        try:
            main([command, "--help"])
        except SystemExit as ended:
            assert ended.code == 0
