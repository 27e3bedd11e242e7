"""`make engine-parity`: which nodes of the dbt project Apache Spark accepts, and which of them it computes as DuckDB does.

Each node alone: what it reads is exported from a warehouse that a nightly run built, so a difference is the node's own. Never run as a
test; `make engine` makes the environment that it needs.
"""
