# SPDX-License-Identifier: GPL-3.0-or-later
"""The Prometheus text format read, and the metrics, labels and values that PromQL asks for."""

import re
import subprocess

SAMPLE = re.compile(r"([a-zA-Z_:][\w:]*)(?:\{(.*)\})? (\S+)")
LABEL = re.compile(r'(\w+)="((?:[^"\\]|\\.)*)"(?:,|$)')
SELECTOR = re.compile(r"([a-zA-Z_:][\w:]*)\s*\{([^}]*)\}")
MATCHER = re.compile(r'(\w+)\s*(=~|!~|!=|=)\s*"([^"]*)"')
GROUPING = re.compile(r"\b(?:by|without|on|ignoring|group_left|group_right)\s*\(([^)]*)\)")
IDENTIFIER = re.compile(r"[a-zA-Z_:][\w:]*")
WORDS = {"and", "or", "unless", "bool", "offset", "sum", "count", "min", "max", "avg"}


class Exposition:
    """samples: name -> {frozenset of (label, value): number}; kinds: family -> its type."""

    def __init__(self, text):
        self.text, self.samples, self.kinds = text, {}, {}
        for line in text.splitlines():
            if line.startswith("# TYPE "):
                _, _, family, kind = line.split(" ")
                assert family not in self.kinds, f"two types: {line}"
                self.kinds[family] = kind
            elif not line.startswith("#"):
                self._add(line)

    def _add(self, line):
        match = SAMPLE.fullmatch(line)
        assert match, f"not a sample: {line!r}"
        name, labels, value = match.groups()
        found = frozenset(LABEL.findall(labels or ""))
        series = self.samples.setdefault(name, {})
        assert found not in series, f"twice: {line!r}"
        series[found] = float(value)

    def value(self, name, **labels):
        """The one sample with exactly these labels."""
        return self.samples[name][frozenset(labels.items())]

    def sum(self, name, **labels):
        """Of all samples that have these labels among theirs."""
        wanted = set(labels.items())
        return sum(v for found, v in self.samples[name].items() if wanted <= found)

    def label_values(self, name):
        values = {}
        for found in self.samples[name]:
            for label, value in found:
                values.setdefault(label, set()).add(value)
        return values


def promtool(*arguments, text=None):
    """Run promtool; the CompletedProcess, its output as text."""
    return subprocess.run(
        ["promtool", *map(str, arguments)], input=text, capture_output=True, text=True, timeout=180
    )


def strip_texts(expression):
    return re.sub(r'"[^"]*"', '""', expression)


def metrics_asked_for(expression):
    """Names of metrics, wherever they stand in it."""
    bare = re.sub(r"\{[^}]*\}", "", strip_texts(expression))
    bare = re.sub(r"\[[^\]]*\]", "", GROUPING.sub("", bare))
    names = set()
    for match in IDENTIFIER.finditer(bare):
        before, after = bare[: match.start()], bare[match.end() :].lstrip()
        # A function, a keyword, or the unit behind a number.
        if after.startswith("(") or match[0] in WORDS or re.search(r"\d$", before):
            continue
        names.add(match[0])
    return names


def labels_asked_for(expression):
    """(metric, label, operator, value) of each matcher."""
    return [
        (name, *matcher)
        for name, inner in SELECTOR.findall(expression)
        for matcher in MATCHER.findall(inner)
    ]


def grouping_labels(expression):
    return {
        label.strip()
        for inner in GROUPING.findall(strip_texts(expression))
        for label in inner.split(",")
        if label.strip()
    }
