"""How many folds there are, for a share of the lines that are tested."""


def folds(test: float) -> int:
    """Return how many test sides of this share fit side by side: folds 0 to this number less 1 share no form."""
    return max(1, int(1 / test + 1e-9))


def out_of_range(fold: int, test: float) -> list[str]:
    """Return what is wrong with a fold, in a line; nothing where it is one of those that there are."""
    count = folds(test)
    if fold < count:
        return []
    there = f"{'are ' + str(count) + ' folds' if count > 1 else 'is one fold'}, 0 to {count - 1}"
    return [f"split.fold: {fold} is out of range; with split.test: {test:g} there {there}"]
