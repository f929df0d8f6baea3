"""Starts the warehouse of a home and names it in dbt's `profiles.yml`."""

from collections.abc import Sequence
from pathlib import Path

from medallion.home import Home, in_this_project, other_project
from medallion.profiles import profile_name, profiles_dir
from medallion_local.databricks_sql.engine_name import EngineName
from medallion_local.databricks_sql.lifecycle import projects
from medallion_local.databricks_sql.lifecycle.client import create_catalogs
from medallion_local.databricks_sql.lifecycle.process import start
from medallion_local.databricks_sql.lifecycle.profiles import switched, write_profile
from medallion_local.databricks_sql.lifecycle.state import copied_from


def bring_up(
    home: Home,
    port: int | None = None,
    folder: Path | None = None,
    engine: EngineName | None = None,
    catalogs: Sequence[str] = (),
) -> str:
    """Start the warehouse if it does not run, and write `folder`/profiles.yml; return a report.

    `port` is by default the last one, else a free one; `engine` is by default the last one, else
    Sail; `folder` is by default dbt's own. The first of the `catalogs` is the profile's.
    """
    lines = []
    if original := copied_from(home):
        lines.append(f"{home.root} is a copy of {original}: it gets its own warehouse.")
    state, started = start(home, port, engine, catalogs[0].lower() if catalogs else None)
    if catalogs:
        create_catalogs(home, state, list(catalogs))
    word = "is up" if started else "already runs"
    lines.append(f"The warehouse {word} on 127.0.0.1:{state.port} (engine: {state.engine}).")
    other = other_project()
    if other is None and (in_this_project() or not catalogs):
        folder = folder or profiles_dir()
        lines += switched(folder, profile_name(), home)
        write_profile(folder, home, state)
    else:
        lines += projects.write(other, folder, home, state)
    return "\n".join(lines)
