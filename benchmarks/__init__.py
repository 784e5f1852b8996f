"""What is measured: each script prints a table."""
