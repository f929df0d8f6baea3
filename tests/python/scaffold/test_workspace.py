"""All files of a change are written, or none."""

import pytest

from medallion.cli import new as cli
from medallion.errors import MedallionError
from medallion.lock import single_run
from medallion.scaffold import workspace
from medallion.scaffold.workspace import Change

CHANGES = [Change("a.sql", "old\n", "new\n"), Change("models/b.sql", None, "added\n")]


@pytest.fixture
def project(tmp_path):
    (tmp_path / "a.sql").write_text("old\n")
    return tmp_path


def files(project):
    return {
        file.relative_to(project).as_posix(): file.read_text()
        for file in project.rglob("*")
        if file.is_file()
    }


def test_every_change_is_written(project):
    workspace.write(project, CHANGES)
    assert files(project) == {"a.sql": "new\n", "models/b.sql": "added\n"}


@pytest.mark.parametrize("error", [OSError("the disk is full"), KeyboardInterrupt()])
def test_after_an_error_the_files_are_as_before(project, monkeypatch, error):
    write_text = workspace.write_text

    def failing(target, content):
        if target.name == "b.sql":
            raise error
        write_text(target, content)

    monkeypatch.setattr(workspace, "write_text", failing)
    with pytest.raises(type(error)):
        workspace.write(project, CHANGES)
    assert files(project) == {"a.sql": "old\n"}


def test_the_next_run_restores_the_files_of_a_killed_run(project, monkeypatch):
    with monkeypatch.context() as killed:
        killed.setattr(workspace, "recover", lambda _: [])
        killed.setattr(
            workspace,
            "write_text",
            lambda target, content, write_text=workspace.write_text: (
                (_ for _ in ()).throw(SystemExit)
                if target.name == "b.sql"
                else write_text(target, content)
            ),
        )
        with pytest.raises(SystemExit):
            workspace.write(project, CHANGES)
    (project / "models").mkdir(exist_ok=True)
    (project / "models" / ".b.sql.0f.tmp").write_text("half")
    assert files(project)["a.sql"] == "new\n"
    assert workspace.recover(project) == ["a.sql", "models/b.sql"]
    assert files(project) == {"a.sql": "old\n"}
    assert workspace.recover(project) == []


def test_a_file_that_changed_in_the_meantime_is_not_overwritten(project):
    (project / "a.sql").write_text("mine\n")
    with pytest.raises(MedallionError, match=r"a\.sql changed while the command ran"):
        workspace.write(project, CHANGES)
    assert files(project) == {"a.sql": "mine\n"}


def test_of_two_runs_at_once_the_second_is_refused(project, monkeypatch):
    monkeypatch.setattr(cli, "PROJECT_ROOT", project)
    lock = project / workspace.JOURNAL / "run.lock"
    with (
        single_run(lock, "run of `medallion new`"),
        pytest.raises(MedallionError, match="Another run of `medallion new` is running here"),
    ):
        cli.table("dbo.Product")
