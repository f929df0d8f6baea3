"""The last task of the Databricks job: it writes the report about the build before it.

`medallion/` is read from the deployed files. Here it is a folder of the repository. A project of
`medallion new project` has a copy of the installed tool in infra/job/tool/. The task signs in as
dbt does: with the job's own host and token.
"""

import argparse
import datetime as dt
import os
import sys
from functools import partial
from pathlib import Path


def main() -> None:
    """Write the report. Raise if the build failed: the last task decides a run's result."""
    parser = argparse.ArgumentParser()
    for name in ("project", "folder", "since", "catalog", "http-path"):
        parser.add_argument(f"--{name}", required=True)
    given = parser.parse_args()
    os.chdir(given.project)
    sys.path[:0] = [given.project, str(Path(given.project, "infra", "job", "tool"))]
    os.environ["DBT_PROFILES_DIR"] = str(Path("infra", "job").resolve())
    _sign_in()

    from medallion.lakehouse import connected
    from medallion.report.write import write_report

    variables = {"catalog": given.catalog, "http_path": given.http_path}
    profiles = Path(os.environ["DBT_PROFILES_DIR"])
    folder, since = Path(given.folder), dt.datetime.fromisoformat(given.since)
    written = write_report(
        folder / "target",
        folder,
        partial(connected, profiles, target="prod", variables=variables),
        since=since if since.tzinfo else since.replace(tzinfo=dt.UTC),
    )
    print(written.verdict)
    print(written.file)
    if written.build_failed:
        raise RuntimeError("The build failed or left no results: see the report.")


def _sign_in() -> None:
    """Set the variables of the profile that a dbt task gets, and a Python task does not."""
    if "DBT_ACCESS_TOKEN" in os.environ:
        return
    from databricks.sdk.core import Config

    config = Config()  # finds the host and the identity of the job
    os.environ["DBT_HOST"] = config.host.removeprefix("https://").rstrip("/")
    authorization = config.authenticate()["Authorization"]
    os.environ["DBT_ACCESS_TOKEN"] = authorization.removeprefix("Bearer ")


if __name__ == "__main__":
    main()
