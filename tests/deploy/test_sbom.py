"""The bill of materials says what the image's lock says."""

from pathlib import Path

import pytest

from deploy import sbom
from deploy.sbom import LOCK, differences, listed, main, pinned

PACKAGE, A, B = "aiohttp@3.14.5", "a" * 64, "b" * 64


def test_f16_every_pin_of_the_image_is_understood() -> None:
    lock = LOCK.read_text("utf-8")
    packages = pinned(lock)
    assert len(packages) == sum(line[0].isalpha() for line in lock.splitlines() if "==" in line)
    assert all(packages.values()), "every package has its hashes"


def test_f16_a_bill_that_says_anything_else_is_refused() -> None:
    def bill(name: str = "aiohttp", version: str = "3.14.5", *hashes: str) -> dict[str, frozenset[str]]:
        digests = [{"alg": "SHA-256", "content": digest} for digest in hashes]
        return dict(
            listed({"components": [{"name": name, "version": version, "externalReferences": [{"hashes": digests}]}]})
        )

    lock = {PACKAGE: frozenset({A, B})}
    assert differences(lock, bill("aiohttp", "3.14.5", A)) == []
    assert differences(lock, bill("aiohttp", "3.14.5")) == [f"{PACKAGE} is listed with a hash that is not pinned"]
    assert differences(lock, bill("aiohttp", "3.14.5", A, "c" * 64)) == [
        f"{PACKAGE} is listed with a hash that is not pinned"
    ]
    assert differences(lock, bill("aiohttp", "3.14.6", A)) == [
        f"{PACKAGE} is pinned and not listed",
        "aiohttp@3.14.6 is listed and not pinned",
    ]


def test_a_file_that_is_missing_or_cannot_be_written_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit, match="2"):
        main([])
    monkeypatch.setattr(sbom, "bill_of", lambda _lock: {"components": []})
    monkeypatch.setattr(sbom, "differences", lambda _lock, _bill: [])
    assert main([str(tmp_path)]) == 1
    assert "cannot be written: Is a directory" in capsys.readouterr().err
    assert main([str(tmp_path / "sbom.json")]) == 0
