"""The generator's change reaches a file that a person has edited."""

from medallion.scaffold.merge import Conflict, merge

BASE = "select\n    a,\n    b,\n    c\nfrom t\n"


def test_an_unedited_file_gets_the_new_text():
    assert merge(BASE, BASE, "new\n") == ("new\n", [])


def test_edits_stay_beside_the_change():
    ours = BASE.replace("from t", "from t  -- mine")
    text, conflicts = merge(BASE, ours, BASE.replace("    c\n", "    c,\n    d\n"))
    assert text == "select\n    a,\n    b,\n    c,\n    d\nfrom t  -- mine\n"
    assert conflicts == []


def test_a_dropped_column_goes_with_its_edited_description():
    base = "- name: a\n  description: A.\n- name: b\n  description: B.\n- name: c\n"
    ours = base.replace("B.", "Written by a person.")
    assert merge(base, ours, "- name: a\n  description: A.\n- name: c\n") == (
        "- name: a\n  description: A.\n- name: c\n",
        [],
    )


def test_a_column_is_added_after_an_edited_description():
    base = "- name: a\n  description: A.\nend\n"
    ours = base.replace("A.", "Written by a person.")
    text, conflicts = merge(base, ours, base.replace("end", "- name: b\n  description: B.\nend"))
    assert (
        text
        == "- name: a\n  description: Written by a person.\n- name: b\n  description: B.\nend\n"
    )
    assert conflicts == []


def test_a_change_that_a_person_has_made_already_is_no_conflict():
    wider = BASE.replace("b,", "cast(b as bigint) as b,")
    assert merge(BASE, wider.replace("from t", "from u"), wider) == (
        wider.replace("from t", "from u"),
        [],
    )


def test_a_change_of_an_edited_line_is_a_conflict_and_the_edit_stays():
    ours = BASE.replace("    b,\n", "    lower(b) as b,\n")
    text, conflicts = merge(BASE, ours, BASE.replace("    b,\n", "    cast(b as int) as b,\n"))
    assert text == ours
    assert conflicts == [Conflict(("    b,\n",), ("    cast(b as int) as b,\n",))]
