"""Whether people return: active users and cohorts."""

from medallion.page.blocks import NOTHING, Block, Cell, Section, Table, cell, counted, day, number
from medallion.page.charts import SERIES, Column, heatmap, lines
from medallion.report.collect import Facts
from medallion.report.queries import COHORTS, Rows
from medallion.report.sections.missing import empty


def engagement(facts: Facts) -> Section:
    """Daily, weekly and monthly active users, and the share of them that comes daily."""
    title = "Engagement"
    if without := empty(facts, "engagement", title, "engagement"):
        return without
    rows = facts.answers["engagement"]
    last = rows[-1]
    lead = (
        f"On {day(last['date_day'])}, {counted(last['daily_active_users'], 'user')} listened; "
        f"{last['weekly_active_users']:,} within 7 days and {last['monthly_active_users']:,} "
        "within 30 days."
    )
    lead += (
        f" Stickiness, daily over monthly users, is {last['stickiness']:.0%}."
        if last["stickiness"] is not None
        else " Stickiness is not known before the data covers 30 days."
    )
    users = [
        Column("monthly_active_users", "monthly", colors=(SERIES[2], SERIES[1], SERIES[0])),
        Column("weekly_active_users", "weekly"),
        Column("daily_active_users", "daily"),
    ]
    text = f"Three lines over {counted(len(rows), 'day')}; the table has the numbers."
    blocks: list[Block] = [lines("Active users", text, rows, Column("date_day"), users)]
    known = [row for row in rows if row["stickiness"] is not None]
    if known:
        ys = [Column("stickiness", "stickiness", ".0%")]
        text = f"A line over {counted(len(known), 'day')}."
        blocks.append(lines("Stickiness", text, known, Column("date_day"), ys))
    head = ["Day", "Daily", "Weekly", "Monthly", "Stickiness"]
    body = [
        [
            Cell(day(row["date_day"])),
            cell(row["daily_active_users"]),
            cell(row["weekly_active_users"]),
            cell(row["monthly_active_users"]),
            number(NOTHING if row["stickiness"] is None else f"{row['stickiness']:.1%}"),
        ]
        for row in reversed(rows)
    ]
    blocks.append(Table(head, body, summary="The numbers of each day"))
    return Section("engagement", title, lead, blocks)


def cohorts(facts: Facts) -> Section:
    """How many users of each first week still listen in the weeks after it."""
    title = "Cohorts"
    if without := empty(facts, "cohorts", title, "cohorts"):
        return without
    rows = facts.answers["cohorts"]
    second = [row for row in rows if row["weeks_since"] == 1 and row["is_week_complete"]]
    lead = "A cohort is the users whose first play was in the same week."
    if second:
        share = sum(row["active_users"] for row in second) / sum(
            row["cohort_users"] for row in second
        )
        lead += f" {share:.0%} of them listened in the week after it too."
    data = [
        {
            **row,
            "cohort": f"{day(row['cohort_week'])[:-5]} ({row['cohort_users']:,})",
            "label": f"Cohort of {day(row['cohort_week'])}, {counted(row['weeks_since'], 'week')} "
            f"later: {row['active_users']:,} of {row['cohort_users']:,} users"
            + ("" if row["is_week_complete"] else ", week not over"),
        }
        for row in rows
    ]
    chart = heatmap(
        "Share of each cohort that listens, by weeks since its first play",
        f"A table of shares of {len({row['cohort_week'] for row in rows})} cohorts.",
        data,
        Column("weeks_since", "weeks later"),
        Column("cohort", domain=tuple(dict.fromkeys(row["cohort"] for row in data))),
        Column("retention", format=".0%"),
        "label",
    )
    return Section("cohorts", title, lead, [chart, _cohort_table(rows)])


def _cohort_table(rows: Rows) -> Table:
    weeks = sorted({row["weeks_since"] for row in rows})[:COHORTS]
    found = {(row["cohort_week"], row["weeks_since"]): row for row in rows}
    body = []
    for week in dict.fromkeys(row["cohort_week"] for row in rows):
        users = next(row["cohort_users"] for row in rows if row["cohort_week"] == week)
        shares = [found.get((week, one)) for one in weeks]
        body.append(
            [
                Cell(day(week)),
                cell(users),
                *(cell(one["active_users"]) if one else number("") for one in shares),
            ]
        )
    head = ["First week", "Users", *(f"+{one}" for one in weeks)]
    return Table(head, body, summary="Active users of each cohort, by weeks since its first play")
