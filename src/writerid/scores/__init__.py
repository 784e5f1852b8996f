"""Numbers in, numbers out: decisions, intervals and calibration."""
