"""Settings are obeyed, accepted because they have no effect on answers, or refused."""

import pytest

from support.warehouse_sql import a_warehouse, failing

warehouse = a_warehouse()


@pytest.mark.parametrize(
    "statement",
    [
        "set timezone = 'America/New_York'",
        "set timezone = America/New_York",
        "set spark.sql.session.timeZone = America/New_York",
        "set time zone 'America/New_York'",
    ],
)
def test_the_session_is_in_its_time_zone(warehouse, statement):
    connection = warehouse.connect()
    warehouse.run(statement, connection)
    asked = (
        "select current_timezone(), "
        "date_format(timestamp'2020-07-01 23:30:00', 'yyyy-MM-dd HH:mm:ss'), "
        "cast(timestamp'2020-07-02 03:30:00Z' as date), hour(timestamp'2020-07-02 03:30:00Z'), "
        "unix_micros(timestamp'1970-01-01 00:00:00'), timestamp'2020-07-01 00:00:00'"
    )
    (row,) = warehouse.rows(asked, connection)
    assert [str(cell) for cell in row] == [
        "America/New_York", "2020-07-01 23:30:00", "2020-07-01", "23", "18000000000",
        "2020-07-01 00:00:00-04:00",
    ]  # fmt: skip
    warehouse.run("reset timezone", connection)
    assert warehouse.rows("select current_timezone()", connection) == [("UTC",)]


def test_a_time_zone_is_of_one_session(warehouse):
    connection = warehouse.connect()
    warehouse.run("set time zone interval '05:30' hour to minute", connection)
    assert warehouse.rows("select current_timezone()", connection) == [("+05:30",)]
    assert warehouse.rows("select current_timezone()") == [("UTC",)]


@pytest.mark.parametrize(
    ("statement", "condition"),
    [
        ("set time zone 'Mars/Base'", "INVALID_CONF_VALUE.TIME_ZONE"),
        ("set spark.nothing.known = 1", "CONFIG_NOT_AVAILABLE"),
        ("set nothing", "CONFIG_NOT_AVAILABLE"),
        ("reset nothing", "CONFIG_NOT_AVAILABLE"),
        ("set ansi_mode = 7", "INVALID_CONF_VALUE.TYPE_MISMATCH"),
        ("set statement_timeout = soon", "INVALID_STATEMENT_TIMEOUT.NOT_AN_INTEGER"),
        ("set statement_timeout = 172801", "INVALID_STATEMENT_TIMEOUT.ABOVE_MAXIMUM"),
        ("set statement_timeout = -1", "INVALID_STATEMENT_TIMEOUT.BELOW_MINIMUM"),
    ],
)
def test_an_unknown_setting_or_value_is_refused(warehouse, statement, condition):
    assert condition in warehouse.fails(statement)


def test_settings_are_shown_and_reset(warehouse):
    connection = warehouse.connect()
    for value in ("false", "true"):
        assert warehouse.rows(f"set use_cached_result = {value}", connection) == [
            ("USE_CACHED_RESULT", value)
        ]
    warehouse.run("set statement_timeout = 60", connection)
    shown = dict(warehouse.rows("set", connection))
    assert shown["STATEMENT_TIMEOUT"] == "60"
    warehouse.run("reset", connection)
    assert warehouse.rows("set statement_timeout", connection) == [("statement_timeout", "172800")]


def test_a_statement_ends_after_its_timeout(warehouse):
    connection = warehouse.connect()
    warehouse.run("set statement_timeout = 1", connection)
    product = "range(1000000) a cross join range(1000000) b"
    asked = f"select count(*) from {product} where a.id * b.id % 7 = 3"
    message = failing(lambda: warehouse.run(asked, connection))
    assert "[QUERY_EXECUTION_TIMEOUT_EXCEEDED]" in message and "(1s)" in message
    assert "SQLSTATE: 57KD0" in message
    assert warehouse.rows("select 1", connection) == [(1,)]


def test_ansi_mode_is_obeyed_or_refused(warehouse):
    connection = warehouse.connect()
    if warehouse.state.engine == "sail":
        message = failing(lambda: warehouse.run("set ansi_mode = false", connection))
        assert "medallion up --engine spark" in message
        return
    warehouse.run("set ansi_mode = false", connection)
    assert warehouse.rows("select 1 / 0, cast('x' as int)", connection) == [(None, None)]


def test_a_client_opens_its_session_with_settings(warehouse):
    with warehouse.connect(session_configuration={"TIMEZONE": "Asia/Tokyo"}) as connection:
        assert warehouse.rows("select current_timezone()", connection) == [("Asia/Tokyo",)]
    assert "CONFIG_NOT_AVAILABLE" in failing(
        lambda: warehouse.connect(session_configuration={"nothing": "1"})
    )


def test_a_function_that_sail_answers_in_utc_only_is_refused_elsewhere(warehouse):
    connection = warehouse.connect()
    warehouse.run("set time zone 'Asia/Kolkata'", connection)
    hour = "select date_format(date_trunc('hour', timestamp'2020-01-01 10:45:00'), 'HH:mm')"
    if warehouse.state.engine == "sail":
        message = failing(lambda: warehouse.run(hour, connection))
        assert "medallion up --engine spark" in message
    else:
        assert warehouse.rows(hour, connection) == [("10:00",)]
