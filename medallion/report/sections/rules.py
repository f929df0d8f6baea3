"""The rules: the rows that they keep out, and the rows that they only report."""

from medallion.page.blocks import (
    BAD,
    GOOD,
    NONE,
    NOTHING,
    WARN,
    Block,
    Cell,
    Note,
    Section,
    Table,
    cell,
    counted,
    number,
    short,
    signed,
)
from medallion.page.charts import Column, bars, columns
from medallion.report.collect import Facts


def quarantine(facts: Facts) -> Section:
    """The rows that rules keep out, per rule and build."""
    title = "Quarantine"
    if missing := _without_rules(facts):
        return Section("quarantine", title, "The quarantine is not known.", missing, BAD)
    now = {
        f"{one.model}.{one.name}": count
        for one, count in facts.rules.items()
        if one.action == "quarantine"
    }
    total = sum(now.values())
    if total:
        lead = (
            f"The rules keep {counted(total, 'row')} out of silver and gold. The rows stay in the "
            "quarantine with their reasons until a later change corrects them."
        )
    else:
        lead = "No row violates a rule that keeps it out of silver and gold."
    builds = facts.records
    ever = [name for name in now if now[name] or any(one.rules.get(name) for one in builds)]
    blocks: list[Block] = []
    if ever and len(builds) > 1:
        data = [
            {
                "at": short(one.ended_at),
                "rule": _rule(name),
                "rows": one.rules[name],
                "order": order,
            }
            for one in builds
            for order, name in enumerate(ever)
            if name in one.rules
        ]
        blocks.append(
            columns(
                "Rows in quarantine after each build, by rule",
                f"Stacked bars of {counted(len(ever), 'rule')} over {len(builds)} builds.",
                data,
                Column("at"),
                Column("rows"),
                Column("rule", domain=tuple(dict.fromkeys(_rule(one) for one in ever))),
            )
        )
    elif ever:
        data = [{"rule": _rule(name), "rows": now[name]} for name in ever]
        chart = "Rows in quarantine, by rule"
        blocks.append(bars(chart, "A bar per rule.", data, Column("rule"), Column("rows")))
    blocks.append(_rules_table(facts, "quarantine"))
    return Section("quarantine", title, lead, blocks, WARN if total else GOOD)


def expectations(facts: Facts) -> Section:
    """The rules that only report: the rows that violate them are kept."""
    title = "Expectations"
    if missing := _without_rules(facts):
        return Section("expectations", title, "The expectations are not known.", missing, BAD)
    reported = {one: count for one, count in facts.rules.items() if one.action != "quarantine"}
    broken = {one: count for one, count in reported.items() if count}
    stops = [one for one in broken if one.action == "fail"]
    verb = "is" if len(broken) == 1 else "are"
    if broken:
        lead = (
            f"{len(broken)} of {counted(len(reported), 'expectation')} {verb} violated. The rows "
            "are kept, and the build warns."
        )
    else:
        lead = f"All rows meet the {counted(len(reported), 'expectation')}."
    data = [
        {"rule": _rule(f"{one.model}.{one.name}"), "rows": count}
        for one, count in sorted(broken.items(), key=lambda pair: -pair[1])
    ]
    blocks: list[Block] = []
    if data:
        chart = "Rows that violate an expectation now"
        blocks.append(bars(chart, "A bar per rule.", data, Column("rule"), Column("rows")))
    blocks.append(_rules_table(facts, "warn", "fail"))
    level = BAD if stops else WARN if broken else GOOD
    return Section("expectations", title, lead, blocks, level)


def _without_rules(facts: Facts) -> list[Note]:
    if facts.rules:
        return []
    reason = facts.missing.get("rules") or facts.missing.get("lakehouse") or "No rule was read."
    return [Note(f"This part is missing. {reason}", BAD)]


def _rule(name: str) -> str:
    model, _, rule = name.partition(".")
    table = model.removeprefix("azure_sql__").removeprefix("github__")
    return f"{table}: {rule.replace('_', ' ')}"


def _rules_table(facts: Facts, *actions: str) -> Table:
    before = facts.previous.rules if facts.previous else {}
    chosen = [(one, count) for one, count in facts.rules.items() if one.action in actions]
    chosen.sort(key=lambda pair: (-pair[1], pair[0].model, pair[0].name))

    def change(name: str, count: int) -> Cell:
        if name not in before:
            return number(NOTHING)
        return number(signed(count - before[name]))

    body = [
        [
            Cell(one.relation),
            Cell(one.name.replace("_", " ")),
            cell(count, (BAD if one.action == "fail" else WARN) if count else NONE),
            change(f"{one.model}.{one.name}", count),
            Cell(one.why),
        ]
        for one, count in chosen
    ]
    head = ["Model", "Rule", "Rows now", "Since the last build", "Reason of the rule"]
    return Table(head, body, summary=f"All {counted(len(body), 'rule')} with their reasons")
