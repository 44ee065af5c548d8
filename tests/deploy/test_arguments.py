"""Numbers on a command line that nobody can work with are refused."""

from __future__ import annotations

import runpy
import sys
from argparse import ArgumentTypeError
from pathlib import Path

import pytest

from deploy.arguments import above_zero, amounts, counts, from_one, from_zero


@pytest.mark.parametrize("text", ["nan", "-nan", "inf", "-inf", "1e999", "0", "-0.0", "-1", "", "one", "1,5"])
def test_an_amount_is_a_number_above_zero_that_has_an_end(text: str) -> None:
    with pytest.raises(ArgumentTypeError, match="is no number above 0"):
        above_zero(text)


@pytest.mark.parametrize("text", ["0", "-1", "nan", "1.5", "", "two"])
def test_a_count_is_a_whole_number_from_one_on(text: str) -> None:
    with pytest.raises(ArgumentTypeError, match="is no whole number from 1 on"):
        from_one(text)


def test_what_can_be_worked_with_is_taken() -> None:
    assert (above_zero("0.5"), from_one("3"), from_zero("0")) == (0.5, 3, 0)
    assert (amounts("1,80.5"), counts("80,800")) == ((1.0, 80.5), (80, 800))


def test_one_of_several_that_is_none_refuses_them_all() -> None:
    with pytest.raises(ArgumentTypeError, match="'nan' is no number"):
        amounts("1,nan")
    with pytest.raises(ArgumentTypeError, match="'0' is no whole number"):
        counts("80,0")


@pytest.mark.parametrize("name", ["shared.contracts", "deploy.diagram", "deploy.grafana", "deploy.kubernetes"])
def test_who_asks_what_writes_files_is_told_and_nothing_is_written(
    name: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def write(path: Path, *_args: object) -> int:
        raise AssertionError(path)

    monkeypatch.setattr(Path, "write_text", write)
    monkeypatch.setattr(sys, "argv", [name, "--help"])
    monkeypatch.delitem(sys.modules, name, raising=False)
    with pytest.raises(SystemExit) as ended:
        runpy.run_module(name, run_name="__main__")
    assert ended.value.code == 0
    assert f"usage: python -m {name}" in capsys.readouterr().out
