"""Which schemas of a server an account sees whole."""

import re

from djgc_widgets.references.snapshot import Snapshot

_GRANT = re.compile(
    r"GRANT (?P<privileges>.+?) ON (?P<scope>\*\.\*|`(?:[^`]|``)+`\.\*) TO "
)


def visible_schemas(
    snapshot: Snapshot, schemas: frozenset[str]
) -> tuple[frozenset[str], bool]:
    """Return the schemas that may hide tables, and whether the account sees them all.

    PostgreSQL shows every table of a database. MySQL hides what an account has no
    privilege on, columns too: only ``SELECT`` on a whole schema shows all of it.
    """
    if snapshot.backend == "postgresql":
        return frozenset(), True
    grants = [str(grant) for (grant,) in snapshot.rows("SHOW GRANTS")]
    if any(grant.startswith("REVOKE") for grant in grants):
        return schemas, False
    matches = [match for grant in grants if (match := _GRANT.match(grant))]
    reading = [(match["scope"], _selects(match["privileges"])) for match in matches]
    if ("*.*", True) in reading:
        return frozenset(), True
    patterns = [
        (_like(scope[1:-3].replace("``", "`")), selects)
        for scope, selects in reading
        if scope != "*.*"
    ]
    # of several patterns that fit, the server heeds the closest one only
    fitting = {
        schema: {selects for pattern, selects in patterns if pattern.fullmatch(schema)}
        for schema in schemas
    }
    return frozenset(s for s in schemas if fitting[s] != {True}), False


def _selects(privileges: str) -> bool:
    return bool({"SELECT", "ALL PRIVILEGES"} & set(privileges.split(", ")))


def _like(pattern: str) -> re.Pattern[str]:
    """Return the expression of a schema in a grant, in which _ and % are wildcards."""
    parts = re.findall(r"\\.|.", pattern, re.DOTALL)
    wild = {"%": ".*", "_": "."}
    return re.compile(
        "".join(wild.get(part, re.escape(part[-1])) for part in parts), re.DOTALL
    )
