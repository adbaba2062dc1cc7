"""Scan pipelines that other releases of DataJoint wrote, and print a table.

Beside it is what each release's own collector would delete of the same stores.

Run with ``make matrix``. Each release has an environment of its own below ``.venv``,
made when it is first needed.
"""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[1] / "support"))

from djgc_widgets.collector.releases import KNOWN_DATAJOINT
from djgc_widgets.lab import (
    EmbeddedServer,
    start_mariadb,
    start_mysql,
    start_postgresql,
)

_SERVERS = ("mysql", "mariadb", "postgresql")
_OLDEST, _NEWEST = KNOWN_DATAJOINT
RELEASES = {
    _OLDEST: _SERVERS[:2],  # without PostgreSQL
    "2.1.1": _SERVERS,
    "2.2.4": _SERVERS,
    "2.3.0": _SERVERS,
    _NEWEST: _SERVERS,
}
_ROOT = Path(__file__).parents[2]
_CASES = Path(__file__).parent / "cases.py"


def environment(release: str) -> Path:
    """Return the Python of a release's environment."""
    uv, folder = _ROOT / ".venv/bin/uv", _ROOT / ".venv/matrix" / release
    python = folder / "bin/python"
    if not python.exists():
        subprocess.run([uv, "venv", "-q", "-p", sys.executable, folder], check=True)  # noqa: S603
        wanted = [f"datajoint=={release}", "numpy", "-e", _ROOT]
        install = [uv, "pip", "install", "-q", "-p", python, *wanted]
        subprocess.run(install, check=True)  # noqa: S603
    return python


def run(release: str, backend: str, server: EmbeddedServer) -> dict[str, Any]:
    """Return the result of each case."""
    login = [server.host, str(server.port), server.user, server.password]
    command = [environment(release), "-W", "ignore", _CASES, backend, *login]
    ended = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603
    if ended.returncode:
        lines = (ended.stderr + ended.stdout).splitlines()
        error = next((line for line in lines[::-1] if "Error: " in line), lines[-1])
        return {"all": {"outcome": error}}
    results: dict[str, Any] = json.loads(ended.stdout.splitlines()[-1])
    return results


def _collector(result: dict[str, Any]) -> str:
    if "losses" not in result:
        return ""
    if result["problems"]:
        return "its collector fails"
    losses = f"LOSES {result['losses']} of {result['live']} live"
    return (
        f"its collector: {losses if result['losses'] else 'keeps live objects'}, "
        f"{'deletes' if result['garbage'] else 'leaves'} garbage"
    )


def main() -> int:
    """Print the table; 1 if a case that a release can do did not come out right."""
    wrong = 0
    with (
        start_postgresql() as postgresql,
        start_mariadb() as mariadb,
        start_mysql() as mysql,
    ):
        servers = dict(zip(_SERVERS, (mysql, mariadb, postgresql), strict=True))
        for release, backends in RELEASES.items():
            for backend in backends:
                results = run(release, backend, servers[backend])
                outcomes = [result["outcome"] for result in results.values()]
                print(
                    f"DataJoint {release} on {backend}: we are right in "
                    f"{outcomes.count('ok')} of {len(results)}"
                )
                for case, result in results.items():
                    print(f"  {case:<14}{_collector(result):<50}{result['outcome']}")
                wrong += sum(not o.startswith(("ok", "n/a")) for o in outcomes)
    return int(wrong > 0)


if __name__ == "__main__":
    sys.exit(main())
