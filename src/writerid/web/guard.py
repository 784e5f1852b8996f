"""Who may ask what: the host that is meant, a password where others can reach it, sessions, and no forged forms."""

import base64
import hashlib
import hmac
import secrets

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.types import ASGIApp, Receive, Scope, Send

COOKIE = "writerid"
HEADERS = {
    "Content-Security-Policy": "default-src 'none'; img-src data:; style-src 'unsafe-inline'; form-action 'self'; "
    "base-uri 'none'; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-store",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}


class Guard:
    """Lets requests through that name the right host and, if there is one, the password; bounds what they bring."""

    def __init__(self, app: ASGIApp, hosts: set[str], password: str, most_bytes: int) -> None:
        self._app, self._hosts, self._password, self._most = app, hosts, password, most_bytes

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """See ASGI."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        request = Request(scope)
        refusal = self._refusal(request)
        if refusal:
            await refusal(scope, receive, send)
            return
        await self._app(scope, receive, send)

    def _refusal(self, request: Request) -> Response | None:
        if self._hosts and request.headers.get("host", "").rpartition("@")[2].lower() not in self._hosts:
            return PlainTextResponse("this host is not served here", 400)
        if self._password and not self._knows(request.headers.get("authorization", "")):
            return PlainTextResponse("a password is needed", 401, {"WWW-Authenticate": 'Basic realm="writerid"'})
        if request.method not in ("GET", "HEAD", "POST"):
            return PlainTextResponse("not understood", 405)
        length = request.headers.get("content-length", "0")
        if request.method == "POST" and not (length.isdigit() and int(length) <= self._most):
            return PlainTextResponse(f"too large; {self._most // 2**20} MB at most", 413)
        if request.method == "POST" and "transfer-encoding" in request.headers:
            return PlainTextResponse("its length must be told", 411)
        return None

    def _knows(self, header: str) -> bool:
        kind, _, coded = header.partition(" ")
        try:
            given = base64.b64decode(coded, validate=True).partition(b":")[2]
        except ValueError:
            return False
        return kind.lower() == "basic" and hmac.compare_digest(given, self._password.encode())


class Sessions:
    """Who is who, by a cookie; and a token for each, without which no form is taken."""

    def __init__(self) -> None:
        self._secret = secrets.token_bytes(32)

    def owner(self, request: Request) -> str:
        """Return whose request this is, a new name where it brings none of ours."""
        name, _, seal = request.cookies.get(COOKIE, "").partition(".")
        return name if name and hmac.compare_digest(seal, self._sealed("cookie", name)) else secrets.token_urlsafe(16)

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
