"""A headless Chromium with the network off, which tells what a page did."""

import json
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from selenium import webdriver
from selenium.webdriver.chrome.service import Service
from selenium.webdriver.support.ui import WebDriverWait

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
DRIVER = shutil.which("chromedriver")
needs_chromium = pytest.mark.skipif(
    not (CHROMIUM and DRIVER), reason="no Chromium here: apt-get install chromium chromium-driver"
)
FLAGS = (
    "--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync", "--hide-scrollbars",
)  # fmt: skip


INSIDE = ("file:", "data:", "blob:", "about:", "chrome:", "chrome-extension:", "devtools:")  # as the first, empty page


class Browser:
    """A page that is open in Chromium."""

    def __init__(self, driver: webdriver.Chrome) -> None:
        self.driver = driver

    def open(self, page: Path, ready: str) -> None:
        """Open a file, and wait until a JavaScript expression is true."""
        self.driver.get(page.resolve().as_uri())
        self.wait(ready)

    def wait(self, ready: str) -> None:
        """Wait until a JavaScript expression is true."""
        WebDriverWait(self.driver, 120).until(lambda driver: driver.execute_script(f"return Boolean({ready})"))

    def ask(self, expression: str) -> Any:
        """Return the value of a JavaScript expression."""
        return self.driver.execute_script(f"return {expression}")

    def width(self, pixels: int) -> None:
        """Make the screen so wide."""
        size = {"width": pixels, "height": 900, "deviceScaleFactor": 1, "mobile": pixels < 500}
        self.driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)

    def colours(self, scheme: str) -> None:
        """Prefer light or dark colours."""
        features = [{"name": "prefers-color-scheme", "value": scheme}]
        self.driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": features})

    def console(self) -> list[str]:
        """Return errors of the console since the last call."""
        return [entry["message"] for entry in self.driver.get_log("browser") if entry["level"] == "SEVERE"]

    def requests(self) -> list[str]:
        """Return the addresses outside this machine that the page asked for since the last call."""
        events = (json.loads(entry["message"])["message"] for entry in self.driver.get_log("performance"))
        asked = (e["params"]["request"]["url"] for e in events if e["method"] == "Network.requestWillBeSent")
        return [url for url in asked if not url.startswith(INSIDE)]


@contextmanager
def browser(profile: Path, *, local: bool = False) -> Iterator[Browser]:
    """Start Chromium with a new profile; it ends with the block. `local`: servers of this machine can be reached."""
    options = webdriver.ChromeOptions()
    options.binary_location = str(CHROMIUM)
    off = f"--host-resolver-rules=MAP * ~NOTFOUND{', EXCLUDE 127.0.0.1' if local else ''}"
    for flag in (*FLAGS, off, f"--user-data-dir={profile}"):
        options.add_argument(flag)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
    driver = webdriver.Chrome(options=options, service=Service(executable_path=DRIVER))
    try:
        driver.set_page_load_timeout(120)
        yield Browser(driver)
    finally:
        driver.quit()
