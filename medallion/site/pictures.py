"""Pictures of the hand-written pages as part of their page, so that they follow its colors."""

import re
from pathlib import Path

from medallion.site.boxes import framed

IMAGE = re.compile(r"^!\[([^\]]*)\]\(([\w/.-]+)\.svg\)$", re.MULTILINE)
PHONE = "_phone"  # `architecture_phone.svg` takes the place of `architecture.svg` on a phone


def inline_pictures(text: str, folder: Path) -> str:
    """The Markdown with the content of each SVG file instead of a link to it."""

    def inlined(match: re.Match[str]) -> str:
        label, stem = match[1], folder / match[2]
        files = {"wide": stem.with_suffix(".svg"), "narrow": Path(f"{stem}{PHONE}.svg")}
        found = {size: file for size, file in files.items() if file.is_file()}
        return "\n".join(
            framed(file.read_text("utf-8").strip(), label, size if len(found) > 1 else "")
            for size, file in found.items()
        )

    return IMAGE.sub(inlined, text)
