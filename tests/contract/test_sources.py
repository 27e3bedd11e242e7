"""Every source has all its parts, says what it must say, and a new one needs no edit of a Python file that exists.

A failure here names the file that is missing or the line that is wrong; dagster_project/README.md lists what to write.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
import textwrap
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from dagster_project.contracts.source import SOURCES_FOLDER, Source, load_sources
from dagster_project.contracts.suite import Threshold, load_landing, load_thresholds
from dagster_project.duck import connection, quote_literal
from dagster_project.lake.clean_writer import write_empty
from dagster_project.quality.marts import audit_thresholds
from dagster_project.settings import PROJECT_ROOT
from tests.fixtures.ae_site import PAGE, TODAY, AeSite, csv_bytes, month_lines

SLUGS = sorted(folder.name for folder in SOURCES_FOLDER.iterdir() if (folder / "__init__.py").is_file())
STAGING = PROJECT_ROOT / "dbt" / "models" / "staging"
ENTITIES = [(slug, entity.name) for slug, source in load_sources().items() for entity in source.entities]


@pytest.fixture(params=SLUGS)
def slug(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def source(slug: str) -> Source:
    assert slug in load_sources(), f"dagster_project/sources/{slug}/source.yml is missing"
    return load_sources()[slug]


def yaml_of(path: Path) -> dict[str, Any]:
    assert path.is_file(), f"{path.relative_to(PROJECT_ROOT)} is missing"
    content: dict[str, Any] = yaml.safe_load(path.read_text(encoding="utf-8"))
    return content


def test_only_columns_of_differences_may_be_below_nothing() -> None:
    """Board and workforce differ in percentage points (WRES and WDES); what counts people or is a share of them may not."""
    signed = {
        f"{slug}.{entity.name}.{column.name}"
        for slug, source in load_sources().items()
        for entity in source.entities
        for column in entity.file_columns
        if column.may_be_negative
    }
    assert signed == {"nhse_wdes.trust.value", "nhse_wres.trust.value"}


# -- the parts ------------------------------------------------------------------------------------------------------


def test_source_has_all_its_files(slug: str, source: Source) -> None:
    files = [
        SOURCES_FOLDER / slug / "source.yml",
        SOURCES_FOLDER / slug / "parse.py",
        PROJECT_ROOT / "expectations" / "landing" / f"{slug}.yml",
        STAGING / slug / "_sources.yml",
        STAGING / slug / "_models.yml",
        *(STAGING / slug / f"stg_{slug}__{entity.name}.sql" for entity in source.entities),
        PROJECT_ROOT / "tests" / "integration" / "sources" / f"test_{slug}.py",
    ]
    assert [str(path.relative_to(PROJECT_ROOT)) for path in files if not path.is_file()] == []


def test_folders_of_staging_and_landing_belong_to_sources() -> None:
    """The returns come from trusts, not from a publisher: their contracts stand in dagster_project/returns."""
    folders = sorted(path.name for path in STAGING.iterdir() if path.is_dir() and path.name != "returns")
    assert folders == SLUGS
    assert sorted(path.stem for path in (PROJECT_ROOT / "expectations" / "landing").glob("*.yml")) == SLUGS


def test_landing_suites_are_those_of_the_entities(slug: str, source: Source) -> None:
    landing = load_landing(slug)
    assert landing.source == slug
    assert sorted(landing.suites) == sorted(entity.name for entity in source.entities)
    assert {name: suite.name for name, suite in landing.suites.items()} == {
        name: f"{slug}.{name}" for name in landing.suites
    }


def test_staging_reads_each_entity_and_describes_each_model(slug: str, source: Source) -> None:
    entities = sorted(entity.name for entity in source.entities)
    (declared,) = yaml_of(STAGING / slug / "_sources.yml")["sources"]
    assert declared["name"] == slug
    assert sorted(table["name"] for table in declared["tables"]) == entities
    assert f"/{slug}/{{name}}/current_" in declared["config"]["meta"]["external_location"]
    models = {model["name"]: model for model in yaml_of(STAGING / slug / "_models.yml")["models"]}
    assert sorted(models) == [f"stg_{slug}__{name}" for name in entities]
    assert [name for name, model in models.items() if len(str(model.get("description", "")).split()) < 3] == []
    for name in entities:
        sql = (STAGING / slug / f"stg_{slug}__{name}.sql").read_text(encoding="utf-8")
        assert re.search(rf"source\(\s*['\"]{slug}['\"],\s*['\"]{name}['\"]\s*\)", sql), (
            f"stg_{slug}__{name}.sql reads another table"
        )


def test_parser_says_what_it_does(slug: str) -> None:
    first = (SOURCES_FOLDER / slug / "parse.py").read_text(encoding="utf-8").splitlines()[0]
    assert first.startswith('"""'), f"{slug}/parse.py does not begin with what it does"


# -- what the contracts say -------------------------------------------------------------------------------------------


def test_every_clean_column_is_described_in_words(source: Source) -> None:
    poor = [
        f"{entity.name}.{column.name}"
        for entity in source.entities
        for column in entity.clean_columns
        if len(column.description.strip()) < 4
    ]
    assert poor == []


def test_every_count_has_a_unit(source: Source) -> None:
    without = [
        f"{entity.name}.{column.name}"
        for entity in source.entities
        for column in entity.clean_columns
        if column.type == "BIGINT" and not column.unit and not column.key
    ]
    assert without == []


def test_value_with_signs_keeps_its_status_beside_it(source: Source) -> None:
    """A suppressed cell is NULL with a status; without the status nobody could tell it from a missing one."""
    for entity in source.entities:
        clean = {column.name for column in entity.clean_columns}
        for column in entity.file_columns:
            if column.markers and column.name in clean:
                assert f"{column.name}_status" in clean, f"{source.slug}.{entity.name}.{column.name}"


def test_provenance_is_complete(source: Source) -> None:
    assert source.licence == "OGL-UK-3.0"
    assert "Open Government Licence" in source.attribution
    assert source.documentation.startswith("https://")
    addresses = [page.address for page in source.landing_pages]
    addresses += [address for entity in source.entities for address in entity.direct_addresses]
    hosts = {address.split("/")[2] for address in addresses}
    assert all(address.startswith("https://") for address in addresses)
    assert hosts <= set(source.hosts), (
        "an address whose host is not in hosts would be refused (fault N10 of tests/README.md)"
    )
    assert addresses, "a source needs a landing page or a direct address"


@pytest.mark.parametrize(("slug", "entity"), ENTITIES)
def test_suite_fits_the_clean_table(slug: str, entity: str, tmp_path: Path) -> None:
    """The query runs on a table of the entity's shape and gives the key and every column that is expected of it."""
    suite = load_landing(slug).suites[entity]
    path = tmp_path / "empty.parquet"
    write_empty(load_sources()[slug].entity(entity), path)
    with connection(None) as con:
        con.execute(f"create temp view batch as from read_parquet({quote_literal(str(path))})")
        columns = [column[0] for column in con.execute(suite.query).description]
    assert [name for name in suite.key if name not in columns] == []
    assert [name for name in _expected_columns(slug, entity) if name not in columns] == []


def _expected_columns(slug: str, entity: str) -> Iterator[str]:
    for expectation in load_landing(slug).suites[entity].expectations:
        for name in ("column", "column_A", "column_B"):
            if name in expectation.kwargs:
                yield str(expectation.kwargs[name])
        yield from expectation.kwargs.get("column_list", []) or expectation.kwargs.get("column_set", [])


def test_suite_has_something_that_can_hold_a_file_back(slug: str) -> None:
    for name, suite in load_landing(slug).suites.items():
        assert any(e.severity == "critical" for e in suite.expectations), f"{slug}.{name} can only warn"


# -- decided numbers ----------------------------------------------------------------------------------------------------


def texts_that_may_name_a_threshold() -> str:
    suites = [
        p
        for p in (PROJECT_ROOT / "expectations").rglob("*.yml")
        if p.name not in {"thresholds.yml", "accepted_editions.yml"}
    ]
    code = [*(PROJECT_ROOT / "dagster_project").rglob("*.py"), *(PROJECT_ROOT / "dbt").rglob("*.sql")]
    return "\n".join(path.read_text(encoding="utf-8") for path in [*suites, *code])


def test_every_threshold_is_used_and_every_name_that_is_used_exists() -> None:
    text, thresholds = texts_that_may_name_a_threshold(), load_thresholds()
    # `name.slug.entity` is the entity's own value of `name` (lake/acceptance.py).
    base = {name: name.split(".")[0] for name in thresholds}
    unused = [name for name in thresholds if not re.search(rf"(threshold:|\"){base[name]}\b", text)]
    assert unused == []
    own = [name.split(".")[1:] for name in thresholds if "." in name]
    assert [parts for parts in own if tuple(parts) not in ENTITIES] == []
    assert sorted(set(re.findall(r"threshold:([a-z0-9_]+)", text)) - set(thresholds)) == []


def test_every_threshold_has_a_reason_and_an_owner() -> None:
    """Whether a review is overdue is a warning of gate 2, not a test that fails on a day: an older checkout stays green."""
    thresholds = load_thresholds()
    assert [name for name, row in thresholds.items() if len(row.reason.split()) < 5] == []
    assert [name for name, row in thresholds.items() if not re.fullmatch(r"team:[a-z-]+", row.owner)] == []


def test_gate_2_warns_of_a_threshold_whose_review_is_overdue() -> None:
    day = dt.date(2027, 7, 1)
    row = Threshold(value=1, reason="Seen in 47 real months.", owner="team:data-platform", review_date=day)
    found = audit_thresholds(
        {"late": row, "in_time": row.model_copy(update={"review_date": day + dt.timedelta(1)})}, day + dt.timedelta(1)
    )
    assert (found.passed, found.severity, found.counts) == (False, "warning", {"overdue": 1})
    assert "late (team:data-platform, 2027-07-01)" in found.summary and "in_time" not in found.summary
    assert audit_thresholds({"late": row}, day).passed, "the day itself is in time"


# -- rules of the code ----------------------------------------------------------------------------------------------

MAY_COMPOSE_SQL = {
    "dagster_project/sources/*/parse.py",
    "dagster_project/lake/clean.py",
    "dagster_project/lake/clean_writer.py",
    "dagster_project/lake/headings.py",
    "dagster_project/lake/families.py",
}
FILE_EXEMPTION = re.compile(r"^# ruff: noqa: S608 - \S.*duck\.quote_identifier", re.MULTILINE)


def ruff_configuration() -> dict[str, Any]:
    content = tomllib.loads((PROJECT_ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    lint: dict[str, Any] = content["tool"]["ruff"]["lint"]
    return lint


def ruff(*arguments: str, text: str | None = None) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "ruff", "check", "--no-cache", "--select", "S608", *arguments]
    return subprocess.run(command, cwd=PROJECT_ROOT, input=text, capture_output=True, text=True, check=False)


def test_sql_is_composed_only_where_the_configuration_allows_it() -> None:
    lint = ruff_configuration()
    assert "S" in lint["select"] and not {"S", "S6", "S608"} & set(lint["ignore"])
    exempt = {path for path, rules in lint["per-file-ignores"].items() if {"S", "S608"} & set(rules)}
    assert exempt == MAY_COMPOSE_SQL | {"tests/**"}
    found = ruff("dagster_project")
    assert found.returncode == 0, found.stdout


def test_file_that_exempts_itself_says_how_its_names_are_quoted() -> None:
    lines = {
        path: [line for line in path.read_text(encoding="utf-8").splitlines() if "noqa" in line and "S608" in line]
        for path in (PROJECT_ROOT / "dagster_project").rglob("*.py")
    }
    bare = {
        str(p.relative_to(PROJECT_ROOT)): n for p, n in lines.items() if n and not FILE_EXEMPTION.match("\n".join(n))
    }
    assert bare == {}


def test_ruff_catches_sql_made_of_a_value() -> None:
    """Planted: were this rule off, the two tests above would prove nothing."""
    planted = "def find(con, name):\n    return con.execute(f\"select * from t where name = '{name}'\")\n"
    found = ruff("--stdin-filename", "dagster_project/release/planted.py", "-", text=planted)
    assert found.returncode == 1 and "S608" in found.stdout


REGISTRIES = [
    "py" + "pi.org",
    "files.python" + "hosted.org",
    "npm" + "js.org",
    "hub.get" + "dbt.com",
    "hugging" + "face.co",
]
MACHINE_PATHS = re.compile(
    r"(?<![\w.:/~%}*-])/(?:" + "|".join(["wo" + "rk", "ro" + "ot", "ho" + "me", "Us" + "ers"]) + r")/\w"
)
NOT_OURS = {
    ".git",
    ".venv",
    ".venv-engine",
    "__pycache__",
    ".mypy_cache",
    ".ruff_cache",
    ".pytest_cache",
    ".hypothesis",
    "target",
    "logs",
}


def own_text_files() -> Iterator[Path]:
    """Every text file of the project; nothing that is generated or installed."""
    for folder, folders, names in os.walk(PROJECT_ROOT):
        here = Path(folder)
        folders[:] = [name for name in folders if name not in NOT_OURS and not name.endswith(".egg-info")]
        if here.parent == PROJECT_ROOT and here.name == "data_lake":
            folders[:] = []
        for name in names:
            path = here / name
            if name not in {".env", ".git"} and b"\0" not in path.read_bytes()[:1024]:
                yield path


def test_no_file_names_a_package_registry_or_a_path_of_one_machine() -> None:
    found = []
    for path in own_text_files():
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1):
            if any(host in line for host in REGISTRIES) or MACHINE_PATHS.search(line):
                found.append(f"{path.relative_to(PROJECT_ROOT)}:{number}: {line.strip()[:100]}")
    assert found == []


@pytest.mark.parametrize("text", ["cd /" + "work/main", "'/" + "home/anna/x'", "https://files.python" + "hosted.org/x"])
def test_search_for_hosts_and_paths_finds_what_is_planted(text: str) -> None:
    assert MACHINE_PATHS.search(text) or any(host in text for host in REGISTRIES)


# -- one more source ------------------------------------------------------------------------------------------------

NEW_SLUG = "acme_visits"
NEW_SOURCE = """
    slug: acme_visits
    title: Visits
    why: To show that a folder is enough.
    publisher: Acme
    owner: team:data-platform
    licence: OGL-UK-3.0
    attribution: Licensed under the Open Government Licence v3.0.
    documentation: https://www.england.nhs.uk/
    cadence: monthly
    calendar: {rule: irregular}
    hosts: [www.england.nhs.uk]
    landing_pages: [{address: PAGE}]
    format_status: unconfirmed
    entities:
      - name: monthly
        title: Visits by provider
        grain: one row for each provider and month
        absent_row: gap
        link: {period: [month], endings: [csv], random_suffix: true}
        format: csv
        extra_columns: ignore
        columns:
          - {name: organisation_code, header: Org Code, blank: refuse}
          - {name: visits, header: A&E attendances Type 1, type: count, blank: refuse}
        clean:
          - {name: period_start, type: DATE, key: true, description: First day of the month}
          - {name: organisation_code, type: VARCHAR, key: true, description: ODS code}
          - {name: visits, type: BIGINT, unit: visits, description: Visits of the month}
"""
NEW_PARSER = '''
    """Visits to one row a provider."""

    from dagster_project.lake.clean import ParseJob


    def parse(job: ParseJob) -> str:
        job.read_csv()
        return f"select date '{job.period_start}' as period_start, organisation_code, visits from typed"
'''
NEW_SUITE = """
    source: acme_visits
    suites:
      monthly:
        name: acme_visits.monthly
        owner: team:data-platform
        key: [organisation_code]
        query: select organisation_code, visits from batch where organisation_code <> 'TOTAL'
        expectations:
          - type: expect_column_values_to_be_between
            notes: Somebody came.
            kwargs: {column: visits, min_value: 1}
"""
USE_IT = """
    import datetime as dt, json, sys
    from pathlib import Path
    from dagster_project.lake.acceptance import Acceptance
    from dagster_project.lake.run import Run
    from dagster_project.lake.snapshots import fetch_source
    from dagster_project.lake.transport import MirrorTransport
    from dagster_project.quality.landing import landing_gate
    from dagster_project.contracts.suite import landing_fingerprint
    from dagster_project.contracts.source import load_sources
    from dagster_project.settings import Settings

    slug, mirror, today = sys.argv[1], Path(sys.argv[2]), dt.date.fromisoformat(sys.argv[3])
    source = load_sources()[slug]
    run = Run(Settings(data_lake=Path("data_lake").resolve(), memory_limit="500MB", threads=1), "published")
    fetched = fetch_source(source, MirrorTransport(mirror), run.lake, today=today)
    acceptance = Acceptance(source, run, landing_gate(run.limits), landing_fingerprint(slug))
    done = acceptance.run()
    print(json.dumps([fetched.problems, done.refused, done.held, done.in_use, done.rows_in_use]))
"""


def digests(folder: Path) -> dict[str, str]:
    files = sorted(folder.rglob("*.py"))
    return {str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest() for path in files}


def add_new_source(project: Path, page: str) -> None:
    """What a person writes who adds a source: three small files and a suite."""
    folder = project / "dagster_project" / "sources" / NEW_SLUG
    folder.mkdir()
    (folder / "__init__.py").write_text("")
    (folder / "source.yml").write_text(textwrap.dedent(NEW_SOURCE).replace("PAGE", page))
    (folder / "parse.py").write_text(textwrap.dedent(NEW_PARSER).lstrip())
    (project / "expectations" / "landing" / f"{NEW_SLUG}.yml").write_text(textwrap.dedent(NEW_SUITE))


def test_new_source_is_taken_in_without_an_edit_of_any_python_file(tmp_path: Path) -> None:
    project, site = tmp_path / "project", AeSite(tmp_path / "mirror")
    for name in ("dagster_project", "expectations"):
        shutil.copytree(PROJECT_ROOT / name, project / name, ignore=shutil.ignore_patterns("__pycache__"))
    before = digests(project)
    site.publish("2026-01", csv_bytes(month_lines("2026-01")))
    add_new_source(project, PAGE)
    after = {name: digest for name, digest in digests(project).items() if f"/{NEW_SLUG}/" not in name}
    assert after == before

    command = [sys.executable, "-c", textwrap.dedent(USE_IT), NEW_SLUG, str(site.root), TODAY.isoformat()]
    environment = os.environ | {"PYTHONPATH": str(project)}
    done = subprocess.run(command, cwd=project, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-2_000:]
    problems, refused, held, in_use, rows = json.loads(done.stdout.splitlines()[-1])
    assert (problems, refused, held) == ([], [], [])
    assert (in_use, rows) == ({"monthly": ["2026-01"]}, 31)
