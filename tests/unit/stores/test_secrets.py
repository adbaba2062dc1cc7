"""What a store's server says is shown, and no secret."""

import pytest

from djgc_widgets.stores.secrets import masked

SECRET = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"  # noqa: S105 - of the manual
SPEC = {
    "protocol": "s3",
    "bucket": "labs",
    "location": "q",
    "hash_prefix": "_hash",
    "token_length": 8,
    "access_key": "AKIAIOSFODNN7EXAMPLE",
    "secret_key": SECRET,
}


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        (f"wrong key {SECRET}", "wrong key ***"),
        ("key%3DwJalrXUtnFEMI%2FK7MDENG%2BbPxRfiCYEXAMPLEKEY", "key%3D***"),
        ("no account AKIAIOSFODNN7EXAMPLE here", "no account *** here"),
        (
            "GET https://h/labs/x?X-Amz-Credential=A/1/s3&X-Amz-Signature=0a1b&part=1",
            "GET https://h/labs/x?X-Amz-Credential=***&X-Amz-Signature=***&part=1",
        ),
        ("http://lab:hunter2@host/labs: refused", "http://lab:***@host/labs: refused"),
    ],
)
def test_a_secret_or_a_signed_url_is_never_shown(text: str, shown: str) -> None:
    assert masked(text, SPEC) == shown


@pytest.mark.parametrize("key", ["lab", "a", "5", "_hash", "lab-7", "minioadmin"])
def test_a_short_access_key_is_never_masked_in_a_text(key: str) -> None:
    text = "lab-7 of minioadmin: 5 keys below labs/_hash/lab/a: AccessDenied"

    assert masked(text, {**SPEC, "access_key": key}) == text


@pytest.mark.parametrize("secret", ["lab", "_hash", "password", "denied"])
def test_a_word_that_equals_a_secret_is_never_shredded(secret: str) -> None:
    text = "password denied below labs/_hash/lab"

    assert masked(text, {**SPEC, "secret_key": secret}) == text
    named = f"secret_key='{secret}' is wrong"
    assert masked(named, {"secret_key": secret}) == "secret_key='***' is wrong"


def test_secrets_of_other_protocols_are_never_shown() -> None:
    account = "AccountName=lab;AccountKey=c2VjcmV0LWtleQ==;EndpointSuffix=x"
    azure = {"connection_string": account, "container": "labs"}
    plugin = {"options": {"api_token": "t0k-en-7"}, "password": "hunter2", "odd": "raw"}

    assert masked("bad key c2VjcmV0LWtleQ== of lab", azure) == "bad key *** of lab"
    assert "c2VjcmV0" not in masked(account, azure)
    assert masked("raw hunter2/raw: t0k-en-7", plugin) == "raw ***/raw: ***"
