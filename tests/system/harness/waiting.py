# SPDX-License-Identifier: GPL-3.0-or-later
"""Waiting for a condition, always with a limit."""

import time

POLL_S = 0.004


def wait_until(predicate, what, limit=10.0):
    """Return predicate()'s first true value; fail when none came within limit seconds."""
    deadline = time.monotonic() + limit
    while True:
        value = predicate()
        if value:
            return value
        if time.monotonic() > deadline:
            raise AssertionError(f"after {limit:g} s still not so: {what}")
        time.sleep(POLL_S)
