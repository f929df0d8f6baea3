"""CSV files, generated rows, simulated days, and several processes at once."""

import subprocess
import sys
from datetime import datetime
from pathlib import Path

import pytest

from medallion.entities import logged_entities
from medallion.errors import MedallionError
from medallion_local.azure_sql import csvfiles, load
from medallion_local.azure_sql.database import SourceDatabase
from medallion_local.generator.generate import Size, generate, init_generated
from medallion_local.generator.simulate import simulate

KEYS = {entity.reported_as: entity.key[0] for entity in logged_entities()}
FILES = {
    "DimUser": "user_id,user_name,country,subscription_type,start_date,end_date,updated_at\n"
    '1,"Berry, C.",Chile,Free,2023-10-17,,2025-09-23 19:49:55\n2,,,,,,\n',
    "DimArtist": "artist_id,artist_name,genre,country,updated_at\n"
    "1,A,Rock,Oman,2025-09-26 19:49:55\n",
    "DimTrack": "track_id,track_name,artist_id,album_name,duration_sec,release_date,updated_at\n"
    "1,T,1,L,234,2021-02-09,2025-09-12 19:49:55\n",
    "DimDate": "date_key,date,day,month,year,weekday\n20241007,2024-10-07,7,10,2024,Monday\n",
    "FactStream": "stream_id,user_id,track_id,date_key,listen_duration,device_type,"
    "stream_timestamp\n"
    "1,1,1,20241007,156,Mobile,2025-09-30 19:49:55\n",
}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    found = tmp_path / "csv"
    found.mkdir()
    for name, text in FILES.items():
        (found / f"{name}.csv").write_text(text)
    return found


def rows(source: SourceDatabase, table: str) -> list[dict[str, object]]:
    query = f"SELECT * FROM dbo.{table} ORDER BY {KEYS[table]}"
    return source.query(query).read_all().to_pylist()


def test_init_loads_every_row_and_empty_is_null(tmp_path: Path, folder: Path) -> None:
    source = load.init_from_csv(tmp_path / "s.duckdb", folder)
    first, second = rows(source, "DimUser")
    assert first["user_name"] == "Berry, C." and first["end_date"] is None
    assert second == {**dict.fromkeys(first), "user_id": 2}
    assert source.last_commit() == datetime(2025, 10, 1)
    assert all(o.changes == 0 for o in source.overview())


@pytest.mark.parametrize(
    ("table", "text", "message"),
    [
        ("DimUser", None, "DimUser.csv is missing"),
        ("DimUser", "", "DimUser.csv is empty"),
        ("DimDate", FILES["DimDate"].splitlines()[0] + "\n", "no rows"),
        ("DimArtist", FILES["DimArtist"].replace("genre", "kind"), "no column 'genre'"),
        ("DimArtist", "x," + FILES["DimArtist"].replace("\n1", "\n1,1"), "extra column 'x'"),
        (
            "FactStream",
            FILES["FactStream"] + "2,a,1,1,1,M,2025-01-01\n",
            "line 3, column 'user_id': 'a'",
        ),
        (
            "FactStream",
            FILES["FactStream"] + "2,1.5,1,1,1,M,2025-01-01\n",
            "'1.5' is not an integer",
        ),
        ("FactStream", FILES["FactStream"] + "2,3000000000,1,1,1,M,\n", "'3000000000' is not"),
        (
            "FactStream",
            FILES["FactStream"] + "2,1,1,1,1,M,yesterday\n",
            "'yesterday' is not a timest",
        ),
        ("DimUser", FILES["DimUser"] + "3,,,,2023-02-30,,\n", "line 4, column 'start_date'"),
        ("DimUser", FILES["DimUser"] + ",x,,,,,\n", "line 4: the key column 'user_id' is empty"),
        ("DimUser", FILES["DimUser"] + "3,x\n", "DimUser.csv, line 4: the record has 2 fields"),
        (
            "DimUser",
            FILES["DimUser"] + '3,"x,,,,,\n4,,,,,,\n',
            "DimUser.csv, line 4: .* not closed",
        ),
        ("DimUser", FILES["DimUser"] + "3," + "x" * 201 + ",,,,,\n", "200 characters"),
    ],
)
def test_a_bad_file_is_one_sentence_and_writes_nothing(
    tmp_path: Path, folder: Path, table: str, text: str | None, message: str
) -> None:
    file = folder / f"{table}.csv"
    file.unlink() if text is None else file.write_text(text)
    home = tmp_path / "home"
    with pytest.raises(MedallionError, match=message):
        load.init_from_csv(home / "s.duckdb", folder)
    assert list(home.iterdir()) == []


def test_init_keeps_an_existing_source_unless_forced(tmp_path: Path, folder: Path) -> None:
    path = tmp_path / "s.duckdb"
    load.init_from_csv(path, folder)
    before = path.read_bytes()
    with pytest.raises(MedallionError, match="--force"):
        load.init_from_csv(path, folder)
    (folder / "DimUser.csv").write_text("")
    with pytest.raises(MedallionError, match="empty"):
        load.init_from_csv(path, folder, force=True)
    assert path.read_bytes() == before


def test_init_loads_the_last_row_of_a_repeated_key(tmp_path: Path, folder: Path) -> None:
    (folder / "DimUser.csv").write_text(FILES["DimUser"] + "1,Last,,,,,\n2,,,,,,\n")
    reported: list[tuple[str, int]] = []
    source = load.init_from_csv(
        tmp_path / "s.duckdb",
        folder,
        on_repeated=lambda table, keys: reported.append((table, keys)),
    )
    assert [row["user_name"] for row in rows(source, "DimUser")] == ["Last", None]
    assert reported == [("dbo.DimUser", 2)]
    with pytest.raises(MedallionError, match="user_id = 1 is on the lines 2 and 4"):
        load.init_from_csv(source.path, folder, force=True, strict=True)


def test_apply_records_each_row_of_a_repeated_key_as_a_change(tmp_path: Path, folder: Path) -> None:
    source = load.init_from_csv(tmp_path / "s.duckdb", folder)
    header, known, *_ = FILES["DimUser"].splitlines()
    lines = [
        header,
        "4,New,Chile,,,,",
        known.replace("Chile", "Peru"),
        "2,,,,,,",  # equal to the current row
        "4,New,Peru,,,,",
        known.replace("Chile", "Kenya"),
        "4,New,Peru,,,,",  # equal to the previous row of the file
        known,  # as it was at the beginning
    ]
    for file in folder.iterdir():
        file.unlink()
    (folder / "DimUser.csv").write_bytes("\r\n\r\n".join(lines).encode("utf-8-sig"))
    (folder / "DimArtist.CSV").write_text(
        "updated_at,genre,artist_id,country,artist_name\n2025-09-26 19:49:55,Pop,1,Oman,A"
    )
    before = source.history("DimUser")
    with pytest.raises(MedallionError, match="user_id = 4 is on the lines 3 and 9"):
        load.apply_csv(source.path, folder, strict=True)
    assert source.history("DimUser") == before
    assert load.apply_csv(source.path, folder) == {
        "DimArtist": {"inserted": 0, "updated": 1, "deleted": 0, "repeated": 0},
        "DimUser": {"inserted": 1, "updated": 4, "deleted": 0, "repeated": 2},
    }
    captured = source.query(
        "SELECT __$start_lsn AS lsn, __$seqval AS seqval, __$operation AS operation, user_id, "
        "country FROM cdc.dbo_DimUser_CT ORDER BY __$seqval, __$operation"
    ).read_all()
    assert [(r["operation"], r["user_id"], r["country"]) for r in captured.to_pylist()] == [
        (2, 4, "Chile"),
        *((3, 1, "Chile"), (4, 1, "Peru")),
        *((3, 4, "Chile"), (4, 4, "Peru")),
        *((3, 1, "Peru"), (4, 1, "Kenya")),
        *((3, 1, "Kenya"), (4, 1, "Chile")),
    ]
    artists = source.query("SELECT __$start_lsn AS lsn FROM cdc.dbo_DimArtist_CT").read_all()
    assert len({*captured["lsn"].to_pylist(), *artists["lsn"].to_pylist()}) == 1
    assert len(set(captured["seqval"].to_pylist())) == 5
    state = replay(source, "DimUser")
    assert [state[key] for key in (1, 2, 4)] == rows(source, "DimUser")


def test_apply_upserts_and_equal_rows_change_nothing(tmp_path: Path, folder: Path) -> None:
    path = tmp_path / "s.duckdb"
    source = load.init_from_csv(path, folder)
    for name in ("DimArtist", "DimTrack", "FactStream"):
        (folder / f"{name}.csv").unlink()
    (folder / "DimUser.csv").write_text(FILES["DimUser"].replace("Chile", "Peru") + "3,,,,,,\n")
    assert load.apply_csv(path, folder) == {
        "DimDate": {"inserted": 0, "updated": 0, "deleted": 0, "repeated": 0},
        "DimUser": {"inserted": 1, "updated": 1, "deleted": 0, "repeated": 0},
    }
    found = source.history("DimUser").filter(source.history("DimUser")["seqval"].is_valid())
    assert found["operation"].to_pylist() == [3, 4, 2]
    assert len(set(found["start_lsn"].to_pylist())) == 1


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('903,"C,Chile,,,,\n904,D,Chile,,,,\n', "line 5: .* not closed"),
        ('903,"C,Chile,,,,\n904,"D",Chile,,,,\n', "line 5: 'D\",Chile,,,,' follows"),
        ("903,C,Chile,,", "line 5: the record has 5 fields, and 7 are expected"),
    ],
)
def test_apply_reads_nothing_from_a_damaged_file(
    tmp_path: Path, folder: Path, text: str, message: str
) -> None:
    source = load.init_from_csv(tmp_path / "s.duckdb", folder)
    (folder / "DimArtist.csv").write_text(FILES["DimArtist"].replace("Rock", "Pop"))
    (folder / "DimUser.csv").write_text(FILES["DimUser"] + "902,B,Chile,,,,\n" + text)
    with pytest.raises(MedallionError, match=f"DimUser.csv, {message}"):
        load.apply_csv(source.path, folder)
    assert all(overview.changes == 0 for overview in source.overview())


def test_a_file_of_several_inserts_keeps_its_lines_and_its_last_row(
    tmp_path: Path, folder: Path
) -> None:
    source = load.init_from_csv(tmp_path / "s.duckdb", folder)
    header, row = FILES["DimArtist"].splitlines()
    file = folder / "DimArtist.csv"
    equal = [row] * (csvfiles._ROWS_OF_AN_INSERT + csvfiles._ROWS + 1)
    file.write_text("\n".join([header, *equal, row.replace("1,A", "x,A")]))
    with pytest.raises(MedallionError, match=f"line {len(equal) + 2}, column 'artist_id': 'x'"):
        load.apply_csv(source.path, folder)
    file.write_text("\n".join([header, *equal, row.replace("1,A", "1,B")]))
    assert load.apply_csv(source.path, folder)["DimArtist"] == {
        "inserted": 0, "updated": 1, "deleted": 0, "repeated": 1
    }  # fmt: skip
    assert [row["artist_name"] for row in rows(source, "DimArtist")] == ["B"]


def test_apply_refuses_an_unknown_file_before_writing(tmp_path: Path, folder: Path) -> None:
    source = load.init_from_csv(tmp_path / "s.duckdb", folder)
    (folder / "DimUser.csv").write_text(FILES["DimUser"] + "3,,,,,,\n")
    (folder / "Zebra.csv").write_text("a\n1\n")
    with pytest.raises(MedallionError, match="Zebra"):
        load.apply_csv(source.path, folder)
    assert len(rows(source, "DimUser")) == 2


def test_generated_rows_depend_only_on_the_seed() -> None:
    size = Size(50, 200, 5)
    first, again, other = generate(size, 1), generate(size, 1), generate(size, 2)
    assert first == again
    assert first["FactStream"] != other["FactStream"]
    assert first["FactStream"].num_rows == 1000


def test_generated_rows_contain_the_defects(tmp_path: Path) -> None:
    source = init_generated(tmp_path / "s.duckdb", 200, 2000, seed=3, days=5)
    count = source.query(
        "SELECT SUM(CASE WHEN f.listen_duration < 0 THEN 1 ELSE 0 END) AS negative, "
        "SUM(CASE WHEN f.user_id IS NULL THEN 1 ELSE 0 END) AS missing, "
        "SUM(CASE WHEN f.user_id IS NOT NULL AND u.user_id IS NULL THEN 1 ELSE 0 END) AS orphan, "
        "SUM(CASE WHEN f.listen_duration > 1.1 * t.duration_sec THEN 1 ELSE 0 END) AS long, "
        "SUM(CASE WHEN f.date_key <> CAST(CONVERT(varchar(8), f.stream_timestamp, 112) AS int) "
        "THEN 1 ELSE 0 END) AS wrong FROM dbo.FactStream AS f "
        "LEFT JOIN dbo.DimUser AS u ON u.user_id = f.user_id "
        "LEFT JOIN dbo.DimTrack AS t ON t.track_id = f.track_id"
    )
    (found,) = count.read_all().to_pylist()
    assert all(found.values()), found
    assert found["wrong"] > 5000


def replay(source: SourceDatabase, table: str) -> dict[object, dict[str, object]]:
    """The table that its history describes: every change must fit the state before it."""
    state: dict[object, dict[str, object]] = {}
    control = ("start_lsn", "seqval", "operation", "commit_time")
    for change in source.history(table).to_pylist():
        row = {k: v for k, v in change.items() if k not in control}
        key = row[KEYS[table]]
        if change["operation"] == 2:
            assert key not in state
            state[key] = row
        elif change["operation"] == 4:
            assert key in state
            state[key] = row
        else:
            assert state[key] == row
            if change["operation"] == 1:
                del state[key]
    return state


def test_simulated_days_add_up_and_repeat(tmp_path: Path) -> None:
    sources, counts = [], []
    for name in ("a", "b"):
        source = init_generated(tmp_path / f"{name}.duckdb", 100, 100, seed=5)
        counts.append(simulate(source.path, days=4, seed=9, streams_per_day=60))
        sources.append(source)
    first, second = sources
    assert counts[0] == counts[1] and len(counts[0]) == 4
    for table in KEYS:
        assert first.history(table) == second.history(table)
        state = replay(first, table)
        assert [state[k] for k in sorted(state)] == rows(first, table)
    history = first.history("DimUser").to_pylist()
    assert {r["operation"] for r in history} == {1, 2, 3, 4}
    times = [r["commit_time"] for r in history]
    assert times == sorted(times)
    assert {str(t.date()) for t in times[100:]} == {
        "2025-10-07",
        "2025-10-08",
        "2025-10-09",
        "2025-10-10",
    }
    inserted = sum(day["DimUser"]["inserted"] for day in counts[0])
    assert inserted == sum(r["operation"] == 2 for r in history) - 100


def test_simulate_survives_an_emptied_source(tmp_path: Path) -> None:
    source = init_generated(tmp_path / "s.duckdb", 20, 10, seed=1)
    for table in KEYS:
        source.execute(f"DELETE FROM dbo.{table}", at=datetime(2025, 10, 7, 12))
    simulate(source.path, days=2, seed=1)
    for table in KEYS:
        assert len(replay(source, table)) == len(rows(source, table))


def test_processes_take_turns(tmp_path: Path) -> None:
    source = init_generated(tmp_path / "s.duckdb", 20, 10, seed=1)
    program = (
        "import sys; from pathlib import Path; "
        "from medallion_local.azure_sql.database import SourceDatabase; "
        "s = SourceDatabase.open(Path(sys.argv[1])); "
        "[(s.execute('UPDATE dbo.DimUser SET country = country WHERE user_id = 1'), "
        "s.query('SELECT COUNT(*) AS n FROM dbo.DimUser').read_all()) for _ in range(5)]"
    )
    started = [
        subprocess.Popen([sys.executable, "-c", program, str(source.path)]) for _ in range(2)
    ]
    assert [p.wait(timeout=300) for p in started] == [0, 0]
    found = source.query("SELECT COUNT(DISTINCT __$start_lsn) AS n FROM cdc.dbo_DimUser_CT")
    assert found.read_all()["n"][0].as_py() == 10


def test_a_read_streams_and_frees_the_file(tmp_path: Path) -> None:
    source = init_generated(tmp_path / "s.duckdb", 20, 20_000, seed=1)
    reader = source.query("SELECT * FROM dbo.FactStream")
    assert reader.read_next_batch().num_rows < 200_000
    del reader
    assert source.execute("DELETE FROM dbo.FactStream WHERE stream_id = 1") == 1
