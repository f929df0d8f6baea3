"""The JDBC driver and Node's `@databricks/sql`: downloaded once into the user's cache."""

import os
import shutil
import subprocess
import tempfile
from collections.abc import Callable
from pathlib import Path

import pytest

JDBC = "com.databricks:databricks-jdbc:3.0.1"
NODE = "@databricks/sql@2.1.0"

# What both drivers are asked about.
STATEMENTS = (
    "create schema s",
    "create table s.parent (id int not null, constraint pk primary key (id))",
    "create table s.child (id int comment 'the key', name string, amount decimal(7, 2), "
    "constraint fk foreign key (id) references s.parent (id)) comment 'a table'",
    "insert into s.child values (1, 'a', 1.50), (2, 'b', null), (3, null, 3)",
    "create view s.v as select * from s.child",
    "create table s.kinds (a_boolean boolean, a_tinyint tinyint, a_smallint smallint, a_int int, "
    "a_bigint bigint, a_float float, a_double double, a_decimal decimal(10, 3), a_string string, "
    "a_binary binary, a_date date, a_timestamp timestamp, a_ntz timestamp_ntz, "
    "an_array array<int>, a_map map<string, int>, a_struct struct<a: int, b: string>, "
    "a_varchar varchar(5))",
    "insert into s.kinds values (true, 1, 2, 3, 4, 1.5, 2.5, 12.340, 'text', x'4142', "
    "date'2024-02-29', timestamp'2024-02-29 01:02:03.5', timestamp_ntz'2024-02-29 01:02:03', "
    "array(1, null), map('k', 1), named_struct('a', 1, 'b', 'x'), 'abc')",
    "insert into s.kinds (a_int) values (4)",
)


def jdbc_jar() -> Path:
    """The driver's jar. Skips the test without Java, Maven or the download."""
    _need("java", "the JDBC driver")
    artifact = JDBC.split(":")[1]

    def download(folder: Path) -> None:
        maven = _need("mvn", "the JDBC driver")
        _run(maven, "-q", "-B", "dependency:copy", f"-Dartifact={JDBC}",
             f"-DoutputDirectory={folder}", cwd=folder)  # fmt: skip

    folder = _cached(JDBC.replace(":", "-"), download)
    return next(folder.glob(f"{artifact}-*.jar"))


def node_modules() -> Path:
    """The folder with `node_modules`. Skips the test without Node, npm or packages."""
    _need("node", NODE)

    def download(folder: Path) -> None:
        npm = _need("npm", NODE)
        _run(npm, "install", "--no-audit", "--no-fund", "--prefix", str(folder), NODE, cwd=folder)

    return _cached(NODE.strip("@").replace("/", "-").replace("@", "-"), download)


def _cached(name: str, download: Callable[[Path], None]) -> Path:
    """The folder of that name below the user's cache. A download that fails leaves none."""
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "medallion"
    folder = cache / name
    if not folder.is_dir():
        cache.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=cache) as scratch:
            staged = Path(scratch) / "staged"
            staged.mkdir()
            download(staged)
            staged.rename(folder)
    return folder


def _need(program: str, what: str) -> str:
    found = shutil.which(program)
    if found is None:
        pytest.skip(f"{what} needs the program {program}, which is not installed")
    return found


def _run(*command: str, cwd: Path) -> None:
    done = subprocess.run(command, cwd=cwd, capture_output=True, text=True, check=False)
    if done.returncode:
        lines = (done.stdout + done.stderr).strip().splitlines() or ["no message"]
        pytest.skip(f"{Path(command[0]).name} cannot download it: {lines[0]}")
