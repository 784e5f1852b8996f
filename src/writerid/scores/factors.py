"""How much each factor of an experiment matters: analysis of variance of its main effects."""

import warnings
from itertools import product

import numpy as np
import pandas as pd
from statsmodels.formula.api import ols
from statsmodels.stats.anova import anova_lm


def effects(runs: pd.DataFrame, response: str, factors: dict[str, list[str]]) -> pd.DataFrame:
    """Return how much each factor matters to the response, the most first.

    `runs` has a row a run and a column a factor, text; `factors` holds the values of each, in order. Returns a row a
    value: key, share, value, and the response. The share is by how much the squared error of a linear model of all main
    effects grows without the factor, over the total (eta squared, sums of squares of type II); the last row is what is
    left to combinations and to chance. Means are least-squares means: over equally many of each value of the others.
    Empty where the runs are too few to tell the factors apart.
    """
    even = pd.DataFrame(list(product(*factors.values())), columns=list(factors))
    with warnings.catch_warnings(action="ignore"):  # of runs that are too few
        fit = ols(f"{response} ~ " + " + ".join(f"C({name})" for name in factors), runs).fit() if factors else None
    columns = ["key", "share", "value", response]
    if fit is None or fit.df_resid < 1 or fit.df_model + 1 < fit.model.exog.shape[1]:
        return pd.DataFrame(columns=columns)
    with warnings.catch_warnings(action="ignore"):  # where no error is left there is no F, but there are sums
        sums = anova_lm(fit, typ=2)["sum_sq"].clip(lower=0)
    total = fit.centered_tss if fit.centered_tss > 1e-15 else np.inf  # all the same: nothing to explain
    even["mean"] = fit.predict(even)
    rows = [
        (name, sums[f"C({name})"] / total, value, mean)
        for name in sorted(factors, key=lambda name: -sums[f"C({name})"])
        for value, mean in even.groupby(name, sort=False)["mean"].mean().items()
    ]
    return pd.DataFrame([*rows, ("combinations, chance", fit.ssr / total, "", np.nan)], columns=columns)
