"""The command `hiw-dbt`: dbt in the working folder HIW_BUILD. Imports nothing but dbt, because every night waits for it.

dagster-dbt starts dbt in the folder of the project; the paths of `dbt_environment` start at build/ of a data folder.
"""

import os

from dagster_project.garbage import collect_seldom


def main() -> None:
    """Run dbt's own command line; raises KeyError when HIW_BUILD is not set."""
    collect_seldom()
    os.chdir(os.environ["HIW_BUILD"])
    from dbt.cli.main import cli

    cli()
