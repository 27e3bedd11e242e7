"""Every path, mode and threshold that an operator may set: environment variables with the prefix HIW_.

Nothing else in the package reads the environment for its own purposes.
"""

from __future__ import annotations

from functools import cached_property
from pathlib import Path
from typing import Literal

from pydantic import Field, field_validator, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

PROJECT_ROOT = Path(__file__).resolve().parent.parent


class Settings(BaseSettings):
    """The settings of one process. Relative paths are taken from the folder in which the command was started."""

    model_config = SettingsConfigDict(env_prefix="HIW_", extra="ignore")

    data_lake: Path = Field(PROJECT_ROOT / "data_lake", description="The data folder; several can live side by side.")
    sources: Literal["https", "mirror", "sample"] = Field("sample", description="Where files come from.")
    mirror: Path | None = Field(None, description="Root of the mirror, laid out as `wget --force-directories` does.")
    offline: bool = Field(False, description="Run wholly from the snapshots that are kept; fetch nothing.")
    only: str = Field("", description="Comma-separated slugs: fetch and parse only these sources.")
    user_agent: str = Field(
        "nhs-health-inequalities-warehouse/0.1 (+https://github.com/; contact: set HIW_USER_AGENT)",
        description="Sent with every request; put a contact address of your organisation into it.",
    )
    memory_limit: str = Field("1GB", description="DuckDB's memory limit in every process of the warehouse.")
    threads: int = Field(2, ge=1, description="DuckDB's threads.")
    keep_releases: int = Field(10, ge=2, description="How many releases are kept for rollback.")
    stale_after_hours: float = Field(30, gt=0, description="`hiw status` fails when the last good night is older.")
    alert_webhook: str = Field("", description="Optional address that receives a JSON alert when a night fails.")
    lock_wait_seconds: float = Field(120, ge=0, description="How long to wait for the warehouse file's lock.")

    @field_validator("data_lake", "mirror")
    @classmethod
    def _absolute(cls, value: Path | None) -> Path | None:
        return None if value is None else value.expanduser().resolve()

    @model_validator(mode="after")
    def _mirror_is_a_folder(self) -> Settings:
        if self.sources == "mirror" and (self.mirror is None or not self.mirror.is_dir()):
            raise ValueError(f"HIW_SOURCES=mirror needs HIW_MIRROR to be an existing folder; it is {self.mirror}")
        return self

    @cached_property
    def selected_slugs(self) -> frozenset[str]:
        """The slugs of HIW_ONLY; empty means all."""
        return frozenset(part.strip() for part in self.only.split(",") if part.strip())


def load_settings() -> Settings:
    """The settings of the environment; raises pydantic.ValidationError naming the variable that is wrong."""
    return Settings()  # type: ignore[call-arg, unused-ignore]
