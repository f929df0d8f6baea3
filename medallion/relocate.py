"""`python -m medallion.relocate`: make this virtual environment work where its clone is moved to.

pip writes the environment's path into three places: the first line of each script, the path of a
package that is installed for editing, and the script `activate`. In a moved clone they lead
nowhere; in a copied one they start the original's program over the original's data. This replaces
each by a path that is found when it is used. It may be run again, and in a clone that was moved.
"""

import os
import re
import sys
import sysconfig
from pathlib import Path

from medallion.home import PROJECT_ROOT

# A script that sh starts, and that Python then reads from the first line as a text of its own.
_START = (
    "#!/bin/sh\n"
    """'''exec' "$(dirname -- "$(realpath -- "$0")")/python" "$0" "$@"\n' '''\n"""
)
_PYTHON = rb"/[^\n]*/bin/python[0-9.]*"
_FIRST_LINES = re.compile(
    rb"#!" + _PYTHON + rb"\n|"
    # pip's own, for a path with a blank or of more than 127 bytes
    rb"#!/bin/sh\n'''exec' \"?" + _PYTHON + rb"\"? [^\n]*\n' '''\n"
)
_ACTIVATED = re.compile(r"""^(\s*(?:export )?VIRTUAL_ENV=)(["']?)(/[^"'$\n]*)\2$""", re.MULTILINE)


def relocate(environment: Path, packages: Path, project: Path) -> None:
    """Rewrite what names `environment` or `project` by their paths; `packages` is site-packages."""
    for script in sorted((environment / "bin").iterdir()):
        if script.is_file() and not script.is_symlink():
            _replace(script, _relocated(script.name, script.read_bytes(), environment))
    for file in sorted(packages.glob("__editable__.*.pth")):
        below = os.path.relpath(project, packages)
        _replace(file, f"{below}\n".encode() if _names_a_clone(file) else file.read_bytes())


def _relocated(name: str, content: bytes, environment: Path) -> bytes:
    """A script that finds its environment by its own place; programs and others as they are."""
    if found := _FIRST_LINES.match(content):
        return _START.encode() + content[found.end() :]
    if not name.startswith("activate") or content.startswith(b"#!"):
        return content
    # sh itself does not tell where a script lies that it reads; bash and zsh do.
    here = 'cd "$(dirname -- "${BASH_SOURCE:-$0}")/.." 2>/dev/null && [ -x bin/python ] && pwd'
    found_or_made = f'"$({here} || echo "{environment}")"'
    text = _ACTIVATED.sub(lambda line: line[1] + found_or_made, content.decode())
    return text.encode()


def _names_a_clone(file: Path) -> bool:
    """Whether the only line of a .pth is the whole path of a folder, there or no longer there."""
    lines = file.read_text(encoding="utf-8").splitlines()
    return len(lines) == 1 and Path(lines[0]).is_absolute()


def _replace(file: Path, content: bytes) -> None:
    """Write the file if it differs, with its rights, so that who runs it finds it whole."""
    if file.read_bytes() == content:
        return
    staged = file.with_name(f".{file.name}.tmp")
    staged.write_bytes(content)
    staged.chmod(file.stat().st_mode)
    staged.replace(file)


if __name__ == "__main__":
    relocate(Path(sys.prefix), Path(sysconfig.get_path("purelib")), PROJECT_ROOT)
