"""Who may ask what: the host that is meant, a password where others can reach it, sessions, and no forged forms."""

import base64
import hashlib
import hmac
import re
import secrets
from collections.abc import Callable, Mapping

import anyio
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

MOST_DROPPED, SECONDS = 2**30, 60  # bytes of a refused request that are taken in, and for how long
Refuse = Callable[[int, str], Response]  # from a status and what was wrong and what to do to a page
HEADERS = {
    "Content-Security-Policy": "default-src 'none'; img-src data:; style-src 'unsafe-inline'; form-action 'self'; "
    "base-uri 'none'; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",  # with no-referrer, browsers do not say that a form is from here
    "Cache-Control": "no-store",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}


class Guard:
    """Lets requests through that name the right host and, if there is one, the password; bounds what they bring.

    A request that changes something must come from a page of this host, where its browser says from which it comes.
    """

    def __init__(self, app: ASGIApp, hosts: set[str], password: str, most_bytes: int, refuse: Refuse) -> None:
        self._app, self._hosts, self._password, self._most, self._refuse = app, hosts, password, most_bytes, refuse

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """See ASGI."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        request = Request(scope)
        refusal = self._refusal(request)
        if refusal:
            await _refused(refusal, scope, receive, send)
            return
        await self._app(scope, receive, send)

    def _refusal(self, request: Request) -> Response | None:
        host = request.headers.get("host", "").rpartition("@")[2].lower()
        if self._hosts and host not in self._hosts:
            return self._refuse(400, "This address is not served here. Open the one that the program printed.")
        if self._password and not self._knows(request.headers.get("authorization", "")):
            refusal = self._refuse(401, "A password is needed: ask whoever started the program. Any user name will do.")
            refusal.headers["WWW-Authenticate"] = 'Basic realm="writerid"'
            return refusal
        if request.method not in ("GET", "HEAD", "POST"):
            return self._refuse(405, "This cannot be asked of this page.")
        if request.method != "POST":
            return None
        if not own_origin(request.headers, host):
            return self._refuse(403, "This form is not from here. Open the first page, and try again.")
        length = request.headers.get("content-length", "0")
        if not (length.isdigit() and int(length) <= self._most):
            most = f"{self._most // 2**20} MB at most at a time"
            return self._refuse(413, f"This is too large: {most}. Bring fewer pages, or smaller pictures.")
        if "transfer-encoding" in request.headers:
            return self._refuse(411, "This browser does not say how much it brings. Try another one.")
        return None

    def _knows(self, header: str) -> bool:
        kind, _, coded = header.partition(" ")
        try:
            given = base64.b64decode(coded, validate=True).partition(b":")[2]
        except ValueError:
            return False
        return kind.lower() == "basic" and hmac.compare_digest(given, self._password.encode())


async def _refused(refusal: Response, scope: Scope, receive: Receive, send: Send) -> None:
    """Answer at once, but take in what is still being sent: browsers show no answer before they have sent all."""

    async def first(message: Message) -> None:
        await send({**message, "more_body": True} if message["type"] == "http.response.body" else message)

    await refusal(scope, receive, first)
    left = MOST_DROPPED
    with anyio.move_on_after(SECONDS):
        while left > 0:
            message = await receive()
            left -= len(message.get("body", b""))
            if not message.get("more_body"):
                break
    await send({"type": "http.response.body", "body": b""})


def own_origin(headers: Mapping[str, str], host: str) -> bool:
    """Whether a request comes from a page of ours, or its browser does not say from where.

    Sec-Fetch-Site is the browser's own judgement, which holds behind another server, too; they send it only by HTTPS
    and to their own computer. Else the origin must be the host that was asked.
    """
    site, origin = headers.get("sec-fetch-site"), headers.get("origin")
    if site is not None:
        return site in ("same-origin", "none")
    return origin is None or origin.partition("://")[2].lower() == host


def cookie_name(request: Request) -> str:
    """Return the cookie's name: with the port that was asked, as browsers send it to all ports of a host."""
    port = re.search(r":([0-9]{1,5})$", request.headers.get("host", ""))
    return f"writerid-{port[1]}" if port else "writerid"


class Sessions:
    """Who is who, by a cookie; and a token for each, without which no form is taken."""

    def __init__(self) -> None:
        self._secret = secrets.token_bytes(32)

    def owner(self, request: Request) -> str:
        """Return whose request this is, a new name where it brings none of ours."""
        name, _, seal = request.cookies.get(cookie_name(request), "").partition(".")
        is_own = hmac.compare_digest(seal.encode(), self._sealed("cookie", name).encode())
        return name if name and is_own else secrets.token_urlsafe(16)

    def cookie(self, owner: str) -> str:
        """Return what is kept in the person's browser."""
        return f"{owner}.{self._sealed('cookie', owner)}"

    def token(self, owner: str) -> str:
        """Return the token that this person's forms must bring."""
        return self._sealed("form", owner)

    def is_own(self, owner: str, token: object) -> bool:
        """Whether a form that brings this token is this person's."""
        return isinstance(token, str) and hmac.compare_digest(token.encode(), self.token(owner).encode())

    def _sealed(self, use: str, name: str) -> str:
        return hmac.new(self._secret, f"{use}:{name}".encode(), hashlib.sha256).hexdigest()
