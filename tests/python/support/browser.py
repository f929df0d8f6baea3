"""The docs site served on the loopback, and a browser that records every fault of a page."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from playwright.sync_api import Browser, Page, sync_playwright

from medallion.site.screenshot import installed_browser

CHROMIUM = installed_browser()
FLAGS = ["--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking"]
LOCAL = ("data:", "blob:")


class Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *arguments: object) -> None:
        """Log nothing, to keep the test's output readable."""


class Server(ThreadingHTTPServer):
    def handle_error(self, *arguments: object) -> None:
        """Ignore a browser that closes the connection when it opens another page."""


@contextmanager
def served(folder: Path) -> Iterator[str]:
    """The address at which a folder is served."""
    server = Server(("127.0.0.1", 0), partial(Quiet, directory=str(folder)))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/"
    finally:
        server.shutdown()
        server.server_close()


@contextmanager
def chromium() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        try:
            yield browser
        finally:
            browser.close()


@dataclass
class Visit:
    """A page of the site and its faults: errors of the console or of a script, failed requests, and
    requests to other hosts, which are blocked."""

    page: Page
    base: str
    faults: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.page.on("console", self._said)
        self.page.on("pageerror", lambda error: self.faults.append(f"error: {error}"))
        self.page.on("requestfailed", self._failed)
        self.page.on("response", self._answered)
        self.page.route(lambda url: not url.startswith((self.base, *LOCAL)), self._refuse)

    def go(self, path: str) -> Page:
        self.page.goto(self.base + path, wait_until="load")
        return self.page

    def _said(self, message) -> None:
        if message.type == "error":
            self.faults.append(f"console: {message.text}")

    def _failed(self, request) -> None:
        if request.failure != "net::ERR_ABORTED":  # the visitor left the page early
            self.faults.append(f"failed: {request.url}")

    def _answered(self, response) -> None:
        if response.status >= 400:
            self.faults.append(f"{response.status}: {response.url}")

    def _refuse(self, route) -> None:
        self.faults.append(f"external: {route.request.url}")
        route.abort()


@contextmanager
def visit(browser: Browser, base: str) -> Iterator[Visit]:
    page = browser.new_page(viewport={"width": 1300, "height": 900})
    try:
        yield Visit(page, base)
    finally:
        page.close()
