"""Answers as JSON bytes."""

from typing import Any

from fastapi import Response
from pydantic_core import to_json


class Json(Response):
    """A JSON answer; pydantic's serializer takes a fifth of the time of the standard library's."""

    media_type = "application/json"

    def render(self, content: Any) -> bytes:
        return to_json(content)
