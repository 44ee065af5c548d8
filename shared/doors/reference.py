"""`/docs`: a door's OpenAPI document as a page, made here, without a script and with nothing from elsewhere."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from jinja2 import Environment
from starlette.responses import HTMLResponse

HEADERS = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": (
        "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    ),
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}
_PAGE = Environment(autoescape=True, trim_blocks=True, lstrip_blocks=True).from_string("""<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>{{ info.title }}</title>
<style>
:root { color-scheme: light dark }
body { font: 1rem/1.5 system-ui, sans-serif; max-width: 60rem; margin: 2rem auto; padding: 0 1rem }
pre { white-space: pre-wrap; font: inherit } td { vertical-align: top; padding-right: 1rem }
</style>
</head>
<body>
<h1>{{ info.title }}</h1>
<pre>{{ info.description }}</pre>
<p>For programs: <a href="/openapi.json">/openapi.json</a></p>
<h2>Requests</h2>
{% for method, path, about in operations %}
<h3 id="{{ method }} {{ path }}">{{ method }} {{ path }}</h3>
<pre>{{ about.description or about.summary }}</pre>
{% for body in about.bodies %}
<p>Body: <a href="#{{ body }}">{{ body }}</a></p>
{% endfor %}
{% endfor %}
{% if messages %}
<h2>Messages</h2>
{% endif %}
{% for name, about in messages %}
<h3 id="{{ name }}">{{ name }}</h3>
<pre>{{ about.description }}</pre>
{% for body in about.bodies %}
<p>Data: <a href="#{{ body }}">{{ body }}</a></p>
{% endfor %}
{% endfor %}
<h2>Shapes</h2>
{% for name, shape in shapes %}
<h3 id="{{ name }}">{{ name }}</h3>
<pre>{{ shape.description }}</pre>
<table>
{% for field, about in (shape.properties or {}).items() %}
<tr><td><code>{{ field }}</code>{{ " *" if field in (shape.required or []) }}</td><td>{{ about.description }}</td></tr>
{% endfor %}
</table>
{% endfor %}
<p>* has to be given</p>
</body>
</html>
""")


def reference_page(document: Mapping[str, Any]) -> HTMLResponse:
    """What can be asked of a door, what it posts elsewhere, and every field of both."""
    shapes = document.get("components", {}).get("schemas", {})
    page = _PAGE.render(
        info=document["info"],
        operations=list(_operations(document["paths"])),
        messages=[(name, about) for _, name, about in _operations(document.get("webhooks", {}))],
        shapes=sorted(shapes.items()),
    )
    return HTMLResponse(page, headers=HEADERS)


def _operations(paths: Mapping[str, Any]) -> Iterator[tuple[str, str, dict[str, Any]]]:
    for path, methods in paths.items():
        for method, about in methods.items():
            yield method.upper(), path, {**about, "bodies": sorted(_references(about.get("requestBody", {})))}


def _references(part: Any) -> set[str]:
    """The names of the shapes that a part refers to."""
    if isinstance(part, Mapping):
        own = {part["$ref"].rpartition("/")[2]} if isinstance(part.get("$ref"), str) else set()
        return own.union(*map(_references, part.values()))
    return set().union(*map(_references, part)) if isinstance(part, list) else set()
