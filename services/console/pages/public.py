"""Public figures: what has been published, for everybody, with its definitions; nobody signs in."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Sequence
from http import HTTPStatus
from typing import Annotated, Any

from fastapi import APIRouter, Path, Request
from starlette.responses import HTMLResponse, Response

from services.console.elsewhere import Elsewhere
from services.console.figures import Definition, Publication, Publications, PublicRow, Publishers
from services.console.pages.look import PAGES
from services.console.pages.seat import door_of
from shared.doors.pages import Page

router = APIRouter(include_in_schema=False)
Agency = Annotated[str, Path(min_length=1, max_length=80)]
WITHHELD = "withheld"
RULE = (
    "Counts from 1 to 10 are withheld, since they may point at a person, and so are others from which they could be "
    "worked out. Percentages are made of published counts alone. What has once been published stays as it is."
)


@router.get("/public")
async def list_agencies(request: Request) -> HTMLResponse:
    """The agencies that have published anything."""
    publishers = await _reporting(request).ask_for(Publishers, "publications")
    return PAGES.show("public.html", agency="", agencies=publishers.root, publications=[])


@router.get("/public/{agency}")
async def show_published(request: Request, agency: Agency) -> HTMLResponse:
    """What an agency has published."""
    published = await _publications(request, agency)
    return PAGES.show("public.html", agency=agency, agencies=[], publications=published, rule=RULE)


@router.get("/public/{agency}/csv")
async def download_published(request: Request, agency: Agency) -> Response:
    """The same as CSV, with the definitions in lines that begin with `#`."""
    published = await _publications(request, agency)
    text = io.StringIO("".join(f"# {line}\r\n" for line in _preface(published)))
    text.seek(0, io.SEEK_END)
    csv.writer(text, lineterminator="\r\n").writerows(_rows(published))
    headers = {"Content-Disposition": 'attachment; filename="public-figures.csv"'}
    return Response(text.getvalue(), HTTPStatus.OK, headers, "text/csv; charset=utf-8")


async def _publications(request: Request, agency: str) -> Sequence[Publication]:
    """Raises Page (404) where nothing has been published under that name, whether there is such an agency or not."""
    published = (await _reporting(request).ask_for(Publications, "publications", agency)).root
    if not published:
        raise Page(HTTPStatus.NOT_FOUND, "Nothing is published here", "Nothing has been published under this name.")
    return published


def _preface(published: Sequence[Publication]) -> Iterator[str]:
    """Each definition once, with the periods that were published by it."""
    found = dict[str, tuple[Definition, list[str]]]()
    for release in published:
        for definition in release.definitions:
            found.setdefault(definition.model_dump_json(), (definition, []))[1].append(release.period)
    for definition, several in found.values():
        yield f"{definition.title} (version {definition.version}): {definition.sentence}"
        yield f"  in: {', '.join(several)}"
        yield f"  counted: {definition.numerator}; of: {definition.denominator}"
        yield f"  left out: {definition.exclusions}"
        yield f"  small counts: {definition.small_cells}"
        if definition.caveat:
            yield f"  beware: {definition.caveat}"
    yield RULE
    for release in published:
        documents = ", ".join(map(str, release.documents)) or "unknown"
        of = f"on the clocks of {release.zone.key}; programme document {documents}; published {release.published_on}"
        yield f"{release.period}: {of}"
        for table in release.tables:
            yield f"  {table.name}: {table.refused or table.sentence}"


def _rows(published: Sequence[Publication]) -> Iterator[Sequence[Any]]:
    yield ("period", "table", "row", "column", "count")
    for release in published:
        for column, count in release.totals.items():
            yield release.period, "totals", "all", column, count
        for table in release.tables:
            if table.refused:
                yield release.period, table.name, "all", "all", WITHHELD
            for row in table.rows:
                for column, count in zip(table.columns, row.cells, strict=True):
                    yield release.period, table.name, _safe(row.label), column, _shown(count)
                if row.total is not None:
                    yield release.period, table.name, _safe(row.label), "eligible", row.total
                    yield release.period, table.name, _safe(row.label), "percent", _share(row)


def _share(row: PublicRow) -> int | str:
    """In percent; of nothing there is none."""
    return _shown(row.percent) if row.percent is not None or None in row.cells else ""


def _shown(count: int | None) -> int | str:
    return WITHHELD if count is None else count


def _safe(label: str) -> str:
    """A label that no spreadsheet takes for a formula."""
    return f"'{label}" if label.startswith(("=", "+", "-", "@", "\t", "\r")) else label


def _reporting(request: Request) -> Elsewhere:
    return door_of(request).reporting
