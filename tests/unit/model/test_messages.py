"""Every code has its words, and whoever uses a code passes what the words name."""

import ast
from collections.abc import Iterator
from enum import StrEnum
from pathlib import Path
from string import Formatter

import pytest

import djgc_widgets
from djgc_widgets.model import (
    DOUBTS,
    EXPLANATIONS,
    HIDDEN_LABELS,
    OPINION_LABELS,
    REASON_KINDS,
    REASONS,
    STATUS_LABELS,
    Detail,
    DoubtCode,
    HiddenKind,
    Notice,
    NoticeCode,
    Notices,
    OpinionCode,
    Outcome,
    Reason,
    Status,
    Step,
    Undo,
)
from djgc_widgets.model.messages import DETAILS, OUTCOME_LABELS, STEPS, UNDOS
from djgc_widgets.model.notices import MESSAGES

_WORDS = {
    Status: STATUS_LABELS,
    Reason: REASONS,
    Outcome: OUTCOME_LABELS,
    Detail: DETAILS,
    DoubtCode: DOUBTS,
    NoticeCode: MESSAGES,
    Step: STEPS,
    OpinionCode: OPINION_LABELS,
    HiddenKind: HIDDEN_LABELS,
    Undo: UNDOS,
}
_PACKAGE = Path(djgc_widgets.__file__).parent
_SOURCES = sorted(_PACKAGE.rglob("*.py"))


def fields(words: str | tuple[str, ...]) -> set[str]:
    texts = (words,) if isinstance(words, str) else words
    parsed = (part for text in texts for part in Formatter().parse(text))
    return {name for _, name, _, _ in parsed if name}


def uses(source: Path) -> Iterator[tuple[StrEnum, set[str]]]:
    """Yield each code that is passed to a call, and the names of its values."""
    tree = ast.parse(source.read_text())
    functions = [n for n in ast.walk(tree) if isinstance(n, ast.FunctionDef)]
    inside = {id(n) for function in functions for n in ast.walk(function)}
    for scope in [*functions, tree]:
        nodes = [n for n in ast.walk(scope) if scope is not tree or id(n) not in inside]
        named = dict(pair for node in nodes for pair in assigned(node))
        for call in (n for n in nodes if isinstance(n, ast.Call)):
            values = [
                named.get(arg.id) if isinstance(arg, ast.Name) else arg
                for arg in call.args
            ]
            keys = {
                key.value
                for value in values
                if isinstance(value, ast.Dict)
                for key in value.keys
                if isinstance(key, ast.Constant)
            } | {word.arg for word in call.keywords if word.arg}
            yield from ((code, keys) for arg in call.args for code in codes_in(arg))


def assigned(node: ast.AST) -> Iterator[tuple[str, ast.expr]]:
    match node:
        case ast.Assign(targets=[ast.Name(id=name)], value=value):
            yield name, value
        case ast.AnnAssign(target=ast.Name(id=name), value=ast.expr() as value):
            yield name, value
        case ast.Assign(targets=[ast.Tuple(elts=names)], value=ast.Tuple(elts=values)):
            pairs = zip(names, values, strict=True)
            yield from ((n.id, v) for n, v in pairs if isinstance(n, ast.Name))


def codes_in(argument: ast.expr) -> Iterator[StrEnum]:
    kinds = {kind.__name__: kind for kind in (Detail, DoubtCode, NoticeCode)}
    match argument:
        case ast.Attribute(value=ast.Name(id=kind), attr=name) if kind in kinds:
            yield kinds[kind][name]


@pytest.mark.parametrize("kind", _WORDS, ids=lambda kind: kind.__name__)
def test_every_code_has_its_words(kind: type[StrEnum]) -> None:
    assert set(_WORDS[kind]) == set(kind)


def test_reasons_are_explained_and_grouped_without_the_names_of_objects() -> None:
    orphans = set(EXPLANATIONS)

    assert set(REASON_KINDS) == set(Reason)
    assert all(fields(text) == set() for text in REASON_KINDS.values())
    assert orphans <= set(Reason)


def test_a_code_comes_with_the_values_that_its_words_name() -> None:
    sources = [s for s in _SOURCES if _PACKAGE / "model" not in s.parents]
    used = {(code, frozenset(keys)) for s in sources for code, keys in uses(s)}

    for code, keys in used:
        assert fields(_WORDS[type(code)][code]) == keys, code
    assert {code for code, _ in used} >= set(NoticeCode)


def test_a_problem_is_never_told_twice() -> None:
    twice = [Notice(NoticeCode.STORE_UNREAD, "raw", {"error": "it"}) for _ in range(2)]
    other = Notice(NoticeCode.STORE_UNREAD, "raw", {"error": "another"})

    assert Notices([*twice, other, *twice]) == (twice[0], other)


def test_notices_print_as_sentences_and_can_be_filtered() -> None:
    damaged = Notice(NoticeCode.TABLE_DAMAGED, "lab.rec")
    inside = Notice(NoticeCode.STORE_INSIDE, "store raw: <b>", {"inner": "derived"})
    problems = Notices([damaged, inside])

    assert str(problems) == f"{damaged}\n{inside}"
    assert str(Notices()) == "none"
    assert problems.with_code("store-inside") == Notices([inside])
    assert problems.frame()["code"].tolist() == ["table-damaged", "store-inside"]
    assert "derived" in problems.frame()["message"].iloc[1]
    assert "<li>store raw: &lt;b&gt;: it is the root" in problems._repr_html_()
