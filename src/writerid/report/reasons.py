"""What the page says of why decisions are as they are: what they rest on, and whether the evidence can be believed."""

from writerid.explain.orders import ORDERS
from writerid.report.runs import Run
from writerid.report.words import listed, percent

ENOUGH = 30  # crops on which evidence is checked
BLANK = 0.5  # share of the crops without writing that leaves nothing to learn from
ENOUGH_BETTER = 5  # times as often right as by guessing
CHANCE = 0.05  # a p value below which a difference is no chance
LEAST = 0.01  # difference of confidence, on average over the way, that is worth a word
MOST = 3  # traits that are named as those that decide
LITTLE, MUCH = 0.05, 0.15  # share of the right decisions that a change of a trait costs


def weak(run: Run) -> str:
    """Say that so weak a network explains nothing; empty where it is clearly better than guessing."""
    right, chance = run.test["crop"]["accuracy"], run.test["chance"]["accuracy"]
    if right > (1 + chance) / 2 or right > ENOUGH_BETTER * chance:
        return ""
    told = (
        f"Of the test crops {percent(right)} are right, guessing gives {percent(chance)}: so weak a network says "
        "nothing of hands. "
    )
    blank, trained = run.explain.get("blank_crops", 0.0), run.curves["train"]["accuracy"][-1]
    if blank > BLANK:
        share = percent(blank, 0)
        return f"{told}{share} of the test crops hold no writing: look at the dataset's images, and at crop.tone."
    if trained > min((1 + chance) / 2, ENOUGH_BETTER * chance) and trained > 2 * right:
        return (
            f"{told}It has learned its training crops ({percent(trained)} of them are right), but not what they share "
            "with others by the same hands: it needs more forms of each writer."
        )
    return (
        f"{told}It was hardly trained: of its training crops, too, {percent(trained)} are right. Train it longer, or "
        "with another learning_rate."
    )


def upset_by(run: Run) -> list[str]:
    """Say which changes of the writing upset decisions, by how many crops are right when a trait is changed."""
    if weak(run):
        return [weak(run)]
    rows = run.tables["traits"]
    as_it_is, anew = (float(row["accuracy"]) for row in rows[:2])
    costs: dict[str, tuple[float, dict[str, str]]] = {}
    for row in rows[2:]:
        cost = 1 - float(row["accuracy"]) / anew if anew else 0.0
        costs[row["trait"]] = max(costs.get(row["trait"], (-1.0, row)), (cost, row), key=lambda pair: pair[0])
    worst = sorted(costs.items(), key=lambda item: -item[1][0])
    lost = [(trait, cost, row) for trait, (cost, row) in worst if cost > 0 and float(row["p"]) < CHANCE]
    much = [f"{trait} ({percent(row['accuracy'])}: {row['change']})" for trait, cost, row in lost if cost >= MUCH]
    none = [trait for trait, (cost, row) in worst if cost < LITTLE and float(row["p"]) >= CHANCE]
    told = [
        "Some test lines, spread evenly, were changed in one trait at a time; what each change looks like is shown "
        "below. How far a change goes is a share of the height of a line. Of their crops "
        f"{percent(as_it_is)} are right as they are, and {percent(anew)} when they are merely drawn anew, which "
        "softens their edges."
    ]
    if much:
        told.append(f"Decisions suffer most from a change of {listed(much[:MOST])}.")
    else:
        told.append("No single trait is seen to decide: none of the changes costs much beyond chance.")
    if none:
        told.append(
            f"For {listed(none)} it is not certain that anything is lost, compared with lines drawn anew. The others "
            "lie between."
        )
    told.append(
        "A change hurts where decisions rest on the trait, or where the network has never seen lines like that. In "
        "both cases be careful: the width of strokes and their shades of grey depend on the pen and the scanner, too. "
        "Other pens, papers and scanners are imitated on lines that were cleaned, and these are cleaned once more."
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
    if weak(run):
        return weak(run)
    method = "integrated_gradients"
    deletion, insertion = run.explain["deletion"], run.explain["insertion"]
    holds = _beats(deletion[method]) and _beats(insertion[method])
    if run.explain["crops"] < ENOUGH:
        verdict = f"So few crops prove nothing; raise explain.crops to {ENOUGH} or more."
    elif holds:
        verdict = "The marks hold: in both tests they beat both other orders beyond chance (95 %)."
    else:
        verdict = "At least one of these differences may be chance: do not read much into the maps of this run."
    failing = [
        ORDERS[other]
        for other in ("gradient_x_input", "grad_cam")
        if not _beats(deletion[other]) or not _beats(insertion[other])
    ]
    if run.explain["crops"] >= ENOUGH and failing:
        verdict += f" {' and '.join(failing)}, shown further down, does not beat both orders in both tests here."
    return (
        f"Checked on {run.explain['crops']} test crops, spread evenly over all. First the ink was wiped out step by "
        "step. If what matters goes first, the confidence, averaged over the steps, is low. It is "
        f"{percent(deletion[method]['area'])} with the strongest marks first, {percent(deletion['random']['area'])} in "
        f"random order, and {percent(deletion['ink']['area'])} with the most inked parts first. Then the ink was put "
        "onto blank paper in the same orders; here a high average is good: "
        f"{percent(insertion[method]['area'])}, {percent(insertion['random']['area'])} and "
        f"{percent(insertion['ink']['area'])}. " + verdict
    )


def _beats(order: dict[str, float]) -> bool:
    """Whether an order is better than both that know nothing of the network, beyond chance."""
    return all(order[f"over_{other}_low"] > LEAST and order[f"over_{other}_p"] < CHANCE for other in ("random", "ink"))
