#!/usr/bin/env bash
# dagster-dbt 0.29.27 calls `dbt --version` before every dbt command that it starts, to learn the major version. `dbt --version` (dbt-core 1.11.16)
# looks up the newest releases of dbt-core and of the adapters at a package registry. So every run of a pipeline that needs no network asks for
# another machine's name, and waits for the answer where a firewall drops such packets. DBT_SEND_ANONYMOUS_USAGE_STATS, which dagster-dbt switches
# off, and DO_NOT_TRACK do not change that. What helps is a dbt_executable of one's own that answers `--version` itself.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check --only-binary :all: \
  dagster==1.13.27 dagster-dbt==0.29.27 dbt-core==1.11.16 dbt-duckdb==1.11.1 "sqlalchemy==2.0.52" 2>/dev/null
mkdir -p "$folder/project/models" "$folder/listener"
cat > "$folder/project/dbt_project.yml" <<'YML'
name: tiny
profile: tiny
YML
cat > "$folder/project/profiles.yml" <<'YML'
tiny: {target: dev, outputs: {dev: {type: duckdb, path: ":memory:"}}}
YML
echo "select 1 as one" > "$folder/project/models/one.sql"
# Every process notes which names of other machines it looks up; nothing is sent, because the look-up is refused.
cat > "$folder/listener/sitecustomize.py" <<'PY'
import os, sys

def listen(event, arguments):
    if event == "socket.getaddrinfo" and arguments[0] not in (None, "", "localhost", "127.0.0.1"):
        with open(os.environ["HEARD"], "a") as log:
            log.write(f"{' '.join([os.path.basename(sys.argv[0]), *sys.argv[1:3]])}\n")
        raise OSError("look-ups are refused here")

sys.addaudithook(listen)
PY
cd "$folder/project"
HEARD="$folder/heard" PYTHONPATH="$folder/listener" PATH="$folder/venv/bin:$PATH" DO_NOT_TRACK=1 DAGSTER_DISABLE_TELEMETRY=1 \
  DAGSTER_HOME="" "$folder/venv/bin/python" -W ignore - <<'PY' 2>"$folder/errors" || { cat "$folder/errors"; exit 1; }
import os
from importlib.metadata import version
from pathlib import Path

from dagster_dbt import DbtCliResource

resource = DbtCliResource(project_dir=".", profiles_dir=".")
resource.cli(["--quiet", "parse"]).wait()
heard = Path(os.environ["HEARD"]).read_text().splitlines() if Path(os.environ["HEARD"]).exists() else []
print("dagster-dbt", version("dagster-dbt"), "dbt-core", version("dbt-core"), "dbt-duckdb", version("dbt-duckdb"))
print("  processes that looked up another machine:", sorted(set(heard)), "look-ups:", len(heard))
assert heard and set(heard) == {"dbt --version"}
PY
