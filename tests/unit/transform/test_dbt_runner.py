"""What DbtRunner leaves out of dagster-dbt's own resource must still be there to be left out."""

from __future__ import annotations

from dagster_dbt import DbtCliResource

from dagster_project.transform.dbt import DbtRunner


def test_every_private_method_that_the_runner_replaces_exists_in_the_resource() -> None:
    replaced = [name for name in vars(DbtRunner) if name in {"_initialize_dbt_core_adapter", "_cli_version"}]
    assert len(replaced) == 2
    assert all(hasattr(DbtCliResource, name) for name in replaced), "dagster-dbt has renamed what the runner replaces"
