"""Small pictures of what the application shows of others."""

from __future__ import annotations

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from ...conditions import refuse_unknown
from ..answer_shapes import PICTURE, PICTURE_KEPT, PICTURES
from ..endpoint import Content, Endpoint
from ..parameter_shapes import AFTER, PEER, PICTURE_CPU
from ..parameters import body_of, duration_of, number_of
from ..pictures import MOST_BYTES, Pictures

ALL, ONE = "/v1/pictures", "/v1/pictures/{peer}"
JPEG = "image/jpeg"
CONTENT = Content(PICTURE, JPEG)


class PicturesEndpoints:
    def __init__(self, pictures: Pictures) -> None:
        self._pictures = pictures

    def table(self) -> tuple[Endpoint, ...]:
        listed = "pictures that the application has of others; with `?after=12` only those after picture 12"
        published = "publish a picture of a participant, if somebody looks"
        return (
            Endpoint("GET", ALL, self.list, listed, answer=Content(PICTURES), parameters=(AFTER,)),
            Endpoint("GET", ONE, self.get, "the newest picture of a participant", None, CONTENT, (PEER,)),
            Endpoint("POST", ONE, self.post, published, CONTENT, Content(PICTURE_KEPT), (PEER, PICTURE_CPU)),
        )

    async def list(self, request: Request) -> Response:
        refuse_unknown(request.query_params, ("after",), "parameter")
        return JSONResponse(self._pictures.report(number_of(request.query_params, "after")))

    async def get(self, request: Request) -> Response:
        picture = self._pictures.get(request.path_params["peer"])
        if picture is None:
            raise HTTPException(404, f"{request.url.path}: no picture of the last seconds")
        return Response(picture.jpeg, media_type=JPEG, headers={"cache-control": "no-store"})

    async def post(self, request: Request) -> Response:
        refuse_unknown(request.query_params, ("cpu",), "parameter")
        cpu_ns = duration_of(request.query_params, "cpu") or 0
        jpeg = bytes(await body_of(request, MOST_BYTES))
        self._pictures.publish(request.path_params["peer"], jpeg, cpu_ns / 1e9)
        return JSONResponse({"wanted": self._pictures.wanted})
