"""Prints how many tests the named JUnit reports count, and how many of them failed: `TESTS BAD`.

Skipped tests count as neither. A report that is not there or not readable counts nothing.
"""

import sys
import xml.etree.ElementTree as ElementTree


def counts(path: str) -> tuple[int, int]:
    try:
        root = ElementTree.parse(path).getroot()
    except (OSError, ElementTree.ParseError) as error:
        print(f"{path}: {error}", file=sys.stderr)
        return 0, 0
    tests = bad = 0
    for case in root.iter("testcase"):
        if case.find("skipped") is not None:
            continue
        tests += 1
        if case.find("failure") is not None or case.find("error") is not None:
            bad += 1
    return tests, bad


if __name__ == "__main__":
    totals = [counts(path) for path in sys.argv[1:]]
    print(sum(tests for tests, _ in totals), sum(bad for _, bad in totals))
