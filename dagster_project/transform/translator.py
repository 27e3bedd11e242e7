"""How a thing of dbt is called and described in Dagster."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import dagster as dg
from dagster_dbt import DagsterDbtTranslator, DagsterDbtTranslatorSettings

from dagster_project.release.dbt_artifacts import RESTRICTED, is_left_out

CONTRACTS = dg.AssetKey("source_contracts")
ENGINE_FACTS = dg.AssetKey("engine_facts")
LAYERS = {"staging": "staging", "intermediate": "intermediate", "marts": "marts", "seeds": "reference"}


class Translator(DagsterDbtTranslator):
    """One name for a thing in dbt and in Dagster; a dbt source is the clean asset of its publisher."""

    def __init__(self, *, engine: str = "duckdb") -> None:
        self._waits_for_engine = engine != "duckdb"
        super().__init__(settings=DagsterDbtTranslatorSettings(enable_duplicate_source_asset_keys=True))

    def get_asset_key(self, dbt_resource_props: Mapping[str, Any]) -> dg.AssetKey:
        """Return `clean_<slug>` for sources, the model's own name for everything else."""
        if dbt_resource_props["resource_type"] == "source" and dbt_resource_props["source_name"] == "meta":
            return CONTRACTS
        if dbt_resource_props["resource_type"] == "source":
            return dg.AssetKey("clean_" + str(dbt_resource_props["source_name"]))
        return dg.AssetKey(str(dbt_resource_props["name"]))

    def get_asset_spec(self, manifest: Mapping[str, Any], unique_id: str, project: Any) -> dg.AssetSpec:
        """Return the spec; a model that another engine builds waits for what it hands over."""
        spec = super().get_asset_spec(manifest, unique_id, project)
        node = manifest["nodes"].get(unique_id, {})
        waits = self._waits_for_engine and node.get("resource_type") == "model" and "engine" in node["tags"]
        return spec.merge_attributes(deps=[ENGINE_FACTS]) if waits else spec

    def get_asset_check_spec(
        self, asset_spec: dg.AssetSpec, manifest: Mapping[str, Any], unique_id: str, project: Any
    ) -> dg.AssetCheckSpec | None:
        """Return the check of a test; none of a test that no nightly run asks, whose check would wait for a result for ever."""
        left_out = is_left_out(manifest["nodes"][unique_id])
        return None if left_out else super().get_asset_check_spec(asset_spec, manifest, unique_id, project)

    def get_group_name(self, dbt_resource_props: Mapping[str, Any]) -> str | None:
        """Return the layer, as the folder says."""
        folder = "seeds" if dbt_resource_props["resource_type"] == "seed" else str(dbt_resource_props["fqn"][1])
        return LAYERS.get(folder, "marts")

    def get_owners(self, dbt_resource_props: Mapping[str, Any]) -> list[str]:
        """Return the owner in the model's meta, or the team."""
        meta = dbt_resource_props.get("config", {}).get("meta", {}) or {}
        return [str(meta.get("owner", "team:data-platform"))]

    def get_tags(self, dbt_resource_props: Mapping[str, Any]) -> Mapping[str, str]:
        """Layer and sensitivity: what is in the restricted schema is in no release."""
        restricted = dbt_resource_props.get("schema") == RESTRICTED
        return {
            "layer": str(self.get_group_name(dbt_resource_props)),
            "sensitivity": "restricted" if restricted else "public",
        }

    def get_description(self, dbt_resource_props: Mapping[str, Any]) -> str:
        """Return the description without the compiled SQL, which the UI shows elsewhere."""
        return str(dbt_resource_props.get("description") or f"dbt {dbt_resource_props['resource_type']}")
