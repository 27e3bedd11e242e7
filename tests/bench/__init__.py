"""`make bench`: time and memory of the night as ratios to bare DuckDB, in one run on one machine. Never run as a test."""
