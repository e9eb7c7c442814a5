"""A random id of the browser in a cookie, which reveals phones with many guests to organisers."""

import re
import secrets

from fastapi import Request, Response

from gateway.http.cookies import PHONE, is_own_page, read_cookie, set_cookie

LIFETIME_S = 365 * 24 * 3600
MARK = re.compile("[0-9a-f]{32}")


def mark_phone(request: Request, response: Response) -> str:
    """The id of this browser, renewed for another year; empty if the request does not come from one of our pages."""
    if not is_own_page(request.scope, request.headers):
        return ""
    known = read_cookie(request.scope, request.headers, PHONE)
    mark = known if MARK.fullmatch(known) else secrets.token_hex(16)
    set_cookie(request, response, PHONE, mark, LIFETIME_S)
    return mark


def forget_phone(request: Request, response: Response) -> None:
    set_cookie(request, response, PHONE, "", 0)
