"""The page, served from this computer."""

import os
import secrets
import socket
import sys
import threading
import webbrowser
from pathlib import Path

from writerid.base.errors import InputError

LOOPBACK = ("127.0.0.1", "localhost", "::1")
PASSWORD = "WRITERID_PASSWORD"  # the environment variable that may hold it


def serve(folder: Path, people: Path, host: str, port: int, *, browser: bool) -> None:
    """Serve the page until it is interrupted.

    Only this computer reaches it, unless `host` is another address: then a password is needed, from the environment
    variable WRITERID_PASSWORD, or else one that is made up and printed.

    Raises InputError where there is no identifier, there can be no such port, or it is taken.
    """
    if not 1 <= port <= 65535:
        raise InputError(f"port {port} cannot be used; name one from 1 to 65535 by --port")
    import uvicorn

    from writerid.web.app import make

    own = host in LOOPBACK
    password = "" if own else os.environ.get(PASSWORD) or secrets.token_urlsafe(9)
    names = {*LOOPBACK, "[::1]"} if own else set()
    app = make(folder, people, {f"{name}:{port}" for name in names} | (names if port == 80 else set()), password)
    with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except (OSError, TypeError) as error:  # TypeError: it cannot be a host's name
            raise InputError(f"port {port} of {host} cannot be used ({error}); name another by --port") from None
    address = f"http://{f'[{host}]' if ':' in host else host}:{port}/"
    print(f"the page is at {address}; Ctrl-C ends it", flush=True)
    if password:
        given = f"that of {PASSWORD}" if os.environ.get(PASSWORD) else password
        print(f"any user name, password {given}; it goes over the network unencrypted", file=sys.stderr, flush=True)
    if browser and own:
        threading.Timer(1.0, webbrowser.open, [address]).start()
    uvicorn.run(app, host=host, port=port, log_level="warning", access_log=False, server_header=False)
