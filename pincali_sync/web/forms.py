"""Forms that decide: who may send one, and what it says."""

from __future__ import annotations

from collections.abc import Mapping

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse

from pincali_sync.web.shield import is_from_elsewhere
from pincali_sync.web.site import MESSAGES, site_of
from pincali_sync.web.tokens import Answer

# Who a decision taken here is by, in the database and in the log.
DASHBOARD = "dashboard"
MAX_BODY_BYTES = 16_384
_MAX_FIELDS = 10

_FROM_ELSEWHERE = (
    "The form was not sent from a page of this dashboard. Behind a proxy, have it pass on the "
    "Host header that the browser sent."
)
_NOT_SET = (
    "This dashboard decides nothing: set WEB_TOKEN (at least 16 characters) and start it again, "
    "or use the command line."
)
_WRONG = "That is not the token. Nothing was done. Go back and try again."
_TOO_MANY = "Too many wrong tokens within a minute. Nothing was done. Wait, then try again."


async def trusted_form(request: Request) -> Mapping[str, str]:
    """The fields of a form whose sender may decide.

    Raises:
        HTTPException: 403 for another site's form, a wrong token or where none is set; 429 after
            too many wrong ones.
    """
    if is_from_elsewhere(request):
        raise HTTPException(403, _FROM_ELSEWHERE)
    async with request.form(max_files=0, max_fields=_MAX_FIELDS) as form:
        fields = {name: value for name, value in form.items() if isinstance(value, str)}
    check = site_of(request).guard.check(fields.get("token", ""))
    match check.answer:
        case Answer.NOT_SET:
            raise HTTPException(403, _NOT_SET)
        case Answer.WRONG:
            raise HTTPException(403, _WRONG)
        case Answer.TOO_MANY:
            headers = {"Retry-After": str(check.retry_after_seconds)}
            raise HTTPException(429, _TOO_MANY, headers=headers)
    return fields


def done(path: str, message: str) -> RedirectResponse:
    """On to a page that says what was done; reloading it does nothing again."""
    assert message in MESSAGES
    return RedirectResponse(f"{path}?said={message}", status_code=303)
