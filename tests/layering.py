#!/usr/bin/env python3
"""Holds every file of the rooms to the rules of docs/design.md: who may include whom.

    tests/layering.py [SOURCE_DIRECTORY]
"""

import pathlib
import re
import sys

# Room -> the rooms, or single headers, it may include besides itself.
ROOMS = {
    "wire": [],
    "core": ["wire"],
    "switch": ["core", "wire"],
    "router": ["core", "wire"],
    "nat": ["core", "wire"],
    "tunnel": ["core", "wire", "switch/port.h", "switch/fd.h"],
    "engine": ["wire", "core", "switch", "router", "nat", "tunnel"],
    "control": ["wire", "core", "switch", "router", "nat", "tunnel", "engine"],
}

# Library, by how its headers begin -> the rooms that may include it. wire is plain C++.
LIBRARIES = {
    "boost/": ["control"],
    "spdlog/": ["control"],
    "yaml-cpp/": ["control"],
    "CLI/": ["control"],
    "liburing": ["switch"],
    "libmnl/": ["switch"],
    "pcap": ["switch", "engine", "control"],
    "urcu": ["core"],
}

INCLUDE = re.compile(r'^\s*#\s*include\s*(["<])([^">]+)[">]')


def complaint(room, kind, header):
    """What is wrong with this include in a file of the room, or None."""
    if kind == "<":
        for library, rooms in LIBRARIES.items():
            if header.startswith(library) and room not in rooms:
                return f"<{header}> belongs into {' and '.join(rooms)}"
        return None
    there = header.split("/")[0]
    if there not in ROOMS or "/" not in header:
        return f'"{header}" is in no room; write "room/file.h"'
    allowed = [room, *ROOMS[room]]
    if there not in allowed and header not in allowed:
        return f'"{header}": {room} may include {", ".join(allowed)} only'
    return None


def main():
    root = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else pathlib.Path(__file__).parents[1])
    files = 0
    failures = []
    for room in ROOMS:
        for file in sorted((root / room).rglob("*.cpp")) + sorted((root / room).rglob("*.h")):
            files += 1
            for number, line in enumerate(file.read_text().splitlines(), 1):
                found = INCLUDE.match(line)
                wrong = complaint(room, *found.groups()) if found else None
                if wrong:
                    failures.append(f"{file.relative_to(root)}:{number}: {wrong}")
    if files == 0:
        failures.append(f"no source file under {root}")
    print("\n".join([*failures, f"{files} files, {len(failures)} includes against the rules"]))
    return 1 if failures else 0


sys.exit(main())
