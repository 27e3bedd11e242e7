"""The command `hiw-dbt`: dbt in the working folder HIW_BUILD. Imports nothing but dbt, because every night waits for it.

dagster-dbt starts dbt in the folder of the project; the paths of `dbt_environment` start at build/ of a data folder.
"""

import atexit
import os
import sys


def main() -> None:
    """Run dbt's own command line; raises KeyError when HIW_BUILD is not set.

    Python would take half a second to clear away what dbt has imported; what was registered to be done at exit, as closing
    the database, is done.
    """
    os.chdir(os.environ["HIW_BUILD"])
    from dbt.cli.main import cli

    try:
        cli()
    except SystemExit as ended:
        code = ended.code if isinstance(ended.code, int) else int(ended.code is not None)
        atexit._run_exitfuncs()
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)
