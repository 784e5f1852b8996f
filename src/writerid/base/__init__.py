"""What every other package builds on: parameters, errors, files, randomness, work on all cores."""
