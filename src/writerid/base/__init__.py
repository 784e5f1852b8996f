"""What every other package stands on: parameters, errors, files, work on all cores."""
