"""/i/HASH.ext: pictures of bundles. An address never changes its content, so everybody may keep it for ever."""

from __future__ import annotations

import re
from collections import OrderedDict

from starlette.requests import Request
from starlette.responses import Response

from regulars.adapters.database.front_desk import Picture
from regulars.doors.web.door import Door
from regulars.doors.web.following import Endpoint
from regulars.doors.web.page import message_page

FOR_EVER = {"cache-control": "public, max-age=31536000, immutable"}
KEPT = 64  # pictures in memory; a launch brings thousands of requests for the same few
_NAME = re.compile(r"([0-9a-f]{32})\.[a-z0-9]{1,8}")


def picture(door: Door) -> Endpoint:
    kept: OrderedDict[str, Picture] = OrderedDict()

    async def show(request: Request) -> Response:
        name = _NAME.fullmatch(request.path_params["name"])
        if name is None:
            return message_page(door.words(request), await door.shop(), "not_found", status=404)
        found = kept.get(name[1]) or await door.look_up(door.desk.picture, name[1], otherwise=None)
        if found is None:
            return message_page(door.words(request), await door.shop(), "not_found", status=404)
        kept[name[1]] = found
        kept.move_to_end(name[1])
        if len(kept) > KEPT:
            kept.popitem(last=False)
        return Response(found.content, headers=FOR_EVER, media_type=found.media_type)

    return show
