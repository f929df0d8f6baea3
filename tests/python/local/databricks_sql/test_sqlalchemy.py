"""SQLAlchemy's `databricks` dialect, and pandas through it."""

import datetime
from decimal import Decimal

import pandas as pd
import pytest

from medallion.home import Home
from medallion_local.databricks_sql.lifecycle import process
from medallion_local.databricks_sql.lifecycle.certificates import files_of
from medallion_local.databricks_sql.lifecycle.state import HTTP_PATH
from support.warehouse_sql import Started

sa = pytest.importorskip("sqlalchemy", reason="databricks-sqlalchemy is not installed: make dev")

METADATA = sa.MetaData()
USERS = sa.Table(
    "users",
    METADATA,
    sa.Column("id", sa.BigInteger, primary_key=True, autoincrement=False),
    sa.Column("name", sa.String(50), nullable=False, comment="the name"),
    sa.Column("seen", sa.DateTime),
    sa.Column("amount", sa.Numeric(10, 2)),
    comment="all users",
)
ORDERS = sa.Table(
    "orders",
    METADATA,
    sa.Column("id", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("user_id", sa.BigInteger, sa.ForeignKey("users.id", name="of_user")),
)


@pytest.fixture(scope="module")
def engine(tmp_path_factory):
    started = Started(Home(tmp_path_factory.mktemp("sqlalchemy")))
    state = started.state
    created = sa.create_engine(
        f"databricks://token:{state.token}@{state.host}?http_path={HTTP_PATH}"
        "&catalog=medallion&schema=default",
        connect_args={
            "_connection_uri": f"https://{state.host}{HTTP_PATH}",
            "_tls_trusted_ca_file": str(files_of(started.home).authority),
            "enable_telemetry": False,
        },
    )
    METADATA.create_all(created)
    yield created
    created.dispose()
    process.stop(started.home)


def test_rows_are_inserted_and_filtered_by_bound_values(engine):
    seen = datetime.datetime(2024, 1, 2, 3, 4, 5)
    rows = [
        {"id": 1, "name": "a", "seen": seen, "amount": Decimal("1.50")},
        {"id": 2, "name": "it's", "seen": None, "amount": None},
    ]
    with engine.begin() as connection:
        connection.execute(USERS.insert(), rows)
    with engine.connect() as connection:
        query = sa.select(USERS).where(USERS.c.name == "a").limit(5)
        assert connection.execute(query).all() == [(1, "a", seen, Decimal("1.50"))]
        count = sa.select(sa.func.count()).where(USERS.c.id.in_([2, 3]))
        assert connection.execute(count).scalar() == 1


def test_tables_are_reflected(engine):
    inspector = sa.inspect(engine)
    assert {"users", "orders"} <= set(inspector.get_table_names())
    assert inspector.has_table("users")
    assert not inspector.has_table("nothing")
    columns = {column["name"]: column for column in inspector.get_columns("users")}
    assert columns["name"]["comment"] == "the name"
    assert not columns["name"]["nullable"]
    assert inspector.get_table_comment("users") == {"text": "all users"}
    assert inspector.get_pk_constraint("users")["constrained_columns"] == ["id"]
    key = inspector.get_foreign_keys("orders")[0]
    assert (key["constrained_columns"], key["referred_table"]) == (["user_id"], "users")


def test_pandas_writes_and_reads_a_table(engine):
    frame = pd.DataFrame({"a": [1, 2], "s": ["x", None], "f": [1.5, None], "b": [True, False]})
    frame.to_sql("frame", engine, if_exists="replace", index=False)
    read = pd.read_sql_table("frame", engine).sort_values("a", ignore_index=True)
    pd.testing.assert_frame_equal(read, frame)
