"""Answers to requests for a listing: read by their shape as they are by their XML."""

import string
from html import escape
from xml.sax.saxutils import escape as escape_text

import pytest
from hypothesis import given
from hypothesis import strategies as st

from djgc_widgets.stores.s3.answers import Answer, read_answer

NS = ' xmlns="http://s3.amazonaws.com/doc/2006-03-01/"'
FIELDS = ["Key", "LastModified", "ETag", "Size", "StorageClass", "ChecksumType"]
NEEDED = {"Key", "ETag"}
TEXTS = st.text(
    st.sampled_from([*string.printable[:94], *" ü\n€𐍈é"]), min_size=1, max_size=12
)
VALUES = {
    "Key": TEXTS,
    "LastModified": st.just("2026-11-28T03:58:09.123Z"),
    "ETag": st.sampled_from(['"0a"', '"0a-2"']),
    "Size": st.sampled_from(["0", "7", "5368709121"]),
    "StorageClass": st.sampled_from(["STANDARD", "GLACIER"]),
    "ChecksumType": TEXTS,
}
OWNER = "<Owner><ID>7</ID><DisplayName>lab</DisplayName></Owner>"


def entry(values: dict[str, str], *, quoted: bool, owner: str = "") -> str:
    written = escape if quoted else escape_text
    texts = [f"<{name}>{written(text)}</{name}>" for name, text in values.items()]
    return f"<Contents>{''.join(texts)}{owner}</Contents>"


def body(*entries: str, told: str = "", declared: str = NS) -> bytes:
    head = f'<?xml version="1.0" encoding="UTF-8"?>\n<ListBucketResult{declared}>'
    return f"{head}{told}{''.join(entries)}</ListBucketResult>".encode()


def as_xml(answer: bytes) -> Answer:
    """Read the same by its XML: a comment is of no shape."""
    return read_answer(answer.replace(b"</Contents>", b"<!-- --></Contents>"))


@given(
    names=st.sampled_from([name for name in FIELDS if name not in NEEDED]).flatmap(
        lambda absent: st.permutations([name for name in FIELDS if name != absent])
    ),
    data=st.data(),
    quoted=st.booleans(),
    owners=st.lists(st.sampled_from(["", OWNER]), min_size=1, max_size=4),
    encoded=st.booleans(),
)
def test_what_has_one_shape_is_read_as_its_xml(
    names: list[str],
    data: st.DataObject,
    quoted: bool,  # noqa: FBT001 - of a strategy
    owners: list[str],
    encoded: bool,  # noqa: FBT001 - as above
) -> None:
    rows = [{name: data.draw(VALUES[name]) for name in names} for _ in owners]
    entries = [
        entry(row, quoted=quoted, owner=owner)
        for row, owner in zip(rows, owners, strict=True)
    ]
    told = "<EncodingType>url</EncodingType>" if encoded else ""
    answer = body(*entries, told=told)

    read = read_answer(answer)

    assert read == as_xml(answer)
    if not encoded:
        assert read.page.path == [row["Key"] for row in rows]
    assert [str(size) for size in read.page.size] == [
        str(row.get("Size")) for row in rows
    ]
    assert read.page.etag == [row.get("ETag", "") for row in rows]


def test_what_is_told_of_the_next_page_is_read() -> None:
    told = (
        "<IsTruncated>true</IsTruncated><EncodingType>url</EncodingType>"
        "<NextContinuationToken>a&amp;b+c%20</NextContinuationToken>"
    )
    one = entry({"Key": "a%2Bb+c%0A", "Size": "1", "ETag": '"0"'}, quoted=False)

    answer = read_answer(body(one, told=told, declared=""))

    assert answer.page.path == ["a+b c\n"]
    assert (answer.token, answer.more) == ("a&b+c%20", True)
    assert read_answer(body()) == (([], [], [], [], []), "", False)


PLAIN = '<Contents><Key>a</Key><ETag>"0"</ETag></Contents>'
ODD = [
    '<Contents xmlns="u"><Key>b</Key><ETag>"0"</ETag></Contents>',
    '<Contents ><Key>b</Key><ETag>"0"</ETag></Contents>',
    '<Contents><Key>b</Key><ETag>"0"</ETag></Contents >',
    '<o:Contents xmlns:o="u"><o:Key>b</o:Key><o:ETag>"0"</o:ETag></o:Contents>',
]


@pytest.mark.parametrize("odd", ODD)
def test_no_spelling_of_an_entry_is_passed_over(odd: str) -> None:
    for entries, expected in (
        ([odd], ["b"]),
        ([odd, PLAIN], ["b", "a"]),
        ([PLAIN, odd], ["a", "b"]),
        ([PLAIN, odd, PLAIN], ["a", "b", "a"]),
    ):
        assert read_answer(body(*entries)).page.path == expected


def test_what_is_commented_out_is_not_stored() -> None:
    assert read_answer(body(f"<!-- {PLAIN} -->")).page.path == []
    assert read_answer(body(PLAIN, f"<!-- {ODD[0]} -->")).page.path == ["a"]


@pytest.mark.parametrize("tag", ["", "<ETag></ETag>", "<ETag/>"])
def test_an_entry_without_an_etag_is_an_error(tag: str) -> None:
    for entries in ([PLAIN], []):
        with pytest.raises(OSError, match="expected an ETag of each key"):
            read_answer(body(*entries, f"<Contents><Key>b</Key>{tag}</Contents>"))


@pytest.mark.parametrize(
    "odd",
    [
        "<Contents><Size>1</Size></Contents>",
        "<Contents><Key></Key><Size>1</Size></Contents>",
        "<Contents><Key/><Size>1</Size></Contents>",
    ],
)
def test_an_entry_without_a_key_is_an_error(odd: str) -> None:
    good = entry({"Key": "a", "Size": "1"}, quoted=False)
    for entries in ([odd], [good, odd], [odd, good]):
        with pytest.raises(OSError, match="expected a key in each entry"):
            read_answer(body(*entries))


@pytest.mark.parametrize(
    "broken",
    [
        b"",
        b"<ListBucketResult>",
        b"<ListBucketResult><Contents><Key>a</Key></ListBucketResult>",
        b"<ListBucketResult><Key>\xff</Key></ListBucketResult>",
    ],
)
def test_what_is_no_listing_is_an_error(broken: bytes) -> None:
    with pytest.raises(OSError, match="expected a listing in XML"):
        read_answer(broken)
