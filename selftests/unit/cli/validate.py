#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
"""validate.py DIRECTORY: a TAP line for each NAME.N.json there, which schema NAME has to describe, all of it."""
import json
import pathlib
import sys

import jsonschema

SCHEMAS = pathlib.Path(__file__).resolve().parents[3] / "cli" / "schema"


def strict(node):
    """Consumers have to bear fields that a later version adds; a field that nobody wrote down is an error here."""
    if isinstance(node, dict):
        if node.get("type") == "object":
            node["additionalProperties"] = False
        for value in node.values():
            strict(value)
    elif isinstance(node, list):
        for value in node:
            strict(value)
    return node


def objects(text):
    """One object a line where the first line is one, else one object."""
    first = text.split("\n", 1)[0]
    if not text.strip():
        return []
    return text.splitlines() if first.endswith("}") else [text]


def main():
    failed = False
    used = set()
    schemas = {p.stem: json.loads(p.read_text()) for p in SCHEMAS.glob("*.json")}
    for schema in schemas.values():
        jsonschema.Draft7Validator.check_schema(schema)
    for path in sorted(pathlib.Path(sys.argv[1]).glob("*.json")):
        name = path.name.split(".")[0]
        used.add(name)
        validator = jsonschema.Draft7Validator(strict(json.loads(json.dumps(schemas[name]))))
        count = 0
        for line in objects(path.read_text()):
            count += 1
            for error in validator.iter_errors(json.loads(line)):
                failed = True
                print(f"# {path.name}: {'/'.join(map(str, error.path))}: {error.message}")
        if not count:
            failed = True
            print(f"# {path.name}: nothing was printed")
    unused = set(schemas) - used
    if unused:
        print("# no test prints", *sorted(unused))
    sys.exit(1 if failed or unused else 0)


main()
