#!/usr/bin/env python3
"""Compares what the control socket answers with what docs/control.md promises: the same members, of the same
kinds.

    documented.py CONTROL-MD WHAT ANSWER    # ANSWER: a file with the body of GET /v1/WHAT
"""

import json
import re
import sys

# Their members are names of ports and VLANs, not ours.
NAMES = {"ports", "tagged"}
# TCP and UDP have ports, an ICMP query has an id.
ONE_OF = {"source_port", "destination_port", "id"}


def promised(text, what):
    heading = text.index(f"\n## GET /v1/{what}\n")
    return json.loads(re.compile(r"```json\n(.*?)```", re.S).search(text, heading).group(1))


def members(value, path=""):
    """The paths of all members, with the kind of what stands there; those of a list's items in one."""
    if isinstance(value, list):
        return set().union(*(members(item, path + "[]") for item in value)) if value else set()
    if not isinstance(value, dict) or path.rsplit(".", 1)[-1] in NAMES:
        return set()
    found = set()
    for key, item in value.items():
        if key not in ONE_OF:
            found |= {f"{path}.{key}"} | members(item, f"{path}.{key}")
    return found


def main():
    markdown, what, answer = sys.argv[1:]
    with open(markdown) as file:
        want = members(promised(file.read(), what))
    with open(answer) as file:
        got = members(json.load(file))
    if want != got:
        sys.exit(f"GET /v1/{what}: not documented {sorted(got - want)}, not there {sorted(want - got)}")


main()
