"""What pages load beside themselves, as small as it can be."""

from __future__ import annotations

import base64

from starlette.requests import Request
from starlette.responses import Response

# One transparent pixel.
_PIXEL = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNkYPhfDwAChwGA60e6kgAAAABJRU5ErkJggg=="
)
_STYLE = (
    b'@font-face{font-family:"Icons";src:url("/assets/icons.woff2") format("woff2")}'
    b'.d-none,.hidden{display:none}.fal,.fas,.far{font-family:"Icons"}'
    b".property__media{background:url(/assets/pin-hidden.svg)}"
)
_DRAWING = b'<svg xmlns="http://www.w3.org/2000/svg" width="1" height="1"/>'
_SCRIPT = b"window.standin = true;\n"
_TYPES = {
    "css": ("text/css", _STYLE),
    "js": ("text/javascript", _SCRIPT),
    "svg": ("image/svg+xml", _DRAWING),
    "woff2": ("font/woff2", b""),
}


async def tiny_image(_: Request) -> Response:
    """Any photo."""
    return Response(_PIXEL, media_type="image/png", headers={"Cache-Control": "max-age=86400"})


async def asset_response(request: Request) -> Response:
    """A stylesheet, script, drawing or font by the ending of its name; else 404."""
    kind = _TYPES.get(request.path_params["name"].rpartition(".")[2])
    if kind is None:
        return Response(status_code=404)
    return Response(kind[1], media_type=kind[0])
