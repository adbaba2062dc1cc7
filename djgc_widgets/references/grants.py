"""What the grants of an account of MySQL or MariaDB let it see.

The server hides what an account has no privilege on, columns too: only ``SELECT`` on a
complete schema shows all of it. Grants are read as narrowly as any server reads them.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

SERVERS_OWN_SCHEMAS = ("information_schema", "mysql", "performance_schema", "sys")
"""Schemas of the server itself; no lab has rows there."""

_QUOTED = r"`(?:[^`]|``)*`"
_ACCOUNT = rf"(?:{_QUOTED}|'(?:[^']|'')*')"
# a list that names columns has parentheses, and is not of a complete schema
_LINE = re.compile(
    r"(?P<verb>GRANT|REVOKE) (?P<privileges>[A-Z ,]+) "
    rf"ON (?P<scope>\*\.\*|{_QUOTED}\.\*) (?:TO|FROM) "
    rf"(?P<grantee>PUBLIC|{_ACCOUNT}(?:@{_ACCOUNT})?)",
    re.DOTALL,
)
_WILDCARDS = {"%": ".*", "_": "."}


@dataclass(frozen=True, slots=True)
class GrantRules:
    """How a server reads its grants."""

    literal: bool = False
    """No character of a schema's name is a wildcard (``partial_revokes``)."""
    caseless: bool = False
    """Case does not count in names of schemas (``lower_case_table_names``)."""


@dataclass(slots=True)
class _Grantee:
    """An account, or a role that is active: what it alone may see."""

    rules: GrantRules
    selects_globally: bool = False
    revoked: set[str] = field(default_factory=set)
    patterns: list[tuple[re.Pattern[str], bool, bool]] = field(default_factory=list)
    """Of a grant on a schema: its name, whether that is of one schema only, and whether
    it grants ``SELECT``."""

    def add(self, line: re.Match[str]) -> None:
        privileges = set(line["privileges"].split(", "))
        selects = not privileges.isdisjoint({"SELECT", "ALL PRIVILEGES"})
        schema = line["scope"][1:-3].replace("``", "`")
        if line["verb"] == "REVOKE":
            if selects:
                self.revoked.add(schema)
        elif line["scope"] == "*.*":
            self.selects_globally |= selects
        else:
            pattern, exact = _schema_pattern(schema, self.rules)
            self.patterns.append((pattern, exact, selects))

    def sees(self, schema: str) -> bool:
        if self.selects_globally and schema not in self.revoked:
            return True
        fitting = [(e, s) for like, e, s in self.patterns if like.fullmatch(schema)]
        # of several that fit, the server applies the closest one only
        closest = [selects for exact, selects in fitting if exact]
        applied = closest or [selects for _, selects in fitting]
        return bool(applied) and all(applied)


def hidden_by_grants(
    grants: Iterable[str], schemas: frozenset[str], rules: GrantRules
) -> tuple[frozenset[str], bool]:
    """Return which schemas may hide tables, and whether all schemas are visible.

    Parameters
    ----------
    grants : iterable of str
        The lines of ``SHOW GRANTS``, with those of active roles.
    schemas : frozenset of str
        The schemas of users that the account sees.
    rules : GrantRules
        How the server reads the grants.
    """
    grantees: dict[str, _Grantee] = {}
    for grant in grants:
        line = _LINE.match(grant)
        if line is not None:
            grantee = grantees.setdefault(line["grantee"], _Grantee(rules))
            grantee.add(line)
        elif grant.startswith("REVOKE"):
            return schemas, False  # of an unknown kind
    every = list(grantees.values())
    revoked = frozenset(_hidden_by_revokes(every))
    hiding = frozenset(s for s in schemas if not any(g.sees(s) for g in every))
    complete = any(g.selects_globally for g in every) and not revoked
    return hiding | revoked, complete


def _hidden_by_revokes(grantees: list[_Grantee]) -> Iterator[str]:
    for schema in {name for grantee in grantees for name in grantee.revoked}:
        own = schema in SERVERS_OWN_SCHEMAS
        if not own and not any(grantee.sees(schema) for grantee in grantees):
            yield schema


def _schema_pattern(name: str, rules: GrantRules) -> tuple[re.Pattern[str], bool]:
    """Return the expression of a schema in a grant, and whether only one fits."""
    flags = re.DOTALL | (re.IGNORECASE if rules.caseless else re.NOFLAG)
    if rules.literal:
        return re.compile(re.escape(name), flags), True
    parts = re.findall(r"\\.|.", name, re.DOTALL)
    text = "".join(_WILDCARDS.get(part, re.escape(part[-1])) for part in parts)
    return re.compile(text, flags), _WILDCARDS.keys().isdisjoint(parts)
