"""The lake's Blob service: conditional writes between processes, and rejected requests."""

import multiprocessing
from pathlib import Path

import pytest

from medallion.adf.language.errors import ActivityError
from medallion_local.blob_storage import blobs
from medallion_local.blob_storage.server import serving
from medallion_local.data_factory.connectors.http import request

BEARER = {"Authorization": "Bearer token", "x-ms-version": "2021-08-06"}
PUT = {**BEARER, "x-ms-blob-type": "BlockBlob"}


def test_blob_is_created_once_and_replaced_only_as_it_was_read(tmp_path: Path) -> None:
    with serving(tmp_path, "token") as url:
        blob = f"{url}/control/watermarks/a.json"
        made = request("PUT", blob, {**PUT, "If-None-Match": "*"}, b'{"lsn": 1}', 5)
        with pytest.raises(ActivityError, match="409"):
            request("PUT", blob, {**PUT, "If-None-Match": "*"}, b"{}", 5)
        read = request("GET", blob, BEARER, None, 5)
        assert (read.body, read.headers["ETag"]) == (b'{"lsn": 1}', made.headers["ETag"])
        tag = {"If-Match": read.headers["ETag"]}
        moved = request("PUT", blob, {**PUT, **tag}, b'{"lsn": 2}', 5)
        assert moved.headers["ETag"] != read.headers["ETag"]
        with pytest.raises(ActivityError, match="412"):
            request("PUT", blob, {**PUT, **tag}, b'{"lsn": 1}', 5)
        assert request("GET", blob, BEARER, None, 5).body == b'{"lsn": 2}'
    assert (tmp_path / "control/watermarks/a.json").read_bytes() == b'{"lsn": 2}'


def test_blob_that_is_edited_by_hand_has_another_tag(tmp_path: Path) -> None:
    file = tmp_path / "control" / "a.json"
    tag = blobs.write(tmp_path, file, b"1")
    file.write_bytes(b"2")
    with pytest.raises(blobs.ConditionNotMetError):
        blobs.write(tmp_path, file, b"3", if_match=tag)


@pytest.mark.parametrize(
    ("method", "path", "headers", "reported"),
    [
        ("GET", "/control/a", {"x-ms-version": "2021-08-06"}, "401"),
        ("GET", "/control/a", {**BEARER, "Authorization": "Bearer other"}, "401"),
        ("GET", "/control/a", {"Authorization": "Bearer token"}, "400"),
        ("GET", "/control/missing", BEARER, "404"),
        ("GET", "/control/../../a", BEARER, "400"),
        ("GET", "/control/a?comp=list", BEARER, "501"),
        ("PUT", "/control/a", BEARER, "400"),
        ("PUT", "/control/a", {**PUT, "x-ms-blob-type": "AppendBlob"}, "400"),
        ("PUT", "/control/a", {**PUT, "If-Unmodified-Since": "Mon, 1 Jan 2024"}, "501"),
        ("DELETE", "/control/a", BEARER, "501"),
    ],
)
def test_requests_that_the_service_rejects(
    tmp_path: Path, method: str, path: str, headers: dict[str, str], reported: str
) -> None:
    with serving(tmp_path, "token") as url, pytest.raises(ActivityError, match=reported):
        request(method, url + path, headers, b"x" if method == "PUT" else None, 5)
    assert not (tmp_path / "control").exists()


def count_up(lake: Path, times: int) -> None:
    """Add one to a number by compare-and-set, and repeat until it succeeds."""
    file = lake / "control" / "number"
    for _ in range(times):
        while True:
            content, tag = blobs.read(file)
            try:
                blobs.write(lake, file, str(int(content) + 1).encode(), if_match=tag)
                break
            except blobs.ConditionNotMetError:
                continue


def test_processes_that_write_at_once_lose_no_update(tmp_path: Path) -> None:
    file = tmp_path / "control" / "number"
    blobs.write(tmp_path, file, b"0")
    processes = [multiprocessing.Process(target=count_up, args=(tmp_path, 40)) for _ in range(3)]
    for one in processes:
        one.start()
    for one in processes:
        one.join()
    assert file.read_bytes() == b"120"


@pytest.mark.parametrize(
    "path",
    [
        *("/a/b", "/Control/b", "/a_b/b", "/-ab/b", "/a--b/b", f"/{'a' * 64}/b"),
        *("/%2E%2E/a", "/control/%2E%2E/%2E%2E/a", f"/control/{'a' * 300}", "/control/link/a"),
        *(f"/control/{'a/' * 600}b", "/control/loop"),
    ],
)
@pytest.mark.parametrize("method", ["GET", "PUT"])
def test_a_path_outside_its_container_is_refused(tmp_path: Path, path: str, method: str) -> None:
    lake = tmp_path / "lake"
    (lake / "control").mkdir(parents=True)
    (tmp_path / "a").write_text("outside")
    (lake / "control" / "link").symlink_to(tmp_path)
    (lake / "control" / "loop").symlink_to("loop")
    with serving(lake, "token") as url, pytest.raises(ActivityError, match="400"):
        request(method, f"{url}{path}", PUT, b"" if method == "PUT" else None, 5)
    assert sorted(one.name for one in tmp_path.rglob("*")) == [
        "a",
        "control",
        "lake",
        "link",
        "loop",
    ]
