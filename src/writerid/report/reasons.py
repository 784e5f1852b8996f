"""What the page says of why decisions are as they are: what they rest on, and whether the evidence can be believed."""

from writerid.report.runs import Run
from writerid.report.words import listed, percent

ENOUGH = 30  # crops on which evidence is checked
MOST = 3  # traits that are named as those that decide
LITTLE, MUCH = 0.05, 0.15  # share of the right decisions that a change of a trait costs


def rests_on(run: Run) -> list[str]:
    """Say which traits of a hand decisions rest on, by how many are right when a trait is changed."""
    rows = run.tables["traits"]
    as_it_is, anew = (float(row["accuracy"]) for row in rows[:2])
    costs: dict[str, tuple[float, dict[str, str]]] = {}
    for row in rows[2:]:
        cost = 1 - float(row["accuracy"]) / anew if anew else 0.0
        costs[row["trait"]] = max(costs.get(row["trait"], (-1.0, row)), (cost, row), key=lambda pair: pair[0])
    worst = sorted(costs.items(), key=lambda item: -item[1][0])
    surely = float(rows[1]["accuracy_low"])  # what lies below this is no chance
    much = [
        f"{trait} ({percent(row['accuracy'])}: {row['change']})"
        for trait, (cost, row) in worst
        if cost >= MUCH and float(row["accuracy_high"]) < surely
    ]
    little = [trait for trait, (cost, _) in worst if cost < LITTLE]
    told = [
        "All test lines were changed in one trait at a time, by so little that a reader would know the hand again. "
        f"Of their crops {percent(as_it_is)} are right as they are, and {percent(anew)} when they are merely drawn "
        "anew, which softens their edges."
    ]
    if much:
        told.append(f"Decisions rest most on {listed(much[:MOST])}.")
    else:
        told.append("No single trait is seen to decide: none of the changes costs much beyond chance.")
    if little:
        told.append(f"They rest little on {listed(little)}.")
    told.append(
        "A trait that is relied on is not yet a trait of the hand: how wide strokes are, and how grey, is the pen's "
        "and the scanner's too."
    )
    return told


def few(run: Run, kind: str, shown: int) -> str:
    """Say that there are fewer lines of a kind than were asked for, and why; empty where there are enough."""
    if shown >= int(run.params.get("explain.lines", 0)):
        return ""
    if kind == "surest_wrong":
        return f"{'These are all' if shown else 'There is none'}: every {'other ' * bool(shown)}test line is right."
    noun = "right test line" if kind == "surest_right" else "test line"
    if shown > 1:
        return f"Only these {shown} {noun}s are left that are not shown above."
    return f"{'Only this' if shown else 'No'} {noun} is left that is not shown above."


def trust(run: Run) -> str:
    """Say whether the evidence maps hold what they promise."""
    own = "integrated_gradients"
    deletion, insertion = run.explain["deletion"], run.explain["insertion"]
    holds = _beats(deletion[own]) and _beats(insertion[own])
    if run.explain["crops"] < ENOUGH:
        verdict = f"So few crops prove nothing; raise explain.crops to {ENOUGH} or more."
    elif holds:
        verdict = "The maps mark what decides: all four differences are beyond chance (95 %)."
    else:
        verdict = "At least one of these differences may be chance: do not read much into the maps of this run."
    failing = [
        name
        for method, name in (("gradient_x_input", "gradient x input"), ("grad_cam", "Grad-CAM"))
        if not _beats(deletion[method]) or not _beats(insertion[method])
    ]
    if run.explain["crops"] >= ENOUGH and failing:
        verdict += f" {' and '.join(failing)}, shown further down, does not beat both orders in both tests here."
    return (
        f"Checked on {run.explain['crops']} test crops. From all of the ink to none, confidence averages "
        f"{percent(deletion[own]['area'])} when the ink that the map marks is wiped out first; "
        f"{percent(deletion['random']['area'])} when any is, {percent(deletion['ink']['area'])} when the most inked "
        "parts are. The lower, the more the first ink to go had mattered. From blank paper to all of the ink it "
        f"averages {percent(insertion[own]['area'])} when the marked ink is put down first, against "
        f"{percent(insertion['random']['area'])} and {percent(insertion['ink']['area'])}; here higher is better. "
        + verdict
    )


def _beats(figures: dict[str, float]) -> bool:
    """Whether an order is better than both that know nothing of the network, beyond chance."""
    return figures["over_random_low"] > 0 and figures["over_ink_low"] > 0
