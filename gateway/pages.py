"""Serves the built web pages: pages are revalidated, assets have a hash of their content in their names."""

import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from hashlib import blake2b
from pathlib import Path

from fastapi import APIRouter, Request, Response
from starlette.exceptions import HTTPException

from gateway.errors.problem import Problem
from gateway.http.ranges import is_known

WEB = Path(__file__).parent / "web" / "dist"
PAGES = {
    # The code may be a whole address, pasted from a poster.
    "guest": (
        "/",
        "/e/{code:path}",
        "/E/{code:path}",
        "/my/{event_id}",
        "/sign-in",
        "/unsubscribe",
        "/password",
        "/email",
    ),
    "organiser": (
        "/organiser",
        "/organiser/new",
        "/organiser/account",
        "/organiser/events/{event_id}",
        "/organiser/events/{event_id}/{tab}",
        "/organiser/invitation",
    ),
}
FOR_PROGRAMS = ("api", "assets", "healthz", "readyz", "metrics", "openapi.json")
LANGUAGES = ("en", "fr")
LANGUAGE_COOKIE = "minois_lang"
TYPES = {
    ".html": "text/html; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".svg": "image/svg+xml",
    ".webmanifest": "application/manifest+json",
}
# Made by the build, the smaller one first.
ENCODINGS = {"br": ".br", "gzip": ".gz"}
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob: data:; media-src 'self' blob:; "
    "connect-src 'self'; manifest-src 'self'; worker-src 'self'; form-action 'self'; base-uri 'none'; "
    "frame-ancestors 'none'"
)
PAGE_HEADERS = {
    "Content-Security-Policy": POLICY,
    "Permissions-Policy": "camera=(self), microphone=(), geolocation=()",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cache-Control": "no-cache",
    "Vary": "Accept-Language, Cookie",
}
Answer = Callable[[Request, Exception], Awaitable[Response]]
ROOT_MARK = "{{root}}"
PREFERENCE = re.compile(r"\s*([A-Za-z]{1,8})(?:-[A-Za-z0-9]+)*\s*(?:;\s*q=([01](?:\.\d{0,3})?)\s*)?")


@dataclass(frozen=True)
class Asset:
    """A file in every encoding that the build made of it; `""` is the file itself."""

    media_type: str
    bodies: dict[str, bytes]


class Pages:
    """The files of a folder of the build, read once."""

    def __init__(self, folder: Path) -> None:
        files = sorted((folder / "assets").glob("*"))
        self._assets = {path.name: _read_asset(path) for path in files if path.suffix in TYPES}
        self._html = {(page, lang): _read(folder / f"{page}.{lang}.html") for page in PAGES for lang in LANGUAGES}
        self._docs = _read(folder / "docs.html")

    async def show_guest(self, request: Request) -> Response:
        return _show(request, self._html["guest", choose_language(request)])

    async def show_organiser(self, request: Request) -> Response:
        return _show(request, self._html["organiser", choose_language(request)])

    async def show_docs(self, request: Request) -> Response:
        return _show(request, self._docs)

    def show_unknown(self, request: Request) -> Response:
        """The guest page, which shows that the address was not found."""
        return _show(request, self._html["guest", choose_language(request)], status=404)

    async def send_asset(self, name: str, request: Request) -> Response:
        asset = self._assets.get(name)
        if asset is None:
            raise Problem(404, "not_found", "There is nothing at this address.")
        encoding = next((known for known in asset.bodies if accepts(request, known)), "")
        headers = {"Cache-Control": "public, max-age=31536000, immutable", "Vary": "Accept-Encoding"}
        if encoding:
            headers["Content-Encoding"] = encoding
        return Response(asset.bodies[encoding], media_type=asset.media_type, headers=headers)


def create_router(pages: Pages, shows_docs: bool = True) -> APIRouter:
    router = APIRouter(include_in_schema=False)
    for page, endpoint in (("guest", pages.show_guest), ("organiser", pages.show_organiser)):
        for path in PAGES[page]:
            for form in (path,) if path.endswith(("/", ":path}")) else (path, f"{path}/"):
                router.add_api_route(form, endpoint, methods=["GET"])
    if shows_docs:
        router.add_api_route("/docs", pages.show_docs, methods=["GET"])
    router.add_api_route("/assets/{name}", pages.send_asset, methods=["GET"])
    return router


def answer_errors(pages: Pages, answer_problem: Answer) -> Answer:
    """Answers with a page if a browser opens an address that does not exist, else with `answer_problem`."""

    async def answer(request: Request, problem: Exception) -> Response:
        if not (_is_unknown_address(problem) and is_for_people(request)):
            return await answer_problem(request, problem)
        try:
            return pages.show_unknown(request)
        except Problem as missing:
            return await answer_problem(request, missing)

    return answer


def _show(request: Request, page: str | None, status: int = 200) -> Response:
    if page is None:
        raise Problem(503, "pages_missing", "The pages are not built: run `make pages`. The REST interface works.")
    body = page.replace(ROOT_MARK, request.scope.get("root_path", "")).encode()
    headers = {**PAGE_HEADERS, "ETag": f'"{blake2b(body, digest_size=12).hexdigest()}"'}
    if status == 200 and is_known(request.headers.get("if-none-match", ""), headers["ETag"]):
        return Response(status_code=304, headers=headers)
    return Response(body, status, media_type=TYPES[".html"], headers=headers)


def is_for_people(request: Request) -> bool:
    """Whether the browser navigates to the response as a document."""
    place = request.scope["path"].removeprefix(request.scope.get("root_path", "")).split("/")[1:2]
    return "text/html" in request.headers.get("accept", "") and not set(place) & set(FOR_PROGRAMS)


def _is_unknown_address(problem: Exception) -> bool:
    """Whether the framework raised it, not one of our routes."""
    return isinstance(problem, HTTPException) and not isinstance(problem, Problem) and problem.status_code == 404


def choose_language(request: Request) -> str:
    """The one chosen on the page, else the best of those that the browser prefers (RFC 9110, 12.5.4)."""
    chosen = request.cookies.get(LANGUAGE_COOKIE, "")
    if chosen in LANGUAGES:
        return chosen
    weights: dict[str, float] = {}
    for entry in request.headers.get("accept-language", "").split(","):
        if found := PREFERENCE.fullmatch(entry):
            language = found[1].lower()
            weights[language] = max(weights.get(language, 0), float(found[2] or 1))
    best = max(LANGUAGES, key=lambda language: weights.get(language, 0))
    return best if weights.get(best) else LANGUAGES[0]


def accepts(request: Request, encoding: str) -> bool:
    names = [entry.partition(";")[0].strip() for entry in request.headers.get("accept-encoding", "").split(",")]
    return encoding in names


def _read_asset(path: Path) -> Asset:
    encoded = {name: path.with_name(path.name + suffix) for name, suffix in ENCODINGS.items()}
    bodies = {name: file.read_bytes() for name, file in encoded.items() if file.exists()}
    return Asset(TYPES[path.suffix], {**bodies, "": path.read_bytes()})


def _read(path: Path) -> str | None:
    return path.read_text("utf-8") if path.exists() else None
