"""Somebody with a browser, and the page that they visit."""

import http.client
import re
import secrets
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple
from urllib.parse import urlencode

import uvicorn

from writerid.web.app import make

PATIENCE = 600  # seconds


class Answer(NamedTuple):
    status: int
    text: str
    location: str


class Visitor:
    """Somebody with a browser of their own."""

    def __init__(self, port: int) -> None:
        self.port, self.cookie, self.token = port, "", ""

    def ask(self, method: str, path: str, body: bytes = b"", **headers: str) -> Answer:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=PATIENCE)
        sent = {"Cookie": self.cookie, **{name.replace("_", "-"): value for name, value in headers.items()}}
        connection.request(method, path, body, sent)
        response = connection.getresponse()
        text = response.read().decode()
        self.cookie = (response.getheader("set-cookie") or self.cookie).partition(";")[0]
        self.token = next(iter(re.findall(r'name="token" value="(\w+)"', text)), self.token)
        return Answer(response.status, text, response.getheader("location") or "")

    def headers(self, method: str, path: str, **headers: str) -> http.client.HTTPMessage:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=PATIENCE)
        connection.request(method, path, headers=headers)
        return connection.getresponse().headers

    def bring(self, path: str, files: list[tuple[str, str, bytes]]) -> Answer:
        mark = secrets.token_hex(8)
        parts = [f'--{mark}\r\nContent-Disposition: form-data; name="token"\r\n\r\n{self.token}\r\n'.encode()]
        for field, name, content in files:
            head = f'--{mark}\r\nContent-Disposition: form-data; name="{field}"; filename="{name}"\r\n\r\n'
            parts.append(head.encode() + content + b"\r\n")
        body = b"".join(parts) + f"--{mark}--\r\n".encode()
        return self.ask("POST", path, body, Content_Type=f"multipart/form-data; boundary={mark}")

    def send(self, path: str, fields: list[tuple[str, str]]) -> Answer:
        body = urlencode([("token", self.token), *fields]).encode()
        return self.ask("POST", path, body, Content_Type="application/x-www-form-urlencoded")

    def identify(self, content: bytes, name: str = "scan.png") -> Answer:
        self.ask("GET", "/")
        answer = self.bring("/identify", [("scans", name, content)])
        assert answer.status == 303, answer.text
        return Answer(*self.ask("GET", answer.location)[:2], answer.location)


@contextmanager
def served(folder: Path, password: str = "") -> Iterator[int]:
    with socket.socket() as door:
        door.bind(("127.0.0.1", 0))
        door.listen(100)
        port = int(door.getsockname()[1])
        app = make(folder / "identifier", folder / "people", {f"127.0.0.1:{port}"}, password)
        server = uvicorn.Server(uvicorn.Config(app, log_level="critical"))
        thread = threading.Thread(target=server.run, kwargs={"sockets": [door]})
        thread.start()
        try:
            yield port
        finally:
            server.should_exit = True
            thread.join()
