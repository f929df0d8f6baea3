"""The emulator of raw.githubusercontent.com: who gets its files, and what is not a file."""

import hashlib
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from medallion.adf.language.errors import ActivityError
from medallion_local.data_factory.connectors.http import request
from medallion_local.github.server import seed, serving


@pytest.fixture
def served(tmp_path: Path):
    seed(tmp_path / "github")
    (tmp_path / "secret.csv").write_text("not in the repository")
    (tmp_path / "github" / "loop.csv").symlink_to("loop.csv")
    (tmp_path / "github" / "out.csv").symlink_to(tmp_path / "secret.csv")
    with serving(tmp_path / "github") as url:
        yield url


def test_a_file_has_a_tag_of_its_content(served: str) -> None:
    found = request("GET", f"{served}/markets.csv", {}, None, 5)
    assert found.headers["ETag"] == f'"{hashlib.sha256(found.body).hexdigest()}"'


def test_the_repository_is_found_only_with_the_secret_of_its_url(served: str) -> None:
    url = urlsplit(served)
    secret, _, repository = url.path.lstrip("/").partition("/")
    assert len(secret) >= 32
    for start in ("", "/", f"/{secret[:-1]}", f"/{secret}x", "/%C3%A9"):
        with pytest.raises(ActivityError, match="404"):
            request("GET", f"http://{url.netloc}{start}/{repository}/markets.csv", {}, None, 5)


@pytest.mark.parametrize(
    "path",
    [
        *("missing.csv", "..", "../../../../secret.csv", "../../../out.csv", "../../../loop.csv"),
        *("%2E%2E/%2E%2E/%2E%2E/%2E%2E/secret.csv", "a" * 300, "markets.csv/x", "/etc/passwd"),
    ],
)
def test_what_is_not_a_file_of_the_repository_is_not_found(served: str, path: str) -> None:
    with pytest.raises(ActivityError, match="404"):
        request("GET", f"{served}/{path}", {}, None, 5)
