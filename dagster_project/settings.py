"""Every path, mode and threshold that an operator may set: environment variables with the prefix HIW_.

Nothing else in the package reads the environment for its own purposes.
"""

from __future__ import annotations

import re
from functools import cached_property
from pathlib import Path
from typing import Literal

from pydantic import Field, SecretStr, field_validator, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from dagster_project.libpq import KEYWORDS, are_words, may_hold_password

PROJECT_ROOT = Path(__file__).resolve().parent.parent
MEMORY = re.compile(r"([0-9]+(?:\.[0-9]+)?)\s*([KMGT]i?B)", re.IGNORECASE)
UNITS = {
    f"{letter}{i}B": base**power for power, letter in enumerate("KMGT", 1) for i, base in (("", 1000), ("I", 1024))
}
SPARK = re.compile(r"local(\[([1-9][0-9]*|\*)\])?|spark://[^\s/]+:[0-9]+|sc://[^\s/]+(/\S*)?")
SPARK_SECRET = re.compile(r"@|[^:/]/.*(token|secret|passw|auth|bearer|credential|key)", re.IGNORECASE)
LEAST_MEMORY = 64_000_000
"""Below this DuckDB cannot hold the blocks of one table while it sorts another."""


def _in_bytes(amount: str) -> float:
    """0 for what is no amount of memory."""
    found = MEMORY.fullmatch(amount.strip())
    return float(found[1]) * UNITS[found[2].upper()] if found else 0


class Settings(BaseSettings):
    """The settings of one process. Relative paths are taken from the folder in which the command was started."""

    model_config = SettingsConfigDict(env_prefix="HIW_", extra="ignore", hide_input_in_errors=True)

    data_lake: Path = Field(PROJECT_ROOT / "data_lake", description="The data folder; several can live side by side.")
    sources: Literal["https", "mirror", "sample"] = Field("sample", description="Where files come from.")
    mirror: Path | None = Field(None, description="Root of the mirror, laid out as `wget --force-directories` does.")
    offline: bool = Field(False, description="Run wholly from the snapshots that are kept; fetch nothing.")
    only: str = Field(
        "", description="Comma-separated slugs: fetch and parse only these sources. A first night needs all of them."
    )
    user_agent: str = Field(
        "nhs-health-inequalities-warehouse/0.1 (+https://github.com/; contact: set HIW_USER_AGENT)",
        description="Sent with every request; put a contact address of your organisation into it.",
    )
    memory_limit: str = Field("1GB", description="DuckDB's memory limit in every process of the warehouse.")
    engine: Literal["duckdb", "spark"] = Field(
        "duckdb", description="What builds the facts of the returns; spark needs `make engine` and Java 17."
    )
    spark: str = Field(
        "local[2]",
        description="Where Spark runs: local[2] on this machine, spark://host:port, or sc://host:port (Spark Connect).",
    )
    spark_token: SecretStr = Field(SecretStr(""), description="Of Spark Connect; better HIW_SPARK_TOKEN_FILE.")
    spark_token_file: Path | None = Field(None, description="File that holds the token of Spark Connect.")
    spark_wait_seconds: float = Field(
        600, gt=0, le=86_400, description="How long a query may wait for a worker of Spark before the job is ended."
    )
    ducklake: str = Field(
        "",
        description="DuckLake in place of the warehouse file: libpq's words of its catalogue, such as service=hiw; needs `make databases`.",
    )
    ducklake_data: Path | None = Field(
        None, description="Folder of DuckLake's files, the same for all writers; build/ducklake where it is not set."
    )
    threads: int = Field(2, ge=1, le=1024, description="DuckDB's threads.")
    keep_releases: int = Field(10, ge=2, description="How many releases are kept for rollback.")
    stale_after_hours: float = Field(
        30, gt=0, le=87_600, description="`hiw status` fails when the last good nightly run is older."
    )
    behind_proxy: bool = Field(False, description="Allow the webserver on an address that other machines can reach.")
    hosts: str = Field(
        "", description="Comma-separated host names under which the pages may be asked for, besides this machine's own."
    )
    alert_webhook: str = Field("", description="Optional address that receives a JSON alert when a nightly run fails.")
    lock_wait_seconds: float = Field(
        120, ge=0, le=86_400, description="How long to wait for the warehouse file's lock."
    )
    mesh_url: str = Field("", description="Address of MESH; empty switches it off, which is the default.")
    mesh_mailbox: str = Field("", description="Our mailbox in MESH.")
    mesh_workflow: str = Field("HIW_RETURNS", description="Only messages of this workflow are read; empty means all.")
    mesh_password: SecretStr = Field(SecretStr(""), description="Of the mailbox; better HIW_MESH_PASSWORD_FILE.")
    mesh_password_file: Path | None = Field(None, description="File that holds the password of the mailbox.")
    mesh_shared_key: SecretStr = Field(SecretStr(""), description="MESH's shared key; better HIW_MESH_SHARED_KEY_FILE.")
    mesh_shared_key_file: Path | None = Field(None, description="File that holds the shared key.")
    mesh_cert: Path | None = Field(None, description="Client certificate for MESH.")
    mesh_key: Path | None = Field(None, description="Private key of that certificate.")
    mesh_ca: Path | None = Field(
        None, description="Authority that signed MESH's certificate, where it is not the known one."
    )

    @field_validator("memory_limit")
    @classmethod
    def _is_an_amount_of_memory(cls, value: str) -> str:
        if _in_bytes(value) < LEAST_MEMORY:
            raise ValueError(f"it must be an amount of memory of 64MB or more, such as 2GB; it is {value!r}")
        return value.strip()

    @field_validator("spark")
    @classmethod
    def _is_a_place_of_spark(cls, value: str) -> str:
        """A token in the address would be in every log that names it: so it is refused, and no message repeats the address."""
        if not SPARK.fullmatch(value.strip()):
            raise ValueError("it must be local[2], spark://host:port or sc://host:port")
        if SPARK_SECRET.search(value):
            raise ValueError("it holds a secret; put the token into HIW_SPARK_TOKEN_FILE and the address alone here")
        return value.strip()

    @field_validator("ducklake")
    @classmethod
    def _names_a_server(cls, value: str) -> str:
        if may_hold_password(value):
            raise ValueError("a password has no place in it; put it into ~/.pgpass, the service file or PGPASSWORD")
        if value.strip() and not are_words(value):
            raise ValueError(f"write keyword=value, such as service=NAME, of {', '.join(sorted(KEYWORDS))}")
        return value.strip()

    @field_validator("data_lake", "mirror", "ducklake_data", mode="before")
    @classmethod
    def _says_something(cls, value: object) -> object:
        """An empty path would be the folder in which the command was started."""
        if isinstance(value, str) and not value.strip():
            raise ValueError("it is empty; name a folder, or do not set it")
        return value

    @field_validator("data_lake", "mirror", "ducklake_data")
    @classmethod
    def _absolute(cls, value: Path | None) -> Path | None:
        try:
            return None if value is None else value.expanduser().resolve()
        except RuntimeError as error:
            raise ValueError(f"there is no home folder of that name: {value}") from error

    @model_validator(mode="after")
    def _mirror_is_a_folder(self) -> Settings:
        if self.sources == "mirror" and (self.mirror is None or not self.mirror.is_dir()):
            raise ValueError(f"HIW_SOURCES=mirror needs HIW_MIRROR to be an existing folder; it is {self.mirror}")
        return self

    @model_validator(mode="after")
    def _mesh_is_whole(self) -> Settings:
        if self.mesh_url and not (
            self.mesh_mailbox and self.secret("mesh_password") and self.secret("mesh_shared_key")
        ):
            raise ValueError(
                "HIW_MESH_URL needs HIW_MESH_MAILBOX, and HIW_MESH_PASSWORD and HIW_MESH_SHARED_KEY or _FILE"
            )
        return self

    def secret(self, name: Literal["mesh_password", "mesh_shared_key", "spark_token"]) -> str:
        """Return a secret from its `_FILE`, or from the environment; "" where there is none. Never log it. Raises ValueError naming the setting."""
        path: Path | None = getattr(self, f"{name}_file")
        if path is not None:
            try:
                return path.read_text(encoding="utf-8").strip()
            except (OSError, UnicodeDecodeError) as error:
                raise ValueError(
                    f"HIW_{name.upper()}_FILE: {path} cannot be read; name a file that this user may read"
                ) from error
        secret: SecretStr = getattr(self, name)
        return secret.get_secret_value()

    @property
    def memory_bytes(self) -> float:
        """HIW_MEMORY_LIMIT in bytes."""
        return _in_bytes(self.memory_limit)

    @cached_property
    def selected_slugs(self) -> frozenset[str]:
        """Return the slugs of HIW_ONLY; empty means all."""
        return frozenset(part.strip() for part in self.only.split(",") if part.strip())

    @cached_property
    def host_names(self) -> tuple[str, ...]:
        """Return the names of HIW_HOSTS, such as warehouse.example.nhs.uk."""
        return tuple(part.strip().lower() for part in self.hosts.split(",") if part.strip())


def load_settings() -> Settings:
    """Return the settings of the environment; raises pydantic.ValidationError naming the variable that is wrong."""
    return Settings()  # type: ignore[call-arg, unused-ignore]
