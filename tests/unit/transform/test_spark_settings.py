"""Where Spark runs is a setting that is printed in logs and messages: it may hold no secret, and no error repeats it."""

from __future__ import annotations

from pathlib import Path

import pytest
from pydantic import ValidationError

from dagster_project.runtime.failures import explain
from dagster_project.settings import Settings


@pytest.mark.parametrize(
    "where",
    [
        "local[2]",
        "local[*]",
        "spark://127.0.0.1:7077",
        "spark://one:7077,two:7077",
        "sc://localhost",
        "sc://localhost:15002",
        "sc://keys.auth.example.nhs.uk:15002",
        "sc://spark.example.nhs.uk:443/;use_ssl=true;x-databricks-cluster-id=0123-456789-abc",
    ],
)
def test_each_way_to_reach_spark_is_taken(where: str) -> None:
    assert Settings(spark=where).spark == where


@pytest.mark.parametrize(
    "where",
    [
        "sc://localhost:15002/;token=hush-hush",
        "sc://localhost:15002/;use_ssl=true;TOKEN=hush-hush",
        "sc://user:hush-hush@localhost:15002",
        "sc://localhost/;x-password=hush-hush",
        "sc://localhost/;Authorization=hush-hush",
        "sc://localhost/;use_ssl=true;x-api-key=hush-hush",
        "sc://localhost:15002/;X-Auth=hush-hush",
        "sc://localhost/;bearer=hush-hush",
        "https://hush-hush",
        "yarn",
        "local[0]",
        "",
    ],
)
def test_a_secret_in_the_address_is_refused_and_not_repeated(where: str) -> None:
    with pytest.raises(ValidationError) as refused:
        Settings(spark=where)
    said = f"{refused.value} {refused.value!r} {explain(refused.value)}"
    assert "hush-hush" not in said
    assert "spark" in said


def test_the_token_comes_from_its_file_and_is_not_shown(tmp_path: Path) -> None:
    file = tmp_path / "token"
    file.write_text("hush-hush\n", encoding="utf-8")
    settings = Settings(spark="sc://localhost:15002", spark_token_file=file)
    assert settings.secret("spark_token") == "hush-hush"
    assert "hush-hush" not in repr(Settings(spark_token="hush-hush"))  # type: ignore[arg-type]
