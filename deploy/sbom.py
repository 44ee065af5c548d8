"""Lists what the image holds, as CycloneDX: every package that deploy/requirements.lock pins, with its hashes.

`uv` writes the list. It reads lock files of its own kind only, so it is given one that is resolved from the pins; what
it then lists has to be what they say, package by package and hash by hash.
"""

from __future__ import annotations

import argparse
import json
import re
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from deploy.local.kafka.node import CHECKOUT

LOCK = CHECKOUT / "deploy" / "requirements.lock"
Hashes = Mapping[str, frozenset[str]]
"""SHA-256 of the files of a package, by its name and version."""


def pinned(lock: str) -> Hashes:
    """What a lock file pins."""
    pins = re.finditer(r"(?m)^(?P<name>[a-z0-9-]+)==(?P<version>[^\s;]+).*\n(?P<hashes>(?:    --hash=.+\n)+)", lock)
    return {
        f"{pin['name']}@{pin['version']}": frozenset(re.findall(r"--hash=sha256:([0-9a-f]{64})", pin["hashes"]))
        for pin in pins
    }


def listed(bill: Mapping[str, Any]) -> Hashes:
    """What a bill of materials lists."""
    return {
        f"{part['name']}@{part['version']}": frozenset(
            digest["content"] for file in part.get("externalReferences", ()) for digest in file.get("hashes", ())
        )
        for part in bill["components"]
    }


def differences(lock: Hashes, bill: Hashes) -> list[str]:
    """Where a bill says anything else than the lock; the lock may have files that no machine of ours can use."""
    missing = [f"{package} is pinned and not listed" for package in lock if package not in bill]
    more = [f"{package} is listed and not pinned" for package in bill if package not in lock]
    other = [
        f"{package} is listed with a hash that is not pinned"
        for package in bill
        if package in lock and not (bill[package] and bill[package] <= lock[package])
    ]
    return [*missing, *more, *other]


def bill_of(lock: str) -> dict[str, Any]:
    """The bill of materials of a lock file. Raises CalledProcessError where uv cannot make it."""
    lines = re.findall(r"(?m)^([a-z0-9-]+==[^\\\n]+?) *\\$", lock)
    uv = str(Path(sys.executable).parent / "uv")
    with tempfile.TemporaryDirectory() as folder:
        project = '[project]\nname = "careroute"\nversion = "0.1.0"\nrequires-python = ">=3.11"\n'
        (Path(folder) / "pyproject.toml").write_text(f"{project}dependencies = {json.dumps(lines)}\n", "utf-8")
        subprocess.run([uv, "lock", "--quiet"], cwd=folder, check=True)  # ours
        export = [uv, "export", "--quiet", "--frozen", "--preview-features", "sbom-export", "--format", "cyclonedx1.5"]
        told = subprocess.run(export, cwd=folder, check=True, capture_output=True)  # ours
    bill: dict[str, Any] = json.loads(told.stdout)
    return bill


def main(arguments: Sequence[str] | None = None) -> int:
    """0 when the bill is written and says what the lock says, 1 otherwise, 2 for wrong usage."""
    parser = argparse.ArgumentParser(prog="python -m deploy.sbom", description=__doc__)
    parser.add_argument("file", type=Path, help="where the list is written to")
    path: Path = parser.parse_args(arguments).file
    lock = LOCK.read_text("utf-8")
    bill = bill_of(lock)
    wrong = differences(pinned(lock), listed(bill))
    sys.stderr.write("".join(f"{fault}\n" for fault in wrong))
    if wrong:
        return 1
    try:
        path.write_text(json.dumps(bill, indent=1) + "\n", "utf-8")
    except OSError as error:
        sys.stderr.write(f"{path} cannot be written: {error.strerror}\n")
        return 1
    sys.stdout.write(f"{path}: {len(bill['components'])} packages\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
