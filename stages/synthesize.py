"""synthesize: draw the synthetic handwriting that a fresh clone starts with."""

from pathlib import Path

from stages.runner import run
from writerid.base.params import load
from writerid.synthesis.archive import write_archive


def main() -> None:
    """Write data/synthetic.zip."""
    params = load()
    write_archive(
        Path("data/synthetic.zip"),
        writers=params.synthesis.writers,
        forms=params.synthesis.forms,
        lines=params.synthesis.lines,
        difficulty=params.synthesis.difficulty,
        seed=params.seed,
    )


if __name__ == "__main__":
    run(main)
