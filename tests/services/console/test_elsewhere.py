"""What the console asks of others is bounded, and whatever becomes of it is said in words."""

from __future__ import annotations

import httpx
import pytest
from pydantic import BaseModel

from services.console import elsewhere
from services.console.elsewhere import Away, Elsewhere
from tests.services.console.elsewhere import Played, answers


class Figures(BaseModel):
    figures: int


async def test_a_path_is_asked_for_in_its_parts_with_the_key() -> None:
    service = answers({"figures": 1})
    assert await service.elsewhere().ask_for(Figures, "trace", "a/b", "é ?", query={"q": "&"}) == Figures(figures=1)
    [request] = service.asked
    assert request.url.raw_path == b"/trace/a%2Fb/%C3%A9%20%3F?q=%26"
    assert request.headers["authorization"] == "Bearer its-key"


async def test_a_name_of_dots_leads_nowhere_else() -> None:
    service = answers({"figures": 1})
    await service.elsewhere().ask("trace", "madison", "..", ".")
    assert service.asked[0].url.raw_path == b"/trace/madison/%2E%2E/%2E"


async def test_a_refusal_is_an_answer() -> None:
    assert (await answers({"detail": "no"}, 422).elsewhere().ask("x")).status == 422


@pytest.mark.parametrize(
    "played",
    [
        answers({}, 500),
        answers({}, 503),
        answers({}, 401),
        Played(lambda _: httpx.ConnectError("refused")),
        Played(lambda _: httpx.ReadTimeout("slow")),
    ],
)
async def test_where_nothing_comes_it_is_said(played: Played) -> None:
    with pytest.raises(Away, match="The service gave no answer"):
        await played.elsewhere().ask("x")


@pytest.mark.parametrize("text", ["no json", "[" * 100_000, "{}", "null", '{"figures": "1 x"}', '{"figures": NaN}'])
async def test_what_is_not_understood_is_said(text: str) -> None:
    with pytest.raises(Away, match="The service answered something that is not understood here"):
        await Played(lambda _: httpx.Response(200, text=text)).elsewhere().ask_for(Figures, "x")


async def test_what_was_not_set_up_says_what_to_set() -> None:
    with pytest.raises(Away, match="no Prometheus: set CAREROUTE_PROMETHEUS_URL"):
        await Elsewhere("Prometheus", "CAREROUTE_PROMETHEUS_URL", None).ask("x")


async def test_an_answer_without_end_is_not_read_to_its_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(elsewhere, "MOST_BYTES", 1000)
    with pytest.raises(Away, match="more than can be taken at once: ask for a shorter period"):
        await Played(lambda _: httpx.Response(200, content=b"x" * 2000)).elsewhere().ask("x")
