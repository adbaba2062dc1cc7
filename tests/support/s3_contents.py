"""What a store on S3 holds, in its trash and outside of it."""

from datetime import datetime

from laboratory import Laboratory


def outside_trash(lab: Laboratory) -> dict[str, bytes]:
    return both_sides(lab)[0]


def in_trash(lab: Laboratory) -> dict[str, bytes]:
    return both_sides(lab)[1]


def both_sides(lab: Laboratory) -> tuple[dict[str, bytes], dict[str, bytes]]:
    """Return what is outside of the trash, and in it, by path, in one look."""
    outside, inside = {}, {}
    for path, content in lab.contents().items():
        _, found, former = path.partition("/objects/")
        if not path.startswith("_trash/"):
            outside[path] = content
        elif found:
            inside[former] = content
    return outside, inside


def describe(lab: Laboratory, path: str) -> dict[str, object]:
    """Write an object again, with all that S3 keeps beside its bytes."""
    assert lab.s3 is not None
    spec = lab.config.stores["raw"]
    lab.s3.client().put_object(
        Bucket=spec["bucket"],
        Key=f"{spec['location']}/{path}",
        Body=lab.contents()[path],
        Metadata={"rig": "two"},
        ContentType="application/x-lab",
        CacheControl="max-age=5",
        ContentDisposition="attachment",
        Tagging="subject=7&note=a%20b",
        StorageClass="STANDARD_IA",
    )
    return description_of(lab, path)


def modified(lab: Laboratory, path: str) -> datetime:
    """Return when an object was written, by the server's clock."""
    assert lab.s3 is not None
    spec = lab.config.stores["raw"]
    where = {"Bucket": spec["bucket"], "Key": f"{spec['location']}/{path}"}
    written: datetime = lab.s3.client().head_object(**where)["LastModified"]
    return written


def description_of(lab: Laboratory, path: str) -> dict[str, object]:
    assert lab.s3 is not None
    client, spec = lab.s3.client(), lab.config.stores["raw"]
    where = {"Bucket": spec["bucket"], "Key": f"{spec['location']}/{path}"}
    head = client.head_object(**where)
    names = ("Metadata", "ContentType", "CacheControl", "ContentDisposition")
    described = {name: head[name] for name in (*names, "StorageClass")}
    tags = client.get_object_tagging(**where)["TagSet"]
    return {**described, "tags": {tag["Key"]: tag["Value"] for tag in tags}}
