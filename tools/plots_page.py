"""Make .dvc/plots_page.html, the page of `dvc plots show`, with its chart library inside: DVC's own fetches it.

    python -m tools.plots_page

It is kept in git, since a fresh clone needs it, and made anew when vl-convert-python brings another Vega.
"""

from pathlib import Path

from stages.runner import run
from writerid.base.files import atomic
from writerid.report.page import bundle

VEGA_LITE = "5.21"  # of the schema that DVC's templates name
PAGE = """<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
{refresh_tag}
<title>DVC plots</title>
<link rel="icon" href="data:,">
<style>body { margin: 1rem; background: #fff; color: #111; font-family: sans-serif; }
body > div { overflow: auto; margin: 1rem 0; } table { border-spacing: 1rem; } img { max-width: 100%; }</style>
<!-- Vega, Vega-Lite and Vega-Embed, (c) University of Washington Interactive Data Lab and others, BSD 3-Clause. -->
<script>BUNDLE</script>
</head>
<body>
{plot_divs}
</body>
</html>
"""


def page() -> str:
    """Return the template of the page, in which DVC puts its plots."""
    return PAGE.replace("BUNDLE", bundle(VEGA_LITE))


def main() -> None:
    """Write the template."""
    with atomic(Path(".dvc/plots_page.html")) as temporary:
        temporary.write_text(page(), encoding="utf-8", newline="\n")


if __name__ == "__main__":
    run(main, alone=False)
