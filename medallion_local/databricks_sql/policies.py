"""Row filters and column masks: functions that each read of a table applies.

Source: https://docs.databricks.com/sql/language-manual/sql-ref-syntax-ddl-row-filter.html and
https://docs.databricks.com/sql/language-manual/sql-ref-syntax-ddl-column-mask.html
"""

from dataclasses import replace

from sqlglot import exp

from medallion_local.databricks_sql.catalog import Column, Policy, Relation
from medallion_local.databricks_sql.language.dialect import parse, quoted, render
from medallion_local.databricks_sql.language.errors import SqlError
from medallion_local.databricks_sql.session import Session

_CHANGES = (exp.Merge, exp.Update, exp.Delete)


def policy_of(clause: exp.Expression) -> Policy:
    """The policy of a clause: the function as it was written, and its arguments."""
    function = ".".join(quoted(part.name) for part in clause.this.parts)
    arguments = [
        each.name if isinstance(each, exp.Column) and not each.table else render(each)
        for each in clause.expressions
    ]
    return Policy(function, arguments)


def with_policies(session: Session, relation: Relation, before: Relation | None) -> Relation:
    """The relation with the full names of its functions.

    A table that is replaced keeps those policies of `before` that the statement does not name.
    """
    if relation.is_view:
        if of(relation):
            raise SqlError(
                f"[UNSUPPORTED_FEATURE] {relation.full_name} is a view: a view has neither a row "
                "filter nor column masks."
            )
        return relation
    kept = before if before is not None and not relation.is_refreshed else None
    held = {column.name.lower(): column.mask for column in kept.columns} if kept else {}
    columns = [
        replace(column, mask=_qualified(session, column.mask) or held.get(column.name.lower()))
        for column in relation.columns
    ]
    row_filter = _qualified(session, relation.row_filter) or (kept.row_filter if kept else None)
    return replace(relation, columns=columns, row_filter=row_filter)


def qualified(session: Session, policy: Policy) -> Policy:
    """The policy with the full name of its function, which the catalog stores without quotes."""
    parts = tuple(part.name for part in exp.to_table(policy.function, "databricks").parts)
    key = session.key(parts)
    return replace(policy, function=".".join((key.catalog, key.schema, key.name)))


def _qualified(session: Session, policy: Policy | None) -> Policy | None:
    return qualified(session, policy) if policy is not None else None


def of(relation: Relation) -> list[Policy]:
    """The policies that each read of the relation applies."""
    found = [relation.row_filter, *(column.mask for column in relation.columns)]
    return [policy for policy in found if policy is not None]


def is_protected(relation: Relation) -> bool:
    """Whether a read of the relation applies a policy."""
    return bool(of(relation))


def is_changed(table: exp.Table) -> bool:
    """Whether a statement changes this table: it then needs its stored rows."""
    return isinstance(table.parent, _CHANGES) and table.arg_key == "this"


def protected(relation: Relation, source: str) -> exp.Expression:
    """The rows and columns of `source` that the relation's policies show."""
    items = ", ".join(_item(relation, column) for column in relation.columns)
    text = f"SELECT {items} FROM {source}"
    if relation.row_filter is not None:
        arguments = [_argument(relation, each) for each in relation.row_filter.arguments]
        text += f" WHERE {_call(relation.row_filter, arguments)}"
    return parse(text)


def _item(relation: Relation, column: Column) -> str:
    name = quoted(column.name)
    if column.mask is None:
        return name
    others = [_argument(relation, each) for each in column.mask.arguments]
    return f"CAST({_call(column.mask, [name, *others])} AS {column.type}) AS {name}"


def _argument(relation: Relation, text: str) -> str:
    names = {column.name.lower() for column in relation.columns}
    return quoted(text) if text.lower() in names else text


def _call(policy: Policy, arguments: list[str]) -> str:
    function = ".".join(quoted(part) for part in policy.function.split("."))
    return f"{function}({', '.join(arguments)})"
