import pytest

from djgc_widgets.references.grants import GrantRules, hidden_by_grants

USER = "TO `reader`@`127.0.0.1`"
SCHEMAS = frozenset({"lab_1", "lab41", "rec"})
PLAIN, LITERAL = GrantRules(), GrantRules(literal=True)


def hidden(
    *grants: str, rules: GrantRules = PLAIN, schemas: frozenset[str] = SCHEMAS
) -> tuple[set[str], bool]:
    lines = (grant if " ON " not in grant else f"{grant} {USER}" for grant in grants)
    hiding, complete = hidden_by_grants(lines, schemas, rules)
    return set(hiding), complete


def test_select_on_everything_hides_nothing() -> None:
    assert hidden("GRANT SELECT, INSERT ON *.*") == (set(), True)
    assert hidden("GRANT ALL PRIVILEGES ON *.*") == (set(), True)


def test_an_underscore_is_a_wildcard_unless_grants_are_literal() -> None:
    grant = "GRANT SELECT ON `lab_1`.*"

    assert hidden(grant) == ({"rec"}, False)
    assert hidden(grant, rules=LITERAL) == ({"rec", "lab41"}, False)


def test_a_backslash_escapes_a_wildcard_unless_grants_are_literal() -> None:
    grant = r"GRANT SELECT ON `lab\_1`.*"

    assert hidden(grant) == ({"rec", "lab41"}, False)
    assert hidden(grant, rules=LITERAL) == (set(SCHEMAS), False)


def test_revokes_of_the_servers_own_schemas_hide_nothing() -> None:
    revokes = [f"REVOKE SELECT ON `{name}`.*" for name in ("mysql", "sys")]

    assert hidden("GRANT SELECT ON *.*", *revokes, rules=LITERAL) == (set(), True)


def test_a_revoke_hides_its_schema_only() -> None:
    grants = ["GRANT SELECT ON *.*", "REVOKE SELECT, INSERT ON `secret`.*"]

    assert hidden(*grants, rules=LITERAL) == ({"secret"}, False)


def test_a_revoke_of_another_privilege_hides_nothing() -> None:
    grants = ["GRANT SELECT, INSERT ON *.*", "REVOKE INSERT ON `rec`.*"]

    assert hidden(*grants, rules=LITERAL) == (set(), True)


def test_a_revoke_that_cannot_be_read_hides_all() -> None:
    grants = ["GRANT SELECT ON *.*", "REVOKE SELECT (`a`) ON `rec`.`t`"]

    assert hidden(*grants) == (set(SCHEMAS), False)


def test_the_closest_grant_decides() -> None:
    wide, close = "GRANT {} ON `lab%`.*", "GRANT {} ON `lab41`.*"

    assert hidden(wide.format("SELECT"), close.format("EXECUTE"))[0] == {"lab41", "rec"}
    assert hidden(wide.format("EXECUTE"), close.format("SELECT"))[0] == {"lab_1", "rec"}


def test_what_a_role_sees_the_account_sees() -> None:
    lines = [
        "GRANT `everybody` TO `reader`@`127.0.0.1`",
        "GRANT EXECUTE ON `rec`.* TO `reader`@`127.0.0.1` WITH GRANT OPTION",
        "GRANT SELECT ON `rec`.* TO `everybody`",
        "GRANT SELECT ON `lab41`.* TO PUBLIC",
    ]

    assert hidden_by_grants(lines, SCHEMAS, PLAIN) == (frozenset({"lab_1"}), False)


@pytest.mark.parametrize(
    "grant",
    [
        "GRANT SELECT ON `rec`.`t`",
        "GRANT SELECT (`id`) ON `rec`.`t`",
        "GRANT SELECT (`a, SELECT ON *.* TO `) ON `rec`.`t`",
        "GRANT USAGE ON *.*",
        "GRANT PROXY ON ``@``",
        "GRANT ALL PRIVILEGES ON PROCEDURE `rec`.`p`",
    ],
)
def test_less_than_a_schema_hides_the_rest_of_it(grant: str) -> None:
    assert hidden(grant) == (set(SCHEMAS), False)


def test_case_counts_only_where_the_server_heeds_it() -> None:
    grant, schemas = "GRANT SELECT ON `Lab_Ephys`.*", frozenset({"lab_ephys"})

    seen = hidden(grant, schemas=schemas, rules=GrantRules(caseless=True))
    unseen = hidden(grant, schemas=schemas)

    assert (seen, unseen) == ((set(), False), ({"lab_ephys"}, False))


def test_odd_names_are_read_as_they_are() -> None:
    schemas = frozenset({"we`ird\\x", "a' b"})
    grants = [r"GRANT SELECT ON `we``ird\\x`.*", "GRANT SELECT ON `a' b`.*"]

    assert hidden(*grants, schemas=schemas) == (set(), False)
