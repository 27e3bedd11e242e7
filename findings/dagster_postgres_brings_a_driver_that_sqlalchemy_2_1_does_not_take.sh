#!/usr/bin/env bash
# dagster-postgres 0.29.27 requires psycopg2-binary and builds the address postgresql://..., for which SQLAlchemy 2.0 loaded psycopg2. SQLAlchemy
# 2.1 loads psycopg (version 3) for it, which nothing installs: each command of Dagster ends with ModuleNotFoundError before it speaks to a server.
# Both releases are allowed by the package's own requirements. What helps is `scheme: postgresql+psycopg2` under postgres_db in dagster.yaml.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
for sqlalchemy in 2.0.52 2.1.9; do
  python3 -m venv "$folder/$sqlalchemy"
  "$folder/$sqlalchemy/bin/pip" install --quiet --disable-pip-version-check --only-binary :all: \
    dagster==1.13.27 dagster-postgres==0.29.27 "sqlalchemy==$sqlalchemy" 2>/dev/null
  "$folder/$sqlalchemy/bin/python" -W ignore - <<'PY'
from importlib.metadata import requires, version

from dagster_postgres.utils import get_conn_string, pg_url_from_config
from sqlalchemy import create_engine

login = {"username": "u", "password": "p", "hostname": "localhost", "db_name": "d", "port": 5432}
print("SQLAlchemy", version("SQLAlchemy"), "dagster-postgres", version("dagster-postgres"))
print("  requires:", [one for one in requires("dagster-postgres") if "psycopg" in one or "alchemy" in one.lower()])


def driver_of(address: str) -> str:
    """The driver that is loaded for an address, or the error."""
    try:
        return str(create_engine(address).driver)
    except ModuleNotFoundError as error:
        return f"ModuleNotFoundError: {error}"


plain = driver_of(pg_url_from_config({"postgres_db": login}))
named = driver_of(get_conn_string(**login, scheme="postgresql+psycopg2"))
print("  as configured without a scheme:", plain)
print("  with postgresql+psycopg2:      ", named)
is_new = version("SQLAlchemy").startswith("2.1")
assert named == "psycopg2"
assert plain == ("ModuleNotFoundError: No module named 'psycopg'" if is_new else "psycopg2")
PY
done
