"""Links that sign in at the console of a demo that was left running: one for each kind of person."""

from __future__ import annotations

from deploy.actors.http import session
from deploy.demo.stages import Stage

PEOPLE = {
    "cleo": "dispatcher",
    "ana": "supervisor, who also manages the programme",
    "ben": "approver",
    "vera": "viewer, for the wall",
}
HEADING = "The console in a browser: each link signs in once, within a quarter of an hour; later a token does."


async def signing_in(stage: Stage, agency: str) -> str:
    """A link for each person, made with their own token, as `careroute person sign-in` does."""
    url, lines = stage.url_of("console"), [HEADING]
    async with session() as http:
        for person, role in PEOPLE.items():
            headers = {"Authorization": f"Bearer {stage.access.token(agency, person)}"}
            async with http.post(f"{url}/v1/people/me/sign-in-link", headers=headers) as answer:
                link = await answer.json()
            lines.append(f"{url}{link['path']}   {person}, {role}")
    return "\n".join(lines) + "\n"
