"""Rules: rows that violate one are quarantined and reported, and leave when they are corrected.

A separate lakehouse gets one row with each kind of fault, and then the corrections.
"""

import json
import socket
from collections import Counter
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from ruamel.yaml import YAML

from conformance.land import land
from medallion import expectations
from medallion.cli.quarantine import quarantine
from medallion.cli.site import site
from medallion.entities import logged_entities
from medallion.errors import MedallionError
from medallion.expectations import Rule, is_stale, page, read_rules

DEPRECATIONS_ARE_ERRORS = ["--warn-error-options", '{"error": ["Deprecations"]}']
NOT_OURS = ["--exclude", "path:models/gold", "path:models/semantic", "resource_type:unit_test"]
NOT_OURS += ["path:models/silver/core,resource_type:test"]
COMMITTED = datetime(2025, 10, 1)
PLAYED = COMMITTED - timedelta(hours=1)
GOOD_PLAY = {
    "user_id": 1,
    "track_id": 1,
    "listen_duration": 60,
    "device_type": "Mobile",
    "date_key": 20250930,
    "stream_timestamp": PLAYED,
}
BROKEN = {  # stream_id: the fault of the row, and the rules that it violates
    2: ({"user_id": None}, "user_id_is_present"),
    3: ({"track_id": None}, "track_id_is_present"),
    4: ({"stream_timestamp": None}, "stream_timestamp_is_present"),
    5: ({"listen_duration": -1}, "listen_duration_is_not_negative"),
    6: (
        {"stream_timestamp": datetime(2005, 12, 31, 23, 59, 59)},
        "stream_timestamp_is_after_the_service_began",
    ),
    7: (
        {"stream_timestamp": COMMITTED + timedelta(days=1, microseconds=1)},
        "stream_timestamp_is_not_in_the_future",
    ),
    8: (
        {"user_id": None, "listen_duration": -5},
        "user_id_is_present, listen_duration_is_not_negative",
    ),
}
UNPLACED = {  # stream_id: a good play with a later change without a position
    11: {"_start_lsn": None},
    12: {"_seqval": None},
    13: {"_operation": None},
    14: {"_commit_time": None},
    15: {"_operation": 7},
}
GOOD = {  # at the limit of a rule, or exempt from it
    1: {},
    21: {"listen_duration": 0, "stream_timestamp": datetime(2006, 1, 1)},
    22: {"listen_duration": None, "stream_timestamp": COMMITTED + timedelta(days=1)},
    23: {"user_id": 404, "track_id": 404, "listen_duration": 10_000},
}
MARKETS = "country,iso_code,region,currency\nNorway,NO,Nordics,NOK\n"
PLANS = "plan,monthly_price,currency,max_devices\nFree,0.00,EUR,1\n"


def change(lsn, operation=2, **columns):
    place = {"_start_lsn": f"0x{lsn:020X}", "_seqval": f"0x{1:020X}", "_operation": operation}
    return place | {"_commit_time": COMMITTED} | columns


def play(stream_id, lsn, operation=2, **columns):
    return change(lsn, operation, stream_id=stream_id, **(GOOD_PLAY | columns))


def broken_batch():
    plays = [play(number, 1, **columns) for number, columns in GOOD.items()]
    plays += [play(number, 1, **columns) for number, (columns, _) in BROKEN.items()]
    plays += [play(number, 1) for number in UNPLACED]
    plays += [
        play(number, 2, 4, listen_duration=9) | columns for number, columns in UNPLACED.items()
    ]
    nothing = dict.fromkeys(GOOD_PLAY)
    plays += [
        play(None, 1),
        play(None, 1) | {"_start_lsn": None},  # a missing position in addition to the missing id
        play(31, 1),
        play(31, 2, 1, **nothing),  # a delete needs only its id
        play(32, 1),
        play(32, 2, 3, **nothing),  # a before-image is ignored, even with faults
        play(33, 2, **nothing) | {"_operation": None},  # without an operation, all rules apply
        # An older good state does not replace a last change that violates a rule.
        play(34, 1),
        play(34, 2, 4, user_id=None),
    ]
    members = {
        "DimUser": ("user_id", {"user_name": "Ann", "country": "Atlantis"}),
        "DimArtist": ("artist_id", {"artist_name": "The One"}),
        "DimTrack": ("track_id", {"track_name": "Song", "artist_id": 1, "duration_sec": 100}),
        "DimDate": ("date_key", {"weekday": "Friday"}),
    }
    batch = {"FactStream": [*plays, *plays[:3]]}  # three changes arrive twice
    for table, (key, columns) in members.items():
        batch[table] = [
            change(1, **{key: 1}, **columns),
            change(1, **{key: None}, **columns),
            change(1, **{key: -1}, **columns),
            change(2, 1, **{key: 1}) | {"_operation": None},
        ]
    return batch


def corrected_batch():
    plays = [play(number, 3, 4) for number in BROKEN]
    return {"FactStream": [*plays, play(34, 3, 4), play(33, 3)]}


def land_references(lake, run, markets, plans):
    for name, text in {"markets": markets, "subscription_plans": plans}.items():
        file = lake / "bronze" / "github" / name / f"{run}.csv"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)


# What tells rows apart here: the key, and of a reference file, whose key may be missing, a column.
KEYS = {entity.bronze: entity.key[0] for entity in logged_entities()}
KEYS |= {"github__markets": "iso_code", "github__subscription_plans": "max_devices"}
# Plays that no correction can match, because they have no id or no position in the log.
STAY = Counter(
    {
        ("azure_sql__fact_stream", None, "stream_id_is_present"): 1,
        ("azure_sql__fact_stream", None, "stream_id_is_present, change_can_be_placed"): 1,
        (
            "azure_sql__fact_stream",
            33,
            "user_id_is_present, track_id_is_present, stream_timestamp_is_present,"
            " change_can_be_placed",
        ): 1,
        **{("azure_sql__fact_stream", number, "change_can_be_placed"): 1 for number in UNPLACED},
        **{
            (f"azure_sql__dim_{name}", value, rule): 1
            for name, key in (
                *(("user", "user_id"), ("artist", "artist_id")),
                *(("track", "track_id"), ("date", "date_key")),
            )
            for value, rule in (
                (None, f"{key}_is_present"),
                (-1, f"{key}_is_not_reserved"),
                (1, "change_can_be_placed"),
            )
        },
    }
)
CORRECTED = Counter(
    {
        **{("azure_sql__fact_stream", number, rules): 1 for number, (_, rules) in BROKEN.items()},
        ("azure_sql__fact_stream", 34, "user_id_is_present"): 1,
        ("github__markets", "XX", "country_is_present"): 1,
        ("github__subscription_plans", 2, "monthly_price_is_not_negative"): 1,
        ("github__subscription_plans", 3, "plan_is_present"): 1,
    }
)


class State:
    """The content of the warehouse at one time, and dbt's manifest at that time."""

    def __init__(self, lakehouse, read_rows):
        plays, members = (
            read_rows(f"select * from quarantine.{table}")
            for table in ("quarantined_plays", "quarantined_members")
        )
        self.plays, self.rows = plays, [*plays, *members]
        self.quarantined = Counter(map(self.fault, self.rows))
        self.standing = {
            row["stream_id"]: row["listen_duration_sec"]
            for row in read_rows("select stream_id, listen_duration_sec from silver.fct_streams")
        }
        self.reconciliation = read_rows("select * from silver.reconciliation")
        self.markets = [
            row["country"] for row in read_rows("select country from silver.stg_github__markets")
        ]
        self.reported = lakehouse.run(["medallion", "quarantine"])

    @staticmethod
    def fault(row):
        landed = json.loads(row["landed_row"])
        key = landed.get(KEYS[row["bronze_model"]])
        return row["bronze_model"], key, row["_quarantine_reasons"]

    def count(self, model, rule):
        """The rows that `medallion quarantine` lists for a rule."""
        section = self.reported.split(f".{model} ")[1]
        return int(next(x for x in section.splitlines() if f"{rule} " in x).split()[-1])


@pytest.fixture(scope="module")
def story(new_lakehouse):
    """The lakehouse, its state with faulty rows, and its state with the corrections."""
    from medallion.lakehouse import rows
    from support.lakehouse import DBT
    from support.published_tables import connected

    def state():
        with connected(lakehouse.home) as connection:
            return State(lakehouse, lambda statement: rows(connection, statement))

    lakehouse = new_lakehouse()
    lake = lakehouse.home / "lake"
    land_references(
        lake, "run-1", f"{MARKETS},XX,None,XXX\n", f"{PLANS}Paid,-1.00,EUR,2\n,1.00,EUR,3\n"
    )
    land(lake, broken_batch(), 1)
    lakehouse.run([*DBT, *DEPRECATIONS_ARE_ERRORS, "build", *NOT_OURS])
    manifest = json.loads((lakehouse.home / "target" / "manifest.json").read_text())
    broken = state()
    land_references(lake, "run-2", MARKETS, PLANS)
    land(lake, corrected_batch(), 2)
    lakehouse.run([*DBT, "run", *NOT_OURS])
    return lakehouse, manifest, broken, state()


def test_faulty_rows__are_in_quarantine_with_their_reasons(story):
    _, _, broken, _ = story
    assert broken.quarantined == STAY + CORRECTED
    assert broken.markets == ["Norway"]


def test_faulty_rows__are_quarantined_unchanged(story):
    _, _, broken, _ = story
    (row,) = (row for row in broken.plays if row["stream_id"] == 8)
    landed = json.loads(row["landed_row"])
    assert (landed["listen_duration"], landed["_operation"]) == (-5, 2)
    assert row["_run_id"] == "run 1" and row["_file"] == "batch_0001.parquet"
    assert row["_first_seen_at"] is not None
    (plan,) = (row for row in broken.rows if "plan_is_present" in row["_quarantine_reasons"])
    assert (plan["_run_id"], plan["_file"]) == ("run-1", "run-1.csv")


def test_plays__have_the_state_of_their_last_placed_change(story):
    _, _, broken, corrected = story
    good = {number: GOOD_PLAY | columns for number, columns in GOOD.items()}
    good |= dict.fromkeys([*UNPLACED, 32], GOOD_PLAY)
    expected = {number: columns["listen_duration"] for number, columns in good.items()}
    assert broken.standing == expected
    assert corrected.standing == expected | dict.fromkeys([*BROKEN, 33, 34], 60)


def test_corrections__remove_the_rows_from_quarantine(story):
    _, _, _, corrected = story
    assert corrected.quarantined == STAY


def test_every_landed_row__is_accounted_for(story):
    batches = [broken_batch(), corrected_batch()]
    for number, state in enumerate(story[2:], start=1):
        held = Counter(row["bronze_model"] for row in state.rows)
        for outcome in state.reconciliation:
            landed = sum(len(batch.get(outcome["source_table"], [])) for batch in batches[:number])
            kinds = "before_images redelivered applied deleted collapsed superseded quarantined"
            assert outcome["landed"] == landed == sum(outcome[kind] for kind in kinds.split())
            snake = outcome["source_table"].replace("Dim", "dim_").replace("Fact", "fact_").lower()
            assert outcome["quarantined"] == held[f"azure_sql__{snake}"], outcome


def test_quarantine__lists_every_rule_with_its_rows(story):
    _, _, broken, corrected = story
    assert broken.count("azure_sql__fact_stream", "user_id_is_present") == 4
    assert broken.count("azure_sql__dim_user", "user_id_is_present") == 1
    assert broken.count("github__subscription_plans", "plan_is_present") == 1
    assert broken.count("plays_in_context", "user_is_known") == 1
    assert broken.count("plays_in_context", "duration_is_within_the_tracks") == 0
    assert broken.count("users_in_context", "country_is_a_market") == 1
    assert corrected.count("azure_sql__fact_stream", "user_id_is_present") == 1
    assert corrected.count("azure_sql__fact_stream", "change_can_be_placed") == 7
    assert corrected.count("plays_in_context", "date_key_agrees") == 2


def test_quarantine_of_a_rule__shows_the_rows(story):
    lakehouse, *_ = story
    reported = lakehouse.run(["medallion", "quarantine", "stream_id_is_present", "--limit", "1"])
    assert "azure_sql__fact_stream: stream_id_is_present, 2 rows in quarantine" in reported
    for text in ("listen_duration", "broken rules", "run 1", "batch_0001.parquet", "first seen"):
        assert text in reported
    assert "and 1 more" in reported
    warned = lakehouse.run(["medallion", "quarantine", "user_is_known"])
    assert "1 row that violate it" in warned and "404" in warned
    with pytest.raises(AssertionError, match="did you mean user_is_known\\?"):
        lakehouse.run(["medallion", "quarantine", "user_is_know"])


def expectation_tests(manifest):
    for node in manifest["nodes"].values():
        if (node.get("test_metadata") or {}).get("name") == "expectation":
            kwargs = node["test_metadata"]["kwargs"]
            tested = node["attached_node"].split(".")[-1]
            yield (kwargs.get("of", tested), kwargs["rule"]), tested, node


def test_every_rule__has_exactly_its_test(story):
    _, manifest, *_ = story
    tests = list(expectation_tests(manifest))
    rules = {(rule.model, rule.name): rule for rule in read_rules()}
    assert Counter(name for name, _, _ in tests) == Counter(rules.keys())
    for name, tested, node in tests:
        rule = rules[name]
        held = "quarantined_plays" if "fact" in rule.model else "quarantined_members"
        assert tested == (held if rule.action == "quarantine" else rule.model), name
        severity = "error" if rule.action == "fail" else "warn"
        assert node["config"]["severity"].lower() == severity, name


def test_conditions__equal_those_that_dbt_compiles(story):
    """`medallion quarantine` counts with its own text of a rule. Both must mean the same."""
    _, manifest, *_ = story
    models = {node["name"]: node.get("compiled_code") or "" for node in manifest["nodes"].values()}
    judging = " ".join(" ".join(code.split()) for code in models.values())
    for rule in read_rules():
        assert f"not {rule.condition}" in judging, rule.name


def test_unknown_rule__is_an_error_that_names_the_existing_ones(story):
    from support.lakehouse import DBT

    lakehouse, *_ = story
    inline = "{{ expectation('plan_is_there', 'github__subscription_plans') }}"
    message = (
        "has no rule 'plan_is_there': name one of plan_is_present, monthly_price_is_not_negative"
    )
    with pytest.raises(AssertionError, match=message):
        lakehouse.run([*DBT, "compile", "--inline", inline])


def test_quarantine__reports_at_once_that_the_warehouse_is_down(tmp_path, monkeypatch):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        host = f"127.0.0.1:{taken.getsockname()[1]}"
    target = {"host": host, "http_path": "/sql", "token": "none", "catalog": "medallion"}
    profile = {"medallion": {"target": "local", "outputs": {"local": target}}}
    with (tmp_path / "profiles.yml").open("w") as file:
        YAML().dump(profile, file)
    monkeypatch.setenv("DBT_PROFILES_DIR", str(tmp_path))
    with pytest.raises(MedallionError, match=f"{host} does not answer: start it with `medallion"):
        quarantine()


RULE = Rule("bronze", "azure_sql__dim_user", "user_id_is_present", "user_id > 0", "warn", "So.")


def test_condition__exempts_rows_to_which_the_rule_does_not_apply():
    assert RULE.condition == "coalesce((user_id > 0), true)"
    assert replace(RULE, applies_to="changes").condition == (
        "(coalesce(_operation = 3, false) or coalesce((user_id > 0), true))"
    )
    assert "_operation in (1, 3)" in replace(RULE, applies_to="states").condition


def test_page__is_current():
    assert not is_stale(read_rules()), "run `medallion rules`"


def test_page__shows_the_rule_on_databricks(tmp_path):
    rules = [RULE, replace(RULE, layer="silver", model="users"), replace(RULE, action="fail")]
    lines = [line for line in page(rules).splitlines() if line.startswith("| `user_id")]
    assert [line.split("|")[-2].strip() for line in lines] == [
        *("`EXPECT`", "`EXPECT … ON VIOLATION FAIL UPDATE`", "none")
    ]
    file = tmp_path / "rules.md"
    assert is_stale(rules, file)
    file.write_text(page(rules))
    assert not is_stale(rules, file) and is_stale(rules[:1], file)


def test_the_site_asks_for_the_page_before_it_builds(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(expectations, "PAGE", tmp_path / "rules.md")
    with pytest.raises(MedallionError, match="is out of date with the models: run `medallion rul"):
        site(tmp_path / "site")


@pytest.mark.parametrize(
    ("change", "reported"),
    [
        ({"action": "drop"}, "has the action drop: use warn or quarantine or fail"),
        ({"applies_to": "all"}, "has the applies_to all: use rows or changes or states"),
        ({"why": None}, "lacks the text why"),
        ({"name": "Is Present"}, "is not named in lower_snake"),
        ({"severity": "warn"}, "has the key severity"),
    ],
)
def test_rule__that_is_not_understood_is_refused_by_name(tmp_path, change, reported):
    rule = {"name": "is_present", "expression": "a > 0", "action": "warn", "why": "So."} | change
    _write(tmp_path, [rule])
    with pytest.raises(MedallionError, match=reported):
        read_rules(tmp_path)


def test_rule__named_twice_is_refused(tmp_path):
    rule = {"name": "is_present", "expression": "a > 0", "action": "warn", "why": "So."}
    _write(tmp_path, [rule, rule])
    with pytest.raises(MedallionError, match="two rules named is_present"):
        read_rules(tmp_path)


def _write(folder, rules):
    model = {"name": "users", "config": {"meta": {"expectations": rules}}}
    file = folder / "bronze" / "users.yml"
    file.parent.mkdir()
    with file.open("w") as written:
        YAML().dump({"models": [model]}, written)
