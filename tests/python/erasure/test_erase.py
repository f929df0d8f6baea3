"""`medallion erase` in a copy of the lakehouse: what it leaves, and how it is interrupted."""

import datetime as dt
import json
import shutil
from collections.abc import Iterator

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from medallion.erasure import landed, run, tables
from medallion.home import Home
from medallion_local import laptop as emulators
from medallion_local.azure_sql.database import SourceDatabase
from support.lakehouse import DAY_0, DBT, Lakehouse
from support.published_tables import Rows, read_published, resolve_keys

UNIQUE = 'Zoë "Q" Ünal'
MODELS = [
    *("azure_sql__dim_user", "stg_azure_sql__user_changes", "dim_user", "quarantined_members"),
    *("fct_subscription_changes", "mart_subscription_movements"),
]  # what changes with the new versions of a user
BUILD = [*DBT, "run", "--select", *MODELS]


class Interrupted(BaseException):
    """As a kill: no handler of errors catches it."""


class Copy:
    """A copy of the lakehouse in which a person had a name of another one, and one of their own."""

    def __init__(self, lakehouse: Lakehouse) -> None:
        self.lakehouse, self.home = lakehouse, Home(lakehouse.home)
        users = read_published(self.home.root)["silver.dim_user"]
        named = [row for row in users if row["user_id"] > 0 and row["user_name"]]
        self.user, self.shared = named[0]["user_id"], named[-1]["user_name"]
        assert named[-1]["user_id"] != self.user
        self.names = {row["user_name"] for row in named if row["user_id"] == self.user}
        self.names |= {UNIQUE, self.shared}
        source = SourceDatabase.open(self.home.source_database)
        time = dt.datetime(2030, 1, 1)
        for name in (UNIQUE, self.shared):
            text = name.replace("'", "''")
            source.execute(
                f"UPDATE dbo.DimUser SET user_name = N'{text}' WHERE user_id = {self.user}", time
            )
            time += dt.timedelta(hours=1)
        lakehouse.run(["medallion", "ingest", "--table", "DimUser"])
        lakehouse.run(BUILD)
        self.before = read_published(self.home.root)

    def erase(self, *options: str) -> str:
        return self.lakehouse.run(["medallion", "erase", "--user", str(self.user), *options])

    def hits(self) -> list[str]:
        """Where the person's values are, found without the code of the product."""
        found = []
        for file in self.home.root.rglob("*"):
            if not file.is_file() or file.name.startswith("source.duckdb"):
                continue
            if file.suffix == ".parquet":
                for row in pq.read_table(file).to_pylist():
                    values = set(map(str, row.values()))
                    own = row.get("user_id") == self.user and self.names & values
                    if own or UNIQUE in str(values).replace("\\", ""):
                        found.append(str(file))
            raw = file.read_bytes()
            if UNIQUE.encode() in raw or json.dumps(UNIQUE)[1:-1].encode() in raw:
                found.append(str(file))
        return found


@pytest.fixture(scope="module")
def copy(lakehouse: Lakehouse, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Copy]:
    lakehouse.at(DAY_0)
    home = tmp_path_factory.mktemp("erasure") / "home"
    leave = shutil.ignore_patterns("state.json", "lock", "*.log")
    shutil.copytree(lakehouse.home, home, ignore=leave)
    copied = Lakehouse(home)
    copied.run(["medallion", "up"])
    yield Copy(copied)
    copied.run(["medallion", "down"])


def without_names(published: dict[str, Rows], user: int) -> dict[str, Rows]:
    """The tables, with the names of the user replaced by whether there is one."""
    users = [
        row | {"user_name": row["user_name"] is None} if row["user_id"] == user else row
        for row in published["silver.dim_user"]
    ]
    resolved = resolve_keys(published | {"silver.dim_user": users})
    return {table: sorted(rows, key=str) for table, rows in resolved.items()}


def test_an_unknown_user_and_a_missing_yes_change_nothing(copy: Copy) -> None:
    with pytest.raises(AssertionError, match="No user has the user_id 999999"):
        copy.lakehouse.run(["medallion", "erase", "--user", "999999", "--yes"])
    with pytest.raises(AssertionError, match="Follow docs/runbooks"):
        copy.erase("--yes", "--target", "prod")
    plan = copy.erase()
    assert "add --yes to erase" in plan and "silver.dim_user" in plan
    assert not any(name in plan for name in copy.names)
    assert copy.hits()


def test_an_interruption_at_each_step_is_continued(
    copy: Copy, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in copy.lakehouse.environment().items():
        monkeypatch.setenv(name, value)
    identities = set()

    def attempt(module: object, name: str, calls: int, after: bool) -> None:
        """Erase, and die before or after a call of a function."""
        original = getattr(module, name)
        left = [calls]

        def dying(*arguments: object, **named: object) -> object:
            left[0] -= 1
            if left[0] == 0 and not after:
                raise Interrupted
            result = original(*arguments, **named)
            if left[0] == 0:
                raise Interrupted
            return result

        with monkeypatch.context() as patched, run.erasure(copy.home, copy.user) as one:
            patched.setattr(module, name, dying)
            identities.add(one.record.stem)
            with pytest.raises(Interrupted):
                one.run("a test", lambda step: None)

    attempt(tables, "replace", 1, after=True)
    attempt(emulators, "announce_rewritten", 1, after=True)
    attempt(landed, "_restate", 1, after=True)
    attempt(landed, "rewrite", 1, after=True)
    attempt(emulators, "purge_table", 2, after=False)
    attempt(run, "search", 1, after=False)
    attempt(run.state, "remove", 1, after=False)
    assert len(identities) == 1  # each run continued the same erasure
    assert copy.hits() == [str(copy.home.root / "erasure" / f"user-{copy.user}.json")]


def test_planted_leaks_are_found_and_the_rest_is_clean(copy: Copy) -> None:
    leaks = [
        copy.home.lake / "gold" / "leak" / "part.parquet",
        copy.home.root / "logs" / "leak.log",
    ]
    leaks[0].parent.mkdir()
    pq.write_table(pa.table({"who": [UNIQUE]}), leaks[0])
    leaks[1].write_text(json.dumps({"row": UNIQUE}))
    with pytest.raises(AssertionError, match="exited with 1") as raised:
        copy.erase("--yes")
    shown = str(raised.value)
    assert shown.count("LEFT:") == 2 and "leak/part.parquet" in shown and "leak.log" in shown
    assert UNIQUE not in shown
    for leak in leaks:
        leak.unlink()
    assert "No value of the person was found" in copy.erase("--yes")
    assert "Nothing is left" in copy.erase("--yes")
    assert copy.hits() == []


def test_the_record_says_what_happened_without_a_value(copy: Copy) -> None:
    [record] = (copy.home.lake / "control" / "erasures").glob("*.json")
    text = record.read_text()
    content = json.loads(text)
    assert not any(json.dumps(name)[1:-1] in text for name in copy.names)
    assert (content["key"], content["values"]) == (copy.user, len(copy.names))
    assert set(content["tables"]) == {"bronze.azure_sql__dim_user", "silver.dim_user"}
    for name, file in content["files"].items():
        assert file["after"] == landed.facts_of((copy.home.lake / name).read_bytes())
        assert file["before"]["md5"] != file["after"]["md5"]
    assert len(content["files"]) >= 2


def test_receipts_and_counts_are_as_before_and_stay_so(copy: Copy) -> None:
    verified = copy.lakehouse.run(["medallion", "receipts", "verify"])
    assert "was rewritten by an erasure" in verified
    copy.lakehouse.run(["medallion", "ingest"])
    copy.lakehouse.run([*DBT, "build", "--exclude-resource-type", "unit_test"])
    expected = without_names(copy.before, copy.user)
    after = read_published(copy.home.root)
    assert without_names(after, copy.user) == expected
    assert {
        row["user_name"] for row in after["silver.dim_user"] if row["user_id"] == copy.user
    } == {f"[erased {n}]" for n in range(1, len(copy.names) + 1)}
    rebuild = ["--full-refresh", "--vars", "{allow_bronze_full_refresh: true}"]
    copy.lakehouse.run([*BUILD, *rebuild])
    rebuilt = read_published(copy.home.root)["silver.dim_user"]
    assert sorted(map(str, rebuilt)) == sorted(map(str, after["silver.dim_user"]))
    assert copy.hits() == []


def test_a_value_that_comes_later_and_is_in_quarantine_is_erased_too(copy: Copy) -> None:
    file = landed.files(copy.home.lake, "dbo.DimUser")[-1]
    landed_rows = pq.read_table(file).to_pylist()
    one = next(r for r in landed_rows if (r["user_id"], r["_operation"]) == (copy.user, 4))
    late = one | {"user_name": UNIQUE, "_commit_time": None}
    schema = pq.read_schema(file)
    pq.write_table(pa.Table.from_pylist([late], schema=schema), file.with_name("0xLATE.parquet"))
    copy.lakehouse.run([*DBT, "run", "--select", "azure_sql__dim_user", "quarantined_members"])
    assert any("quarantined_members" in hit for hit in copy.hits())
    assert "quarantine.quarantined_members: rebuilt" in copy.erase("--yes")
    assert copy.hits() == []
