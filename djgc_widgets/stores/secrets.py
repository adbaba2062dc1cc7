"""Keys and signatures that no text may show; ordinary words stay as they are."""

import re
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import quote

_SECRET_NAME = re.compile(
    r"secret|passw|passphrase|pwd|credential|connection_string|token$|sas$|key$",
    re.IGNORECASE,
)
_PUBLIC_NAME = re.compile(
    r"^(?:protocol|location|bucket|container|endpoint|stage|project|account_name|.*_prefix"
    r"|partition_pattern|subfolding|token_length)$"
)
_ID_NAME = "access_key"  # half of a pair: a short one is a name like any other
_LONG = 16
_SHORT = 6
_PART = re.compile(r"(?:AccountKey|SharedAccessSignature)=([^;]+)")
_LABELED = r"(\w*(?:secret|pass|pwd|key|token|sig)\w*[\"']?\s*[=:]\s*[\"']?)"
_SIGNED = re.compile(
    r"((?:X-(?:Amz|Goog)-(?:Signature|Credential|Security-Token)|Signature|Credential"
    r"|AWSAccessKeyId|GoogleAccessId|AccountKey|sig)=)[^&;,\s\"'<>]+"
)
_USER = re.compile(r"(://[^\s/@:]*:)[^\s/@]+@")


def masked(text: str, spec: Mapping[str, Any]) -> str:
    """Return a text without the secrets of a store's settings, and of signed URLs.

    A long secret is masked wherever it stands, a short one as a whole word unless it is
    made of letters only, and any that follows its name.

    Examples
    --------
    >>> masked("denied: secret_key=abc in labs/abc", {"secret_key": "abc"})
    'denied: secret_key=*** in labs/abc'
    """
    text = _USER.sub(r"\1***@", _SIGNED.sub(r"\1***", text))
    for secret in sorted(set(_secrets(spec)), key=len, reverse=True):
        for spelling in {secret, quote(secret, safe="")}:
            text = _without(text, spelling)
    return text


def _without(text: str, secret: str) -> str:
    shown = re.escape(secret)
    if len(secret) >= _LONG:
        return text.replace(secret, "***")
    if len(secret) >= _SHORT and not secret.isalpha():
        text = re.sub(rf"(?<!\w){shown}(?!\w)", "***", text)
    return re.sub(rf"{_LABELED}{shown}(?!\w)", r"\1***", text, flags=re.IGNORECASE)


def _secrets(settings: Mapping[str, Any]) -> Iterator[str]:
    for name, value in settings.items():
        if isinstance(value, Mapping):
            yield from _secrets(value)
        elif isinstance(value, str) and _is_secret(name, value):
            yield value
            yield from _PART.findall(value)


def _is_secret(name: str, value: str) -> bool:
    if not value or _PUBLIC_NAME.search(name) or value.startswith(("/", "~")):
        return False
    if name == _ID_NAME:
        return len(value) >= _LONG
    looks_like_one = len(value) >= _LONG and re.fullmatch(r"(?=.*\d)[\w+=.-]+", value)
    return bool(_SECRET_NAME.search(name) or looks_like_one)
