"""Numbers in, numbers out: decisions, retrieval, verification, open sets, intervals and calibration."""
