# SPDX-License-Identifier: GPL-3.0-or-later
"""A headless Chromium: pages opened, operated as by a person, and asked what they show."""

import json
import os
import shutil
import subprocess

from .daemon import TOP
from .waiting import wait_until

BRIDGE = TOP / "tests/system/browser/bridge.mjs"
INSTALL = TOP / "tests/system/browser/install"
MODULES = TOP / "build/browser"
LIMIT_MS = 45000


class BrowserError(AssertionError):
    pass


class Page:
    """One page in a context of its own. Selectors are playwright's: 'role=button[name="Add"]'."""

    def __init__(self, browser, number, origin):
        self.browser, self.number, self.origin = browser, number, origin

    def _do(self, do, **members):
        return self.browser.ask(do=do, page=self.number, **members)

    def call(self, name, *arguments):
        return self._do("call", name=name, arguments=arguments)

    def close(self):
        self._do("close")

    def go(self, path="/"):
        self.call("goto", self.origin + path)
        return self

    def reload(self):
        self.call("reload")

    def click(self, selector):
        self.call("click", selector)

    def fill(self, selector, text):
        self.call("fill", selector, text)

    def check(self, selector):
        self.call("check", selector)

    def select(self, selector, value):
        self.call("selectOption", selector, value)

    def press(self, key, times=1):
        """On whatever has the focus."""
        for _ in range(times):
            self.call("press", ":focus", key)

    def type(self, text):
        self.call("type", ":focus", text)

    def text(self, selector):
        """As it is seen; waits until it is there."""
        return self.call("innerText", selector)

    def is_seen(self, selector):
        return self.call("isVisible", selector)

    def wait_for(self, selector, state="visible"):
        self.call("waitForSelector", selector, {"state": state})

    def evaluate(self, expression):
        return self.call("evaluate", expression)

    def wait_until(self, expression):
        """Until it is true in the page, whose policy forbids playwright's own way of waiting."""
        return wait_until(lambda: self.evaluate(expression), expression, LIMIT_MS / 1000)

    def resize(self, width, height):
        self.call("setViewportSize", {"width": width, "height": height})

    def screenshot(self, path, **options):
        self.call("screenshot", {"path": str(path)} | options)

    def offline(self, is_offline):
        self._do("offline", **{"is": is_offline})

    def requests(self):
        return self._do("seen")["requests"]

    def complaints(self):
        """What the browser's console has to say, and breaches of the content policy."""
        return self._do("seen")["complaints"], self.evaluate("violations")

    def axe(self):
        return self._do("axe")

    def focus(self):
        """The element with the focus: its role or tag, and its name."""
        return self.evaluate(
            "(({ activeElement: e }) => `${e.tagName.toLowerCase()} "
            "${e.getAttribute('aria-label') || (e.labels && e.labels.length && "
            "e.labels[0].innerText) || e.innerText || ''}`.trim())(document)"
        )


class Browser:
    """One Chromium, with node between it and us."""

    def __init__(self):
        subprocess.run([INSTALL], check=True, timeout=300)
        executable = shutil.which("chromium")
        assert executable, "there is no chromium; scripts/deps check installs it"
        flags = ["--disable-dev-shm-usage"] + (["--no-sandbox"] if os.geteuid() == 0 else [])
        self.process = subprocess.Popen(
            ["node", str(BRIDGE), str(MODULES), executable, *flags],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def ask(self, **request):
        self.process.stdin.write(json.dumps(request) + "\n")
        self.process.stdin.flush()
        line = self.process.stdout.readline()
        assert line, "the bridge to the browser has ended"
        answer = json.loads(line)
        if "error" in answer:
            raise BrowserError(answer["error"])
        return answer["value"]

    def open(self, origin, **options):
        """options: those of playwright's contexts (viewport, colorScheme, reducedMotion ...)."""
        options = {"timeout": LIMIT_MS, "locale": "en-GB", "timezoneId": "UTC"} | options
        return Page(self, self.ask(do="open", options=options), origin)

    def stop(self):
        self.process.stdin.close()
        try:
            self.process.wait(20)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait(20)
        self.process.stdout.close()
