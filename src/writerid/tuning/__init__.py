"""The tuning grid: trying its combinations as DVC experiments, on one machine or many, and comparing them."""
