"""The tuning grid: trying its combinations as DVC experiments, and comparing what came of them."""
