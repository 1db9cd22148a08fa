#!/usr/bin/env python3
"""Makes a catalogue of operations for Gatehouse.

    python3 generate.py operations.json --deprecated applications dashboards > losant.json

The input describes an API: {"meta": {"source": ...}, "operations": [{"id", "method", "pathTemplate", "auth",
"scopes", "denyOauthTokens"?, ...}]}. The output keeps what judging a request needs, one operation a line, sorted,
so that a new version of an API shows as a small difference.
"""

import argparse
import json
import sys


def tagged(operation, tags):
    """Says what a cache makes of the operation: answers to GET have the tags, everything else makes them worthless."""
    names = [tag for tag, resources in tags.items() if operation["id"].split(".")[0] in resources]
    if names:
        operation["tags" if operation["method"] == "GET" else "purges"] = names


def catalogue(description, name, deprecated, tags):
    """The catalogue's head and its operations, of an API's description."""
    operations = []
    for item in description["operations"]:
        if item["auth"] not in ("none", "token"):
            raise ValueError(f"{item['id']}: auth is {item['auth']!r}, not none or token")
        if item["auth"] == "token" and not item["scopes"]:
            raise ValueError(f"{item['id']}: needs a token and no scope allows it")
        operation = {
            "id": item["id"],
            "method": item["method"],
            "path": item["pathTemplate"],
            "auth": item["auth"],
            "scopes": sorted(item["scopes"]),
        }
        if item.get("denyOauthTokens"):
            operation["denyOauth"] = True
        tagged(operation, tags)
        operations.append(operation)
    operations.sort(key=lambda operation: (operation["path"], operation["method"]))
    source = description["meta"]["source"]
    if isinstance(source, dict):
        source = "; ".join(f"{package} {note}" for package, note in source.items())
    head = {"version": 1, "name": name, "source": source}
    if deprecated:
        head["deprecatedGroups"] = sorted(set(deprecated))
    return head, operations


def write(head, operations, out):
    """Head first, then one operation a line."""
    compact = {"ensure_ascii": False, "separators": (",", ":")}
    for key, value in head.items():
        out.write(("{" if key == "version" else " ") + f"{json.dumps(key)}:{json.dumps(value, **compact)},\n")
    out.write(' "operations":[\n')
    out.write(",\n".join(json.dumps(operation, **compact) for operation in operations))
    out.write("\n]}\n")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("description", help="the API's description, operations.json")
    parser.add_argument("--name", default="losant", help="the catalogue's name (default: %(default)s)")
    parser.add_argument("--deprecated", nargs="*", default=[], metavar="GROUP", help="groups that are on their way out")
    parser.add_argument("--tag", nargs="+", action="append", default=[], metavar="NAME",
                        help="a tag of caches and the resources that it is about: --tag user-tokens userApiTokens userApiToken")
    arguments = parser.parse_args()
    tags = {name: resources for name, *resources in arguments.tag}
    with open(arguments.description, encoding="utf-8") as file:
        head, operations = catalogue(json.load(file), arguments.name, arguments.deprecated, tags)
    write(head, operations, sys.stdout)


if __name__ == "__main__":
    main()
