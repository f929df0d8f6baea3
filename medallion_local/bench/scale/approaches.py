"""The approaches that others use, on the same change log and engine, and how many rows are wrong.

`others/` is a dbt project with these approaches. It reads the staging views of the lakehouse.
"""

import json
import shutil
from pathlib import Path

from medallion.home import Home
from medallion_local.bench.measured import down, measure, up
from medallion_local.bench.scale.comparison import folder_of
from medallion_local.bench.scale.landing import Landing, add, copied
from medallion_local.bench.scale.results import DAY, FIRST, WORST, Approach
from medallion_local.synapse.check.readers import connect, scan

PROJECT = Path(__file__).with_name("others")
# One thread: the time of a model is then not that of its neighbours.
_UPSTREAM = ["path:models/bronze", "path:models/silver/staging"]
_OURS = ["dim_user", "dim_artist", "dim_track", "fct_streams"]

_STATE = ("user_id", "user_name", "country", "subscription_type", "start_date", "end_date")
_PLAY = ("stream_id", "user_id", "track_id", "streamed_at", "listen_duration_sec")
# Of each approach: the columns and rows that are compared, and the true ones. Beginnings and ends
# are not compared, only the states and which of them is current.
_HISTORY = ("silver.dim_user", (*_STATE, "is_current"), "user_key <> '-1'")
_CURRENT = ("silver.dim_user", _STATE, "user_key <> '-1' AND is_current")
_PLAYS = ("silver.fct_streams", _PLAY, "true")
_COMPARED = {
    "users_by_version_key": ("is_current", _HISTORY),
    "users_by_snapshot": ("dbt_valid_to IS NULL AS is_current", _HISTORY),
    "users_by_watermark": (None, _CURRENT),
    "plays_by_watermark": (None, _PLAYS),
}


def run(built: Home, landing: Landing) -> list[Approach]:
    """Run all approaches on the first load, then on each kind of day."""
    found = []
    first = copied(built, built.root.with_name("others"))
    try:
        found += _step(first, FIRST)
        for step, lake in {DAY: "day", WORST: "worst"}.items():
            home = copied(first, built.root.with_name(f"others-{lake}"))
            try:
                add(landing.lakes[lake], home)
                found += _step(home, step)
            finally:
                down(home)
                shutil.rmtree(home.root)
    finally:
        down(first)
        shutil.rmtree(first.root)
    return found


def _step(home: Home, step: str) -> list[Approach]:
    """Build the project's and the others' tables of a home, and compare them."""
    target = home.root / "target"
    up(home)
    ours = {}
    if step != FIRST:  # the first build has run
        measure(step, ["dbt", "run", "--threads", "1", "--select", *_UPSTREAM], home.root)
        measure(step, ["dbt", "run", "--threads", "1", "--select", *_OURS], home.root)
        ours = _seconds(target)
    others = ["--project-dir", str(PROJECT), "--target-path", str(home.root / "others")]
    measure(step, ["dbt", "build", "--threads", "1", *others], home.root)
    theirs = _seconds(home.root / "others")
    down(home)
    with connect() as con:
        found = []
        for name, (flag, (truth, columns, only)) in _COMPARED.items():
            schema = next((home.warehouse / "tables").glob("*others")).name
            rows = ", ".join(flag if flag and one == "is_current" else one for one in columns)
            right = f"SELECT {', '.join(columns)} FROM {scan(folder_of(home, truth))} WHERE {only}"
            left = f"SELECT {rows} FROM {scan(folder_of(home, f'{schema}.{name}'))}"
            counts = [
                int(con.execute(f"SELECT count(*) FROM ({query})").fetchall()[0][0])
                for query in (left, f"{left} EXCEPT ALL {right}", f"{right} EXCEPT ALL {left}")
            ]
            found.append(Approach(name, step, theirs[name], *counts))
        for name in ("dim_user", "fct_streams"):
            if name in ours:
                count = con.execute(
                    f"SELECT count(*) FROM {scan(folder_of(home, f'silver.{name}'))}"
                ).fetchall()[0][0]
                found.append(Approach(name, step, ours[name], int(count), 0, 0))
    return found


def _seconds(target: Path) -> dict[str, float]:
    """The seconds of each node of the last run, as dbt measured them."""
    results = json.loads((target / "run_results.json").read_text(encoding="utf-8"))["results"]
    return {one["unique_id"].split(".")[2]: round(one["execution_time"], 2) for one in results}
