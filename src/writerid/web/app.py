"""The pages: who wrote this, compare two, the writers; each is rendered here and works without scripts."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from functools import partial
from itertools import islice
from pathlib import Path, PurePath
from typing import Any

import anyio
from filelock import FileLock
from starlette.applications import Starlette
from starlette.datastructures import FormData, UploadFile
from starlette.exceptions import HTTPException
from starlette.formparsers import MultiPartException, MultiPartParser
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.routing import Route

from writerid.base.errors import InputError, of_system, shown
from writerid.identifier import evidence
from writerid.identifier.bundle import ENROLLED, SETTINGS, claim
from writerid.identifier.identify import Identifier, only
from writerid.identifier.scans import Scan, read_image
from writerid.web.guard import HEADERS, Guard, Sessions, cookie_name
from writerid.web.pages import numbered, preview, render
from writerid.web.shelf import Document, Shelf

MOST_BYTES, MOST_FILES = 60 * 2**20, 12  # of one form
MOST_PAGES = 30  # at a time
AT_ONCE = 2  # documents that are worked on at a time; others wait
FAILED = "That did not work"
MultiPartParser.spool_max_size = MOST_BYTES  # what is brought stays in memory


class Site:
    """All pages, about the identifier of a folder; people are enrolled into another."""

    def __init__(self, folder: Path, people: Path) -> None:
        self._folder, self._people = folder, people
        self._shelf, self._sessions = Shelf(), Sessions()
        self._limit = anyio.CapacityLimiter(AT_ONCE)
        self._loaded: tuple[tuple[str, int], Identifier] | None = None
        self.identifier()

    def identifier(self) -> Identifier:
        """The identifier as it stands in its folder now, people among it once some are enrolled."""
        place = self._people if (self._people / SETTINGS).is_file() else self._folder
        stamp = (str(place), (place / SETTINGS).stat().st_mtime_ns if (place / SETTINGS).is_file() else 0)
        if self._loaded is None or self._loaded[0] != stamp:
            try:
                self._loaded = stamp, Identifier.load(place)
            except InputError:
                if self._loaded is None:  # else it is being written just now, or was damaged: the last one still holds
                    raise
        return self._loaded[1]

    async def home(self, request: Request) -> Response:
        """The form that a scan is brought by."""
        return self._page(request, "home.html", "Who wrote this page?")

    async def identify(self, request: Request) -> Response:
        """Take scans; the answer is a page of its own."""
        form = await self._form(request)
        scans = await self._scans(form, "scans")
        key = self._shelf.put(_name(scans), scans, self._sessions.owner(request))
        return self._redirect(request, f"/document/{key}")

    async def document(self, request: Request) -> Response:
        """The answer about a document, its lines, and the evidence."""
        document = self._document(request)
        identifier = self.identifier()
        usable = any(not line.problem for scan in document.scans for line in scan.lines)
        chosen = only(document.scans, document.chosen) if usable else document.scans  # else it says why none is
        found = await self._work(lambda: evidence.gather(identifier, document.name, chosen))
        pages = await self._work(lambda: [preview(scan, first, document) for scan, first in numbered(document.scans)])
        values: dict[str, Any] = {
            "evidence": found,
            "document": document,
            "pages": pages,
            "unmarked": usable and not document.chosen,
            "key": request.path_params["key"],
        }
        return self._page(request, "document.html", f"Who wrote {document.name}?", **values)

    async def lines(self, request: Request) -> Response:
        """Take which lines count."""
        document, form = self._document(request), await self._form(request)
        marked, lines = form.getlist("line"), sum(len(scan.lines) for scan in document.scans)
        document.chosen = {number for number in range(lines) if str(number) in marked}
        return self._redirect(request, f"/document/{request.path_params['key']}")

    async def enrol(self, request: Request) -> Response:
        """Enrol the writer of a document."""
        document, form = self._document(request), await self._form(request)
        name, chosen = str(form.get("name", "")), only(document.scans, document.chosen)
        await self._work(lambda: self._change(lambda identifier: identifier.enrol(name, chosen)))
        return self._redirect(request, "/writers")

    async def forget(self, request: Request) -> Response:
        """Forget a writer."""
        form = await self._form(request)
        name = str(form.get("name", ""))
        await self._work(lambda: self._change(lambda identifier: identifier.forget(name)))
        return self._redirect(request, "/writers")

    async def writers(self, request: Request) -> Response:
        """The writers that are known."""
        identifier = self.identifier()
        taking_part = {identifier.writers[place].name for place in identifier.candidates}
        values: dict[str, Any] = {"writers": identifier.writers, "lines": identifier.lines, "taking_part": taking_part}
        return self._page(request, "writers.html", "Known writers", **values)

    async def compare(self, request: Request) -> Response:
        """The form for two documents."""
        return self._page(request, "compare.html", "Did one person write both?", found=None)

    async def compared(self, request: Request) -> Response:
        """Compare two documents."""
        form = await self._form(request)
        one, other = await self._scans(form, "one"), await self._scans(form, "other")
        identifier = self.identifier()
        found = await self._work(lambda: identifier.compare_scans(_name(one), one, _name(other), other))
        return self._page(request, "compare.html", "Did one person write both?", found=found)

    async def about(self, request: Request) -> Response:
        """The model card, and how many people were enrolled since it was written."""
        own = self.identifier()
        enrolled = sum(writer.kind == ENROLLED for writer in own.writers)
        return self._page(request, "about.html", "About this identifier", card=own.bundle.card, enrolled=enrolled)

    @asynccontextmanager
    async def open(self, _app: Starlette) -> AsyncIterator[None]:
        """While the page is served, what is late is dropped."""
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(self._shelf.keep_short)
            yield
            tasks.cancel_scope.cancel()

    def failed(self, request: Request, error: Exception) -> Response:
        """Say what went wrong; nothing of the program's inside is shown."""
        status, message = 500, "Something went wrong here. The scan may be of a kind that was never tried."
        if isinstance(error, InputError):
            status, message = 400, str(error)
        elif isinstance(error, HTTPException):
            status, message = error.status_code, error.detail
        elif isinstance(error, MemoryError):
            message = "There was not enough memory for this scan."
        elif isinstance(error, OSError) and error.errno is not None:
            message = of_system(error)
        return self._page(request, "failed.html", FAILED, status=status, message=message)

    def _change(self, change: Callable[[Identifier], Identifier]) -> None:
        before = self.identifier()
        changed = change(before)  # what is refused leaves no folder behind
        claim(self._people)
        with FileLock(self._people / ".lock"):
            now = self.identifier()  # somebody may have been quicker
            (changed if now is before else change(now)).save(self._people)

    async def _work(self, work: Callable[[], Any]) -> Any:
        return await anyio.to_thread.run_sync(work, limiter=self._limit)

    def _document(self, request: Request) -> Document:
        document = self._shelf.get(request.path_params["key"], self._sessions.owner(request))
        if document is None:
            raise HTTPException(404, "This document is no longer here. Documents are dropped after half an hour.")
        return document

    async def _form(self, request: Request) -> FormData:
        try:
            form = await request.form(max_files=MOST_FILES, max_fields=5000)
        except MultiPartException as error:
            raise HTTPException(400, error.message) from None
        if not self._sessions.is_own(self._sessions.owner(request), form.get("token")):
            raise HTTPException(403, "This form is too old, or not from here. Open the page anew.")
        return form

    async def _scans(self, form: FormData, field: str) -> list[Scan]:
        brought = [each for each in form.getlist(field) if isinstance(each, UploadFile) and each.filename]
        if not brought:
            raise HTTPException(400, "Choose a picture or a PDF file first.")
        scans: list[Scan] = []
        for file in brought:
            data = await file.read()
            name = shown(PurePath(str(file.filename).replace("\\", "/")).name[:100]) or "scan"
            scans += await self._work(partial(_read, data, name, MOST_PAGES - len(scans)))
        return scans

    def _page(self, request: Request, template: str, title: str, *, status: int = 200, **values: Any) -> Response:
        owner = self._sessions.owner(request)
        token = self._sessions.token(owner)
        content = render(template, title=title, token=token, path=request.url.path, **values)
        return self._with_cookie(HTMLResponse(content, status), request, owner)

    def _redirect(self, request: Request, path: str) -> Response:
        return self._with_cookie(RedirectResponse(path, 303), request, self._sessions.owner(request))

    def _with_cookie(self, response: Response, request: Request, owner: str) -> Response:
        response.headers.update(HEADERS)
        response.set_cookie(cookie_name(request), self._sessions.cookie(owner), httponly=True, samesite="strict")
        return response


def make(folder: Path, people: Path, hosts: set[str], password: str = "") -> Starlette:
    """Return the application. `hosts`: what the Host header may be, any if empty; `password`: none if empty."""
    site = Site(folder, people)
    ways: list[tuple[str, str, Callable[[Request], Awaitable[Response]]]] = [
        ("GET", "/", site.home),
        ("POST", "/identify", site.identify),
        ("GET", "/document/{key}", site.document),
        ("POST", "/document/{key}/lines", site.lines),
        ("POST", "/document/{key}/enrol", site.enrol),
        ("GET", "/writers", site.writers),
        ("POST", "/forget", site.forget),
        ("GET", "/compare", site.compare),
        ("POST", "/compare", site.compared),
        ("GET", "/about", site.about),
    ]
    return Starlette(
        routes=[Route(path, way, methods=[method]) for method, path, way in ways],
        middleware=[Middleware(Guard, hosts=hosts, password=password, most_bytes=MOST_BYTES, refuse=refused)],
        exception_handlers=dict.fromkeys((InputError, HTTPException, OSError, Exception), site.failed),
        lifespan=site.open,
    )


def refused(status: int, message: str) -> Response:
    """Return a page for a request that goes no further, without anything that is somebody's."""
    content = render("failed.html", title=FAILED, path="", message=message)
    return HTMLResponse(content, status, HEADERS)


def _read(data: bytes, name: str, most: int) -> list[Scan]:
    found = list(islice(read_image(data, name), most + 1))
    if len(found) > most:
        raise InputError(f"{name}: more than {MOST_PAGES} pages at a time; bring fewer, or use the command")
    return found


def _name(scans: list[Scan]) -> str:
    return ", ".join(dict.fromkeys(scan.name for scan in scans[:3])) + (", ..." if len(scans) > 3 else "")
