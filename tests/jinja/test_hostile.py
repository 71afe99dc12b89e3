"""Templates that attack: each is refused with a code, or prints something harmless."""

from __future__ import annotations

from typing import Any

import pytest

from compiler.diagnostics import CompileError
from compiler.host.workers import Failure, Workers
from compiler.render.jinja import render_templates

CONTEXT = {"values": {"list": [1], "map": {"k": "v"}, "text": "abc", "l": ["a"] * 1000}}


def render(text: str, **others: str) -> str:
    return render_templates({"t": text, **others}, CONTEXT, names=["t"])["t"]


ESCAPES = [
    # J1: CVE-2016-10745, CVE-2019-10906, CVE-2024-56326, CVE-2025-27516
    "{{ '{0.__class__.__mro__}'.format(1) }}",
    "{{ '{x.__class__}'.format_map({'x': 1}) }}",
    "{{ ('{0.__class__}' | string).format(1) }}",
    "{% set f = '{0.__class__}'.format %}{{ f(1) }}",
    "{{ ['{0.__class__}'] | map('format', 1) | list }}{{ ''.__class__ }}",
    "{{ '' | attr('__class__') }}",
    "{{ '' | attr('for' ~ 'mat') }}",
    "{{ values.text | attr('format') }}",
    "{{ '{0[__class__]}'.format(values.list) }}",
    # J2: walks to Python's internals
    "{{ ''.__class__.__mro__[1].__subclasses__() }}",
    "{{ ''['__class__'] }}",
    "{{ values.__class__ }}",
    "{{ values['__class__'] }}",
    "{{ values.map.__init__.__globals__ }}",
    "{{ values.list.append.__self__.__class__ }}",
    "{{ range.__globals__ }}",
    "{{ range._function }}",
    "{{ values.map.items._function }}",
    "{{ dict.__subclasses__() }}",
    "{{ dict.mro() }}",
    "{{ namespace.__init__.__globals__ }}",
    "{{ cycler.__init__.__globals__.os }}",
    "{{ joiner.__init__.__globals__.os }}",
    "{{ lipsum.__globals__['os'].popen('id') }}",
    "{{ self.__init__.__globals__ }}",
    "{{ self._TemplateReference__context }}",
    "{{ loop.__class__ }}",
    "{% macro m() %}{% endmacro %}{{ m.__globals__ }}",
    "{% macro m() %}{% endmacro %}{{ m._environment }}",
    "{% for x in [1] %}{{ loop._iterable }}{% endfor %}",
    "{% import 'lib' as l %}{{ l.__loader__ }}{{ l.__dict__ }}",
    "{{ (1).__class__.__base__ }}",
    "{{ (range(1) | map('string')).gi_frame }}",
    "{{ values.map.items().__class__ }}",
    "{{ request }}{{ config }}{{ g }}{{ get_flashed_messages }}",
    "{{ [range] | map(attribute='__globals__') | list }}",
    "{{ [range] | map(attribute='__globals__') | map('string') | join }}",
    "{{ [''] | map(attribute='__class__') | list }}",
    "{{ [''] | selectattr('__class__') | list }}",
    "{{ [''] | groupby('__class__') }}",
    "{{ [''] | sum(attribute='__class__') }}",
    # J3: text with addresses
    "{{ range }}",
    "{{ values.map.items }}",
    "{{ [values.map.items] }}",
    "{{ {'a': range} | to_json }}",
    "{{ {'a': range} | to_yaml }}",
    "{{ values.map.items | string }}",
    "{{ '%s' | format(range) }}",
    "{{ '{}'.format(range) }}",
    "{{ values.map.items | sha256 }}",
    "{% block b %}{% endblock %}{{ self.b }}",
    "{{ self }}",
    "{{ namespace(a=1) }}",
    "{{ 'abc'.encode() }}",
    "{% for x in [1] %}{{ loop }}{% endfor %}",
    "{% import 'lib' as l %}{{ l }}",
    # J4: writing to shared values
    "{{ values.list.append(2) }}",
    "{{ values.list.clear() }}",
    "{{ values.list.__setitem__(0, 2) }}",
    "{{ values.map.update({'k': 2}) }}",
    "{{ values.map.pop('k') }}",
    "{{ values.map.setdefault('x', 1) }}",
    "{% set values.map.k = 2 %}",
    "{% do values.list.append(2) %}",
    # J8: what differs from run to run
    "{{ values.list | random }}",
    "{{ lipsum() }}",
    "{{ values.list | shuffle }}",
    "{{ now() }}",
    "{{ values | pprint }}",
    "{% debug %}",
    # HTML's filters change text
    "{{ '<a>' | escape }}",
    "{{ '<a>' | safe }}",
]


@pytest.mark.parametrize("template", ESCAPES)
def test_an_escape_is_refused(template: str) -> None:
    before = repr(CONTEXT)
    with pytest.raises(CompileError) as caught:
        render(template, lib="{% macro m() %}{% endmacro %}")
    (found,) = caught.value.diagnostics
    assert found.code in ("jinja-unsafe", "jinja-undefined", "jinja-failed", "jinja-syntax")
    assert found.at
    assert found.at.path == "t"
    assert " at 0x" not in found.message
    assert repr(CONTEXT) == before


@pytest.mark.parametrize(
    ("template", "wanted"),
    [
        ("{{ values.map.items ~ '' }}", "<method items>"),
        ("{{ '%s' % range }}", "<method _range>"),
        ("{{ [range] | join }}", "<method _range>"),
        ("{{ [{'a': ''}] | sort(attribute='a.__class__') }}", '[{"a": ""}]'),
        ("{{ 'a' ~ dict }}", "a<class 'dict'>"),
        ("{{ values.map.items is callable }}", "false"),
        ("{{ values.map.items == values.map.items }}", "false"),
        ("{{ '{0.real}'.format(1) }}", "1"),
        ("{{ ['__class__'] | map('upper') | list }}", '["__CLASS__"]'),
        ("{{ ({'__class__': 'mine'})['__class__'] }}", "mine"),
    ],
)
def test_what_is_not_refused_is_harmless(template: str, wanted: str) -> None:
    assert render(template) == wanted


TOO_MUCH = [
    # J5: gigabytes of little
    "{{ range(10 ** 9) }}",
    "{% for x in range(100001) %}{% endfor %}",
    "{{ 'a' * 10 ** 10 }}",
    "{{ 10 ** 10 * 'a' }}",
    "{{ [0] * 10 ** 10 }}",
    "{{ 'abc' * 33554432 }}",
    "{{ 10 ** 10000000 }}",
    "{{ 10 ** (10 ** 10) }}",
    "{{ (10 ** 20000) * (10 ** 20000) }}",
    "{{ 'a' | center(10 ** 10) }}",
    "{{ 'a' | indent(10 ** 10) }}",
    "{{ 'a' | indent(width=10 ** 10) }}",
    "{{ '%10000000000d' % 1 }}",
    "{{ '%*d' % (10 ** 10, 1) }}",
    "{{ '%10000000000d' | format(1) }}",
    "{{ '{:>10000000000}'.format(1) }}",
    "{{ 'a'.ljust(10 ** 10) }}",
    "{{ 'a'.rjust(10 ** 10) }}",
    "{{ 'a'.center(10 ** 10) }}",
    "{{ 'a'.zfill(10 ** 10) }}",
    "{{ '\\t'.expandtabs(10 ** 10) }}",
    "{{ ('a' * 10000).replace('a', 'a' * 10000) }}",
    "{{ ('a' * 10000) | replace('a', 'a' * 10000) }}",
    "{{ ('a' * 100000).join(values.l) }}",
    "{{ {'a': 1} | to_yaml(10 ** 10) }}",
    "{% for i in range(100000) %}{{ 'a' * 1000 }}{% endfor %}",
    # J6: recursion
    "{% include 't' %}",
    "{% extends 't' %}",
    "{% import 't' as t %}",
    "{% macro m() %}{{ m() }}{% endmacro %}{{ m() }}",
    "{% for x in [[[]]] recursive %}{{ loop([x]) }}{% endfor %}",
    "{% if 1 %}" * 2000 + "{% endif %}" * 2000,
    "{{ " + "(" * 5000 + "1" + ")" * 5000 + " }}",
    "{{ " + "[" * 5000 + "1" + "]" * 5000 + " }}",
    "{{ " + "-" * 20000 + "1 }}",
    "{{ 1" + "+1" * 20000 + " }}",
    "{{ x" + ".a" * 20000 + " }}",
]


@pytest.mark.parametrize("template", TOO_MUCH, ids=lambda text: text[:50])
def test_too_much_is_refused_soon(template: str) -> None:
    with pytest.raises(CompileError) as caught:
        render(template)
    (found,) = caught.value.diagnostics
    assert found.code == "jinja-limit"
    assert found.at
    assert found.at.path == "t"


def test_an_address_that_comes_by_a_way_of_its_own_is_found_in_the_output() -> None:
    base = "\n\n{% block b %}{% endblock %}"
    with pytest.raises(CompileError) as caught:
        render("{% extends 'base' %}{% block b %}{{ super ~ '' }}{% endblock %}", base=base)
    (found,) = caught.value.diagnostics
    assert found.code == "jinja-unsafe"
    assert found.message == "line 3 of the output shows <jinja2.runtime.BlockReference object>"


def render_in_worker(template: str) -> Any:
    try:
        return render(template)
    except CompileError as error:
        return [d.code for d in error.diagnostics]


def test_what_only_time_and_memory_bound_costs_its_own_task_only() -> None:
    slow = "{% for a in range(100000) %}{% for b in range(100000) %}{% endfor %}{% endfor %}"
    large = "{% set n = namespace(x='a' * 1000000) %}{% for i in range(40) %}{% set n.x = n.x + n.x %}{% endfor %}"
    with Workers(2, timeout_s=6, memory_mb=400) as pool:
        found = dict(pool.run(render_in_worker, [slow, "{{ values.text }}", large, "{{ values.text }}"]))
    assert (found[1], found[3]) == ("abc", "abc")
    assert found[0] == Failure("timeout", "no result within 6 s")
    assert found[2] in (["jinja-limit"], Failure("raised", "it needed more than 400 MiB of memory"))
