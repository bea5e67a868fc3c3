# SPDX-License-Identifier: GPL-3.0-or-later
"""Waiting for a condition, always with a limit; and what has to be quick."""

import time

POLL_S = 0.004
LIMIT_S = 30.0  # for what takes a moment, on a machine that is slow and busy
TRIES = 10


def wait_until(predicate, what, limit=LIMIT_S):
    """Return predicate()'s first true value; fail when none came within limit seconds."""
    deadline = time.monotonic() + limit
    while True:
        value = predicate()
        if value:
            return value
        if time.monotonic() > deadline:
            raise AssertionError(f"after {limit:g} s still not so: {what}")
        time.sleep(POLL_S)


def must_be_quick(action, limit_s, *, is_good=None, beside=None):
    """Do it until it took less than limit_s, with a good result; return that.

    A busy machine can only add to the time something takes, so the quickest of a few tries is the one
    that tells. is_good is for what gives up after some time of its own. beside does what is not
    to be counted, to start a program for instance; that is looked into where the first try was slow.
    """
    tries = []
    for _ in range(TRIES):
        begun = time.monotonic()
        if beside and tries:
            beside()
        between = time.monotonic()
        result = action()
        tries.append((time.monotonic() - between - (between - begun), result))
        if tries[-1][0] < limit_s and (is_good is None or is_good(result)):
            return result
    raise AssertionError(f"always over {limit_s:g} s, or without success: {tries}")


def least_below(limit, measure):
    """The first of a few measurements that is below the limit; if none is, the least of them."""
    values = []
    while len(values) < TRIES:
        values.append(measure())
        if values[-1] < limit:
            break
    return min(values)
