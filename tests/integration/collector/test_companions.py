"""What somebody keeps beside DataJoint's objects stays where it is."""

import pytest
from laboratory import HASH, NPY, Laboratory, complete, orphaned, outcomes, planned


@pytest.mark.parametrize("definition", [HASH, NPY])
def test_a_checksum_or_backup_beside_an_object_is_never_swept(
    anywhere: Laboratory, definition: str
) -> None:
    orphaned(anywhere, definition)
    kept = [f"{path}{end}" for path in anywhere.contents() for end in (".md5", "~")]
    for path in kept:
        anywhere.put(path)
    anywhere.age()

    result = complete(anywhere)
    receipt = planned(result).sweep()

    companions = result.objects[result.objects["reason_code"].eq("companion")]
    assert sorted(companions["path"]) == sorted(kept)
    assert companions["status"].eq("unknown").all()
    assert outcomes(receipt) == {"moved": 3}
    assert anywhere.contents().keys() >= set(kept)
