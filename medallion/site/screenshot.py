"""Screenshots of the report's first screen, light and dark, by the Chromium of the machine."""

import shutil
import subprocess
import tempfile
from pathlib import Path

BROWSERS = ("chromium", "chromium-browser", "google-chrome")
# A browser of a container runs as root, which Chromium's sandbox refuses. The page is our own file.
FLAGS = (
    *("--headless", "--no-sandbox", "--disable-gpu", "--no-first-run"),
    *("--disable-background-networking", "--hide-scrollbars"),
)
SIZE = "1200,760"
SECONDS = 60


def installed_browser() -> str | None:
    """The path of the machine's Chromium, or of Chrome."""
    return next((found for name in BROWSERS if (found := shutil.which(name))), None)


def take_screenshots(page: Path, folder: Path) -> str:
    """Write `report_light.png` and `report_dark.png` to `folder`; the reason if it cannot."""
    browser = installed_browser()
    if browser is None:
        return "no Chromium is installed"
    folder.mkdir(parents=True, exist_ok=True)
    text = page.read_text(encoding="utf-8")
    with tempfile.TemporaryDirectory() as work:
        for theme in ("light", "dark"):
            themed = Path(work) / f"{theme}.html"
            themed.write_text(text.replace("<html ", f'<html data-theme="{theme}" ', 1), "utf-8")
            file = folder / f"report_{theme}.png"
            named = (f"--user-data-dir={work}/browser", f"--window-size={SIZE}")
            try:
                done = subprocess.run(
                    [browser, *FLAGS, *named, f"--screenshot={file}", themed.as_uri()],
                    capture_output=True,
                    text=True,
                    timeout=SECONDS,
                )
            except subprocess.TimeoutExpired:
                return f"{browser} took more than {SECONDS} seconds"
            if not file.is_file():
                return f"{browser} wrote no file: {done.stderr.strip()[-300:]}"
    return ""
