#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""Make docs/abi.md from the kernel-doc of uapi/*.h and from uapi/hvmod_netlink.yaml.

    docs/abi_gen.py            write it
    docs/abi_gen.py --check    say what has no kernel-doc, and whether docs/abi.md is out of date;
                               exit status 1 if anything is

Every ioctl, struct, member, enum and value needs kernel-doc, and kernel-doc describes nothing that is not there.
Offsets and sizes are computed here and, with --check, held against the compiler's.
"""
import os
import re
import subprocess
import sys
import tempfile

import yaml

HERE = os.path.dirname(os.path.abspath(__file__))
UAPI = os.path.join(HERE, '..', 'uapi')
PAGE = os.path.join(HERE, 'abi.md')
HEADERS = ('hvmod.h', 'hvmod_memory.h', 'hvmod_quota.h', 'hvmod_state.h')
SPEC = os.path.join(UAPI, 'hvmod_netlink.yaml')

SIZES = {'__u8': 1, 'char': 1, '__u16': 2, '__u32': 4, '__s32': 4, '__u64': 8, '__s64': 8}

problems = []


def problem(text):
    problems.append(text)


def words(text):
    """Comment lines without their stars; paragraphs are separated by an empty line."""
    lines = [re.sub(r'^\s*\*? ?', '', line).rstrip() for line in text.split('\n')]
    return '\n'.join(lines).strip('\n')


def one_line(text):
    return re.sub(r'\s+', ' ', text).strip()


def cell(text):
    """Text for a cell of a table, with what looks like a name in C as code."""
    text = one_line(text).replace('|', '\\|')
    return re.sub(r'@([a-z_]\w*(?:\.\w+)*)', r'`\1`', text)


class Doc:
    """One kernel-doc comment: NAME - SUMMARY, @member: text, then paragraphs. One that stands in a struct has no head."""

    def __init__(self, comment, head=True):
        body = words(comment)
        head, _, rest = body.partition('\n') if head else ('', '', body)
        match = re.match(r'(?:struct |enum |define )?(\w+) - (.*)', head)
        self.name, self.summary = (match.group(1), match.group(2)) if match else ('', '')
        # The summary goes on until the first member or the first empty line.
        lines = rest.split('\n')
        while lines and lines[0] and not lines[0].startswith('@'):
            self.summary += ' ' + lines.pop(0)
        self.members = {}
        text, member = [], None
        for line in lines:
            match = re.match(r'@([\w.]+):\s*(.*)', line)
            if match:
                member = match.group(1)
                self.members[member] = match.group(2)
            elif member and line.strip():
                self.members[member] += ' ' + line.strip()
            else:
                member = None
                text.append(line.strip())
        self.text = re.sub(r'\n{2,}', '\n\n', '\n'.join(text)).strip()


class Member:
    def __init__(self, name, ctype, count, offset, size, alternatives=False):
        self.name, self.ctype, self.count, self.offset, self.size = name, ctype, count, offset, size
        self.alternatives = alternatives


def constants(text):
    return {name: value for name, value in re.findall(r'^#define (HVMOD_\w+)[ \t]+(\d+|0x[0-9A-Fa-f]+)\b', text, re.M)}


def align(offset, to):
    return (offset + to - 1) // to * to


class Layout:
    """Members of a struct in order, with the offsets that natural alignment gives."""

    def __init__(self, known, values):
        self.known, self.values, self.members = known, values, []

    def size_of(self, ctype):
        if ctype in SIZES:
            return SIZES[ctype], SIZES[ctype]
        return self.known[ctype.replace('struct ', '')]

    def block(self, body, prefix, start, union):
        """Lay out BODY from START on; returns its size and alignment."""
        offset, size, most = start, 0, 1
        token = re.compile(r'\s*(?:(union|struct)\s*\{|((?:struct )?\w+)\s+(\w+)(?:\[(\w+)\])?\s*;)', re.S)
        position = 0
        while body[position:].strip():
            match = token.match(body, position)
            if not match:
                raise SystemExit(f'cannot read: {body[position:position + 60]!r}')
            if match.group(1):
                end = closing(body, match.end() - 1)
                name = re.match(r'\s*(\w*)\s*;', body[end + 1:])
                inner = Layout(self.known, self.values)
                bytes_, to = inner.block(body[match.end():end], '', 0, match.group(1) == 'union')
                here = align(offset, to) if not union else start
                path = prefix + (name.group(1) + '.' if name.group(1) else '')
                for member in inner.members:
                    member.name, member.offset = path + member.name, member.offset + here
                    self.members.append(member)
                position = end + 1 + name.end()
            else:
                bytes_, to = self.size_of(match.group(2))
                count = match.group(4)
                if count:
                    bytes_ *= int(self.values.get(count, count), 0)
                here = align(offset, to) if not union else start
                self.members.append(Member(prefix + match.group(3), match.group(2), count, here, bytes_))
                position = match.end()
            most = max(most, to)
            offset = here + bytes_
            size = max(size, bytes_) if union else offset - start
        return align(size, most), most


def closing(text, start):
    depth = 0
    for position in range(start, len(text)):
        depth += {'{': 1, '}': -1}.get(text[position], 0)
        if not depth:
            return position
    raise SystemExit('a brace is not closed')


class Header:
    def __init__(self, name, known, values):
        with open(os.path.join(UAPI, name)) as file:
            self.text = file.read()
        self.name = name
        self.docs, self.structs, self.enums, self.order = {}, {}, {}, []
        values.update(constants(self.text))
        for match in re.finditer(r'/\*\*(.*?)\*/\s*\n(struct|enum) (\w+) \{', self.text, re.S):
            doc = Doc(match.group(1).rsplit('/**', 1)[-1])
            if doc.name != match.group(3):
                problem(f'{name}: the kernel-doc before {match.group(3)} is of {doc.name or "nothing"}')
            self.docs[match.group(3)] = doc
        for match in re.finditer(r'^(struct|enum) (\w+) \{', self.text, re.M):
            kind, what = match.groups()
            body = self.text[match.end():closing(self.text, match.end() - 1)]
            self.order.append(what)
            doc = self.docs.setdefault(what, Doc(''))
            if not doc.summary:
                problem(f'{name}: {kind} {what} has no kernel-doc')
            # kernel-doc of members may stand inside.
            for inner in re.findall(r'/\*\*(.*?)\*/', body, re.S):
                doc.members.update(Doc(inner, False).members)
            body = re.sub(r'/\*.*?\*/', '', body, flags=re.S)
            if kind == 'enum':
                self.enums[what] = re.findall(r'(HVMOD_\w+)\s*=\s*(\d+)', body)
                self.compare(what, [value for value, _ in self.enums[what]])
            else:
                layout = Layout(known, values)
                known[what] = layout.block(body, '', 0, False)
                self.structs[what] = (layout.members, known[what][0])
                names = [member.name for member in layout.members]
                # Of a nested member that is described as a whole its own name is enough.
                self.compare(what, [n for n in names if n.split('.')[-1] not in ('reserved', 'pad')],
                             {n.split('.')[0] for n in names} | set(names))

    def compare(self, what, names, also=()):
        described = self.docs[what].members
        for name in names:
            if name not in described:
                problem(f'{self.name}: {what}.{name} has no kernel-doc')
        for name in described:
            if name not in names and name not in also:
                problem(f'{self.name}: the kernel-doc of {what} describes {name}, which is not there')


def sentence(text):
    text = cell(text)
    return (text if text.startswith('HVMOD') else text[:1].upper() + text[1:]) + '.'


def plain(text):
    """Paragraphs of kernel-doc, one line each."""
    return '\n\n'.join(cell(paragraph) for paragraph in text.split('\n\n') if paragraph.strip())


def flags_of(text):
    """#define groups other than ioctls: (comment before, [(name, value, comment)])."""
    groups, comment, rows = [], '', []
    lines = re.sub(r'/\*\*.*?\*/', '', text, flags=re.S).split('\n')
    for line in lines + ['']:
        match = re.match(r'#define (HVMOD_\w+)[ \t]+(.+?)(?:[ \t]*/\* (.*) \*/)?$', line)
        if match and '_IO' not in match.group(2) and not match.group(1).startswith('_'):
            rows.append((match.group(1), match.group(2).strip(), match.group(3) or ''))
        elif rows:
            groups.append((comment, rows))
            comment, rows = '', []
        elif line.startswith('/*') and line.endswith('*/'):
            comment = line[2:-2].strip()
        elif line.strip():
            comment = ''
    return groups


def ioctls(headers):
    """(name, number, direction, argument, where, what)"""
    text = headers['hvmod.h'].text
    by_name, rows, where, about = {}, [], '', ''
    for header in headers.values():
        for what, doc in header.docs.items():
            for name in re.findall(r'HVMOD_[A-Z_]+', doc.summary.split(':')[0]) if ':' in doc.summary or \
                    doc.summary.startswith('HVMOD_') else ():
                by_name[name] = (what, doc.summary.split(':', 1)[-1].strip())
    section = re.compile(r'/\*\*?(.*?)\*/|#define (HVMOD_\w+)\s+(_IO\w*)\(HVMOD_IOC_MAGIC, (\w+)(?:, struct (\w+))?\)', re.S)
    for match in section.finditer(text[text.index('/* On /dev/hvmod */'):]):
        if match.group(1):
            comment = one_line(words(match.group(1)))
            doc = Doc(match.group(1))
            if doc.name.startswith('HVMOD_'):
                by_name[doc.name] = ('', doc.summary)
                headers['hvmod.h'].docs[doc.name] = doc
            elif comment.startswith('On '):
                where = re.match(r'On (?:a )?(.*?)(?: descriptor)?(?:\.| \(|$)', comment).group(1)
                about += comment + '\n\n'
            continue
        name, macro, number, struct = match.group(2), match.group(3), match.group(4), match.group(5)
        if name not in by_name:
            problem(f'hvmod.h: ioctl {name} has no kernel-doc')
        elif struct and by_name[name][0] and by_name[name][0] != struct:
            problem(f'hvmod.h: {name} takes struct {struct}, the kernel-doc of {by_name[name][0]} speaks of it')
        direction = {'_IO': '', '_IOW': 'in', '_IOR': 'out', '_IOWR': 'in, out'}[macro]
        rows.append((name, number, direction, struct or '', where, by_name.get(name, ('', ''))[1]))
    return rows


def anchor(kind, name):
    return f'[`{name}`](#{kind}-{name})'


def page_ioctls(rows, out):
    out += ['## Ioctls', '', '| ioctl | number | on | argument | direction | what |', '|---|---|---|---|---|---|']
    for name, number, direction, struct, where, what in rows:
        argument = anchor('struct', struct) if struct else 'none'
        out.append(f'| `{name}` | {number} | {where} | {argument} | {direction} | {cell(what)} |')
    out.append('')


def page_struct(name, doc, members, size, out):
    out += [f'### struct {name}', '', sentence(doc.summary) + f' {size} bytes.', '',
            '| offset | type | member | what |', '|---:|---|---|---|']
    for member in members:
        ctype = member.ctype + (f'[{member.count}]' if member.count else '')
        what = doc.members.get(member.name)
        if what is None:
            what = 'zero' if member.name.split('.')[-1] == 'reserved' else ''
        out.append(f'| {member.offset} | `{ctype}` | `{member.name}` | {cell(what)} |')
    out.append('')
    for name_, text in doc.members.items():
        if name_ not in [m.name for m in members]:
            out += [f'`{name_}`: {cell(text)}.', '']
    if doc.text:
        out += [plain(doc.text), '']


def page_enum(name, doc, values, out):
    out += [f'### enum {name}', '', sentence(doc.summary), '', '| value | name | what |', '|---:|---|---|']
    for value, number in values:
        out.append(f'| {number} | `{value}` | {cell(doc.members.get(value, ""))} |')
    out.append('')
    if doc.text:
        out += [plain(doc.text), '']


def page_netlink(out):
    with open(SPEC) as file:
        spec = yaml.safe_load(file)
    out += ['## Generic netlink', '', f'Family `{spec["name"]}`. ' + one_line(spec['doc']), '',
            '| command | kind | attributes of the request | attributes of the answer | what |', '|---|---|---|---|---|']
    for operation in spec['operations']['list']:
        if not operation.get('doc'):
            problem(f'hvmod_netlink.yaml: operation {operation["name"]} has no doc')
        kinds, asks, answers = [], [], []
        for kind in ('do', 'dump'):
            if kind in operation:
                kinds.append(kind)
                for side, into in (('request', asks), ('reply', answers)):
                    into += [a for a in (operation[kind] or {}).get(side, {}).get('attributes', []) if a not in into]
        if 'notify' in operation:
            kinds.append('notification, as the answer of ' + operation['notify'])
        if 'event' in operation:
            kinds.append('event')
            answers += operation['event'].get('attributes', [])
        if operation.get('mcgrp'):
            kinds.append('group ' + operation['mcgrp'])
        out.append(f'| `{operation["name"]}` | {", ".join(kinds)} | {", ".join(asks)} | {", ".join(answers)} | '
                   f'{cell(operation.get("doc", ""))} |')
    out.append('')
    for attributes in spec['attribute-sets']:
        out += [f'### attributes {attributes["name"]}', '', '| number | name | type | what |', '|---:|---|---|---|']
        for number, attribute in enumerate(attributes['attributes'], 1):
            if not attribute.get('doc') and attribute['type'] != 'pad':
                problem(f'hvmod_netlink.yaml: attribute {attributes["name"]}.{attribute["name"]} has no doc')
            kind = attribute['type'] + (f', {attribute["enum"]}' if 'enum' in attribute else '') + \
                (f' of {attribute["nested-attributes"]}' if 'nested-attributes' in attribute else '')
            out.append(f'| {number} | `{attribute["name"]}` | {kind} | {cell(attribute.get("doc", ""))} |')
        out.append('')
    for enum in spec['definitions']:
        if 'header' in enum:
            continue
        out += [f'### netlink enum {enum["name"]}', '', sentence(enum.get('doc', '')), '', '| value | name | what |',
                '|---:|---|---|']
        for entry in enum['entries']:
            out.append(f'| {entry["value"]} | `{entry["name"]}` | {cell(entry.get("doc", ""))} |')
        out.append('')


def page(headers, rows):
    first = headers['hvmod.h'].text
    about = words(first[first.index('/*\n'):first.index('*/\n#ifndef')][2:])
    out = ['<!-- SPDX-License-Identifier: GPL-2.0-only -->', '# The ABI', '',
           'Made from [uapi/](../uapi) by `docs/abi_gen.py`; do not edit.', '']
    for paragraph in about.split('\n\n')[1:]:
        out += ['\n'.join('\t' + line[2:] for line in paragraph.split('\n')) if '   ' in paragraph
                else one_line(paragraph), '']
    page_ioctls(rows, out)
    without = [name for name, *_ in rows if name in headers['hvmod.h'].docs]
    for name in without:
        doc = headers['hvmod.h'].docs[name]
        out += [f'### {name}', '', sentence(doc.summary), '', plain(doc.text), '']
    out += ['## Structs and enums', '']
    for header in headers.values():
        for name in header.order:
            if name in header.structs:
                page_struct(name, header.docs[name], *header.structs[name], out)
            else:
                page_enum(name, header.docs[name], header.enums[name], out)
    out += ['## Constants', '']
    for header in headers.values():
        for comment, group in flags_of(header.text):
            out += ([comment, ''] if comment else []) + ['| name | value | what |', '|---|---|---|']
            out += [f'| `{name}` | `{value}` | {cell(what)} |' for name, value, what in group] + ['']
    page_netlink(out)
    return '\n'.join(out).rstrip() + '\n'


def compiler_agrees(headers):
    """Offsets and sizes as the compiler has them."""
    lines = ['#include <stddef.h>', '#include <hvmod.h>']
    for header in headers.values():
        for name, (members, size) in header.structs.items():
            lines.append(f'_Static_assert(sizeof(struct {name}) == {size}, "struct {name}");')
            lines += [f'_Static_assert(offsetof(struct {name}, {m.name}) == {m.offset}, "{name}.{m.name}");' for m in members]
    with tempfile.NamedTemporaryFile('w', suffix='.c') as file:
        file.write('\n'.join(lines) + '\n')
        file.flush()
        done = subprocess.run(['cc', '-std=gnu11', '-I', UAPI, '-fsyntax-only', file.name], capture_output=True, text=True)
    if done.returncode:
        problem('the compiler has other offsets: ' + done.stderr[:400])


def main():
    check = sys.argv[1:] == ['--check']
    if sys.argv[1:] and not check:
        sys.exit(__doc__)
    known, values = {}, {}
    # In the order in which they need each other, then in that of HEADERS.
    loaded = {name: Header(name, known, values) for name in reversed(HEADERS)}
    headers = {name: loaded[name] for name in HEADERS}
    text = page(headers, ioctls(headers))
    if check:
        compiler_agrees(headers)
        with open(PAGE) as file:
            if file.read() != text:
                problem('docs/abi.md is not what docs/abi_gen.py makes of uapi/: run docs/abi_gen.py')
    else:
        with open(PAGE, 'w') as file:
            file.write(text)
    print('\n'.join(problems), end='\n' if problems else '')
    sys.exit(1 if problems else 0)


main()
