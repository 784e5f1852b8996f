"""Small helpers of the Makefile's."""
