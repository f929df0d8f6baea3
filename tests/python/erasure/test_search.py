"""The search for a person's values, on small files: what it finds, and whose it is."""

import gzip
import json
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from deltalake import write_deltalake

from medallion.erasure import landed, state
from medallion.erasure.forms import Values
from medallion.erasure.pseudonyms import is_pseudonym, with_new
from medallion.erasure.search import Found, search
from medallion.errors import MedallionError
from medallion.home import Home

NAME, PERSON, OTHER = 'Zoë "Q" Ünal', 42, 7


def found(folder: Path, *values: str) -> Found:
    return search([folder], Values(values or [NAME]), "user_id", PERSON, {"dim_artist"}, [])


@pytest.mark.parametrize(
    "content",
    [
        NAME.encode(),
        NAME.encode("utf-16-le"),
        json.dumps({"n": NAME}).encode(),
        json.dumps({"n": NAME}, ensure_ascii=False).encode(),
        b"<td>Zo\xc3\xab &quot;Q&quot; \xc3\x9cnal</td>",
        b"?name=Zo%C3%AB%20%22Q%22%20%C3%9Cnal",
        gzip.compress(NAME.encode()),
        b"\0\xff" + NAME.encode() + b"\xff",
    ],
)
def test_each_form_of_a_value_is_found(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "file").write_bytes(content)
    assert list(found(tmp_path).left.values()) == ["in its text"]


def test_a_longer_word_is_not_the_value(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("Ananas, Banana")
    assert not found(tmp_path, "Anan").left
    (tmp_path / "file").write_text("by Anan, today")
    assert found(tmp_path, "Anan").left


@pytest.mark.parametrize(
    ("rows", "result"),
    [
        ([{"user_id": PERSON, "user_name": NAME}], "in rows of the person"),
        ([{"USER_ID": PERSON, "more": {"deep": [f"by {NAME}!"]}}], "in rows of the person"),
        ([{"landed_row": json.dumps({"user_id": PERSON, "n": NAME})}], "in rows of the person"),
        ([{"user_id": None, "user_name": NAME}], "in rows without the key"),
        ([{"user_name": NAME}], "in rows without the key"),
        ([{"user_id": OTHER, "user_name": NAME}], None),
        ([{"user_id": PERSON, "user_name": "[erased 1]"}], None),
    ],
)
def test_a_cell_belongs_to_the_person_of_its_row(
    tmp_path: Path, rows: list[dict], result: str | None
) -> None:
    pq.write_table(pa.Table.from_pylist(rows), tmp_path / "t.parquet", compression="zstd")
    assert list(found(tmp_path).left.values()) == ([result] if result else [])
    if rows[0].get("user_id") == OTHER:
        assert found(tmp_path).shared


def test_short_values_are_found_as_whole_cells_only(tmp_path: Path) -> None:
    (tmp_path / "text").write_text("a Bo b")
    write_rows(tmp_path / "t.parquet", ["Bo"], [PERSON])
    assert list(found(tmp_path, "Bo").left) == [f"{tmp_path.name}/t.parquet"]


def test_a_song_may_have_the_name_of_a_person(tmp_path: Path) -> None:
    (tmp_path / "dim_artist-1f").mkdir()
    pq.write_table(pa.table({"artist_name": [NAME]}), tmp_path / "dim_artist-1f" / "t.parquet")
    result = found(tmp_path)
    assert (result.left, len(result.other)) == ({}, 1)


def write_rows(file: Path, names: list[str], keys: list[int]) -> None:
    pq.write_table(pa.table({"user_id": keys, "user_name": names}), file)


def test_statistics_of_the_log_belong_to_the_rows_of_their_file(tmp_path: Path) -> None:
    rows = pa.table({"user_id": [OTHER], "user_name": [NAME]})
    write_deltalake(tmp_path / "t", rows)
    assert (found(tmp_path).left, len(found(tmp_path).shared)) == ({}, 2)
    write_deltalake(
        tmp_path / "t", pa.table({"user_id": [OTHER], "user_name": ["x"]}), mode="overwrite"
    )
    for file in (tmp_path / "t").glob("*.parquet"):  # as VACUUM does
        if NAME in pq.read_table(file)["user_name"].to_pylist():
            file.unlink()
    assert set(found(tmp_path).left.values()) == {"in the log of the table"}


def test_files_that_cannot_be_searched_are_named(tmp_path: Path) -> None:
    (tmp_path / "a.duckdb").write_bytes(b"\0" * 8 + b"DUCK" + b"\0" * 20)
    (tmp_path / "b.parquet").write_bytes(b"PAR1 cut")
    assert len(found(tmp_path).unread) == 2


def test_each_value_gets_a_pseudonym_that_no_other_value_has() -> None:
    first = with_new({}, ["Ana", "Bo"])
    assert sorted(first.values()) == ["[erased 1]", "[erased 2]"]
    again = with_new(first, ["Ana", "Cy", "[erased 2]"])
    assert again == first | {"Cy": "[erased 3]"}
    assert with_new({}, ["[erased 2]", "Di"]) == {"Di": "[erased 3]"}
    assert all(map(is_pseudonym, again.values())) and not is_pseudonym("[erased by Ana]")


def test_a_link_among_the_landed_files_is_refused(tmp_path: Path) -> None:
    folder = tmp_path / "bronze" / "azure_sql" / "dbo.T"
    folder.mkdir(parents=True)
    (folder / "0x01.parquet").write_bytes(b"")
    assert [file.name for file in landed.files(tmp_path, "dbo.T")] == ["0x01.parquet"]
    (folder / "0x02.parquet").symlink_to(tmp_path / "outside.parquet")
    with pytest.raises(MedallionError, match=r"0x02\.parquet is a link: replace it by the file"):
        landed.files(tmp_path, "dbo.T")


def test_the_end_of_an_erasure_removes_what_a_killed_run_was_writing(tmp_path: Path) -> None:
    home = Home(tmp_path)
    state.write(home, "user", PERSON, state.new())
    state.write(home, "user", OTHER, state.new())
    (kept,) = state.folder(home).glob("user-7.json")
    (state.folder(home) / ".user-42.json.0a1b.tmp").write_text(NAME)
    state.remove(home, "user", PERSON)
    assert list(state.folder(home).iterdir()) == [kept]
