#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""Make uapi/hvmod_netlink.h and cli/netlink_names.h from uapi/hvmod_netlink.yaml.

    uapi/netlink_gen.py            write both
    uapi/netlink_gen.py --check    say what is out of date or wrong; exit status 1 if anything is

The header has the names that the kernel's own generator gives: HVMOD_A_<SET>_<ATTRIBUTE>,
HVMOD_CMD_<OPERATION>, HVMOD_MCGRP_<GROUP>, HVMOD_<ENUM>_<ENTRY>.
"""
import os
import re
import sys

import yaml

HERE = os.path.dirname(os.path.abspath(__file__))
SPEC = os.path.join(HERE, 'hvmod_netlink.yaml')
HEADER = os.path.join(HERE, 'hvmod_netlink.h')
NAMES = os.path.join(HERE, '..', 'cli', 'netlink_names.h')

TYPES = ('pad', 'u32', 'u64', 'string', 'binary', 'nest')

# What the kernel's schema (Documentation/netlink/genetlink.yaml) knows and this script takes into account.
KEYS = {
    'spec': {'name', 'protocol', 'uapi-header', 'doc', 'definitions', 'attribute-sets', 'operations', 'mcast-groups'},
    'definition': {'type', 'name', 'header', 'doc', 'entries'},
    'entry': {'name', 'value', 'doc'},
    'attribute set': {'name', 'attributes'},
    'attribute': {'name', 'type', 'doc', 'enum', 'checks', 'display-hint', 'multi-attr', 'nested-attributes'},
    'operation': {'name', 'doc', 'attribute-set', 'do', 'dump', 'notify', 'event', 'mcgrp'},
    'group': {'name'},
}


def c_name(*words):
    return '_'.join(words).upper().replace('-', '_')


class Problem(Exception):
    pass


def need(condition, text):
    if not condition:
        raise Problem(text)


def known_keys(thing, what):
    unknown = set(thing) - KEYS[what]
    need(not unknown, f'{what} {thing["name"]}: unknown keys {unknown}')


def by_name(things, what):
    table = {}
    for thing in things:
        known_keys(thing, what)
        need(thing['name'] not in table, f'{what} {thing["name"]} is there twice')
        table[thing['name']] = thing
    return table


def check_enum(enum):
    """Values are given, rise, and are the same as in the header that has them already."""
    values = [entry['value'] for entry in enum['entries']]
    need(values == sorted(set(values)), f'enum {enum["name"]}: values do not rise')
    by_name(enum['entries'], 'entry')
    if 'header' not in enum:
        return
    with open(os.path.join(HERE, enum['header'])) as file:
        text = file.read()
    prefix = c_name('hvmod', enum['name'])
    body = re.search(r'enum %s \{(.*?)\};' % prefix.lower(), text, re.S)
    need(body, f'{enum["header"]}: no enum {prefix.lower()}')
    there = dict(re.findall(r'(%s_\w+)\s*=\s*(\d+)' % prefix, body.group(1)))
    mine = {c_name(prefix, entry['name']): str(entry['value']) for entry in enum['entries']}
    need(there == mine, f'{enum["header"]}: enum {prefix.lower()} differs: {set(there.items()) ^ set(mine.items())}')


def check_sets(sets, enums):
    for name, attributes in sets.items():
        by_name(attributes['attributes'], 'attribute')
        for attribute in attributes['attributes']:
            where = f'{name}.{attribute["name"]}'
            need(attribute['type'] in TYPES, f'{where}: type {attribute["type"]}')
            need(attribute.get('enum', 'state') in enums, f'{where}: no enum {attribute.get("enum")}')
            nested = attribute.get('nested-attributes')
            need((attribute['type'] == 'nest') == (nested in sets), f'{where}: no set {nested}')


def check_operations(operations, sets, groups):
    for name, operation in operations.items():
        if 'notify' in operation:
            need(operation['notify'] in operations, f'{name}: no {operation["notify"]}')
        if 'notify' in operation or 'event' in operation:
            need(operation['mcgrp'] in groups, f'{name}: no group {operation["mcgrp"]}')
        known = {a['name'] for a in sets.get(operation.get('attribute-set'), {}).get('attributes', [])}
        lists = [operation.get('event', {})]
        for way in ('do', 'dump'):
            lists += [operation.get(way, {}).get(side, {}) for side in ('request', 'reply')]
        for attributes in lists:
            unknown = set(attributes.get('attributes', [])) - known
            need(not unknown, f'{name}: unknown attributes {unknown}')


def load():
    with open(SPEC) as file:
        spec = yaml.safe_load(file)
    known_keys(spec, 'spec')
    enums = by_name(spec['definitions'], 'definition')
    sets = by_name(spec['attribute-sets'], 'attribute set')
    operations = by_name(spec['operations']['list'], 'operation')
    groups = by_name(spec['mcast-groups']['list'], 'group')
    for enum in enums.values():
        need(enum['type'] == 'enum', f'{enum["name"]}: type {enum["type"]}')
        check_enum(enum)
    check_sets(sets, enums)
    check_operations(operations, sets, groups)
    return spec, enums, sets, operations, groups


def padded(name, value, column=48):
    tabs = max(1, (column - 8 - len(name) + 7) // 8)
    return '\t' + name + '\t' * tabs + f'= {value},'


def header(spec, enums, sets, operations, groups):
    out = ['/* SPDX-License-Identifier: GPL-2.0 WITH Linux-syscall-note */',
           '/* Made from hvmod_netlink.yaml by netlink_gen.py; do not edit. */',
           '#ifndef _UAPI_HVMOD_NETLINK_H', '#define _UAPI_HVMOD_NETLINK_H', '',
           '/*'] + [f' * {line}'.rstrip() for line in wrapped(spec['doc'])] + [' */',
           f'#define HVMOD_FAMILY_NAME\t"{spec["name"]}"', '#define HVMOD_FAMILY_VERSION\t1', '']
    for name, enum in enums.items():
        if 'header' in enum:
            continue
        out += ['/**', f' * enum hvmod_{name.replace("-", "_")} - {enum["doc"]}']
        out += [f' * @{c_name("hvmod", name, e["name"])}: {e.get("doc", e["name"])}' for e in enum['entries']]
        out += [' */', f'enum hvmod_{name.replace("-", "_")} {{']
        out += [padded(c_name('hvmod', name, e['name']), e['value']) for e in enum['entries']]
        out += ['};', '']
    for name, attributes in sets.items():
        out += ['enum {']
        for number, attribute in enumerate(attributes['attributes'], 1):
            out.append(padded(c_name('hvmod_a', name, attribute['name']), number))
        out += ['', f'\t__{c_name("hvmod_a", name)}_MAX,',
                f'\t{c_name("hvmod_a", name)}_MAX = (__{c_name("hvmod_a", name)}_MAX - 1)', '};', '']
    out += ['enum {']
    for number, operation in enumerate(operations, 1):
        out.append(padded(c_name('hvmod_cmd', operation), number))
    out += ['', '\t__HVMOD_CMD_MAX,', '\tHVMOD_CMD_MAX = (__HVMOD_CMD_MAX - 1)', '};', '']
    for group in groups:
        out.append(f'#define {c_name("hvmod_mcgrp", group)}\t"{group}"')
    out += ['', '#endif /* _UAPI_HVMOD_NETLINK_H */', '']
    return '\n'.join(out)


def wrapped(text):
    lines = []
    for paragraph in text.split('\n'):
        if lines:
            lines.append('')
        line = ''
        for word in paragraph.split():
            if len(line) + 1 + len(word) > 76:
                lines.append(line)
                line = ''
            line += (' ' if line else '') + word
        lines.append(line)
    return lines


def names(enums):
    out = ['/* SPDX-License-Identifier: GPL-2.0-only */',
           '/* Made from uapi/hvmod_netlink.yaml by uapi/netlink_gen.py; do not edit. */',
           '#ifndef HVCTL_NETLINK_NAMES_H', '#define HVCTL_NETLINK_NAMES_H', '',
           '/* Names of enum values by their numbers; NULL where a number has none. */', '']
    for name, enum in enums.items():
        out.append(f'static const char *const {name.replace("-", "_")}_names[] __attribute__((unused)) = {{')
        out += [f'\t[{entry["value"]}] = "{entry["name"]}",' for entry in enum['entries']]
        out += ['};', '']
    out += ['#endif', '']
    return '\n'.join(out)


def main():
    check = sys.argv[1:] == ['--check']
    if sys.argv[1:] and not check:
        sys.exit(__doc__)
    try:
        everything = load()
    except Problem as problem:
        sys.exit(f'{os.path.relpath(SPEC)}: {problem}')
    status = 0
    for path, text in ((HEADER, header(*everything)), (NAMES, names(everything[1]))):
        path = os.path.normpath(path)
        if not check:
            with open(path, 'w') as file:
                file.write(text)
            continue
        with open(path) as file:
            if file.read() != text:
                print(f'{os.path.relpath(path)} is not what uapi/netlink_gen.py makes of hvmod_netlink.yaml')
                status = 1
    sys.exit(status)


main()
