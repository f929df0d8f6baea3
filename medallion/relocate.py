"""`python -m medallion.relocate`: make this virtual environment work after its clone was moved.

pip writes the environment's path into three places: the first line of each script, the path file of
a package in editable mode, and the script `activate`. In a moved clone these paths do not exist. In
a copied clone they start the original's program with the original's data. This module replaces each
by a path that is resolved at run time. It can run again, also in a moved clone.
"""

import os
import re
import sys
import sysconfig
from pathlib import Path

from medallion.home import PROJECT_ROOT

# The shell starts the script; Python then reads its first line as a string literal.
_START = (
    "#!/bin/sh\n"
    """'''exec' "$(dirname -- "$(realpath -- "$0")")/python" "$0" "$@"\n' '''\n"""
)
_PYTHON = rb"/[^\n]*/bin/python[0-9.]*"
_FIRST_LINES = re.compile(
    rb"#!" + _PYTHON + rb"\n|"
    # pip's own form for a path with a blank or of more than 127 bytes
    rb"#!/bin/sh\n'''exec' \"?" + _PYTHON + rb"\"? [^\n]*\n' '''\n"
)
_ACTIVATED = re.compile(r"""^(\s*(?:export )?VIRTUAL_ENV=)(["']?)(/[^"'$\n]*)\2$""", re.MULTILINE)


def relocate(environment: Path, packages: Path, project: Path) -> None:
    """Replace the paths of `environment` and `project` in files; `packages` is site-packages."""
    for script in sorted((environment / "bin").iterdir()):
        if script.is_file() and not script.is_symlink():
            _replace(script, _relocated(script.name, script.read_bytes(), environment))
    for file in sorted(packages.glob("__editable__.*.pth")):
        below = os.path.relpath(project, packages)
        _replace(file, f"{below}\n".encode() if _names_a_clone(file) else file.read_bytes())


def _relocated(name: str, content: bytes, environment: Path) -> bytes:
    """The script with a relative path to its environment; other files stay as they are."""
    if found := _FIRST_LINES.match(content):
        return _START.encode() + content[found.end() :]
    if not name.startswith("activate") or content.startswith(b"#!"):
        return content
    # sh does not report the path of a script that it sources; bash and zsh do.
    here = 'cd "$(dirname -- "${BASH_SOURCE:-$0}")/.." 2>/dev/null && [ -x bin/python ] && pwd'
    found_or_made = f'"$({here} || echo "{environment}")"'
    text = _ACTIVATED.sub(lambda line: line[1] + found_or_made, content.decode())
    return text.encode()


def _names_a_clone(file: Path) -> bool:
    """Whether the only line of a .pth file is the path of a folder, which need not exist."""
    lines = file.read_text(encoding="utf-8").splitlines()
    return len(lines) == 1 and Path(lines[0]).is_absolute()


def _replace(file: Path, content: bytes) -> None:
    """Write the file if it differs, atomically and with the same permissions."""
    if file.read_bytes() == content:
        return
    staged = file.with_name(f".{file.name}.tmp")
    staged.write_bytes(content)
    staged.chmod(file.stat().st_mode)
    staged.replace(file)


if __name__ == "__main__":
    relocate(Path(sys.prefix), Path(sysconfig.get_path("purelib")), PROJECT_ROOT)
