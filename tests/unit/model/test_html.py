from markupsafe import Markup

from djgc_widgets.model.html import Heading, html_list, html_table, safe

_EVIL = "<img src=x onerror='go()'>\"&"


def test_names_are_text() -> None:
    assert safe(_EVIL) == "&lt;img src=x onerror=&#39;go()&#39;&gt;&#34;&amp;"
    assert safe("a\u202egpj.npy") == "a\\u202egpj.npy"
    assert safe(Markup("<b>bold</b>")) == "<b>bold</b>"


def test_a_table_escapes_titles_and_cells() -> None:
    table = html_table([Heading(_EVIL), Heading("n", number=True)], [(_EVIL, 1)])

    assert "<img" not in table
    assert table.count("&lt;img") == 2
    assert "text-align: right'>1</td>" in table


def test_an_empty_list_is_nothing() -> None:
    assert html_list([]) == ""
    assert html_list([_EVIL]).startswith("<ul><li>&lt;img")
