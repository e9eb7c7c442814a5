"""A mark of the browser: a random cookie, by which organisers hear of a phone with many guests."""

import re
import secrets

from fastapi import Request, Response

from gateway.http.cookies import PHONE, is_own_page, read_cookie, set_cookie

LIFETIME_S = 365 * 24 * 3600
MARK = re.compile("[0-9a-f]{32}")


def mark_phone(request: Request, response: Response) -> str:
    """The mark of this browser, which keeps it for another year; empty for a client that is no page of ours."""
    if not is_own_page(request.scope, request.headers):
        return ""
    known = read_cookie(request.scope, request.headers, PHONE)
    mark = known if MARK.fullmatch(known) else secrets.token_hex(16)
    set_cookie(request, response, PHONE, mark, LIFETIME_S)
    return mark


def forget_phone(request: Request, response: Response) -> None:
    set_cookie(request, response, PHONE, "", 0)
