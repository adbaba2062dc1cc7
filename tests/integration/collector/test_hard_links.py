"""One file of a disk may have several names: each byte is counted once."""

import os

from laboratory import Laboratory, complete, filled


def test_each_byte_of_hard_links_is_counted_once(
    postgresql_laboratory: Laboratory,
) -> None:
    laboratory = postgresql_laboratory
    filled(laboratory, range(2))
    live, other = sorted(laboratory.contents())
    orphan = f"_hash/{laboratory.name}/{'a' * 26}"
    names = [("raw", orphan), ("raw", "copy.bin"), ("derived", live)]
    for store, path in names:
        target = laboratory.store(store) / path
        target.parent.mkdir(parents=True, exist_ok=True)
        os.link(laboratory.store("raw") / live, target)
    laboratory.age()

    result = complete(laboratory)

    sizes = result.objects.set_index(["store", "path"])["size_bytes"]
    assert [sizes[name] for name in names] == [0, 0, 0]
    on_disk = len(laboratory.contents()[live]) + len(laboratory.contents()[other])
    assert result.listed_bytes == sizes.sum() == on_disk
    assert result.adds_up()
    assert result.orphans["size_bytes"].sum() == 0
    warnings = result.warnings.with_code("hard-links")
    assert {warning.where for warning in warnings} == {"store raw", "store derived"}
    pinned = result.plan(result.orphans).files
    assert pinned["size_bytes"].gt(0).all()


def test_hard_links_of_garbage_count_once_as_garbage(
    postgresql_laboratory: Laboratory,
) -> None:
    laboratory = postgresql_laboratory
    filled(laboratory, range(1))
    one, two = (f"_hash/{laboratory.name}/{letter * 26}" for letter in "ab")
    laboratory.put(one)
    os.link(laboratory.store("raw") / one, laboratory.store("raw") / two)
    laboratory.age()

    result = complete(laboratory)

    assert sorted(result.orphans["size_bytes"]) == [0, len(b"content")]
    assert result.adds_up()
