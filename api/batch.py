"""Many requests for recommendations in one: a JSON object a line in, an answer a line out."""

import asyncio
from collections.abc import Sequence
from functools import partial
from typing import Any

from pydantic import ValidationError

from api import answering, observing, problems
from api.bulk import Line, LinesResponse, Result, decoded
from api.schemas import RecommendationsBody, what_is_wrong
from api.wiring import Serving
from models.errors import BadInput, MentorsError, RateLimited

AGAIN_S = 1.0  # how often it is asked whether a key may go on


class BatchResponse(LinesResponse):
    """Answers the requests one by one, on a thread of its own, so that single ones go on."""

    async def work(self, lines: Sequence[Line], results: list[Result]) -> None:
        for number, line in lines:
            results.append({"line": number} | await self._answer(line))

    async def _answer(self, line: bytes | int) -> dict[str, Any]:
        named: dict[str, Any] = {}
        asked = self._asked
        try:
            await self._in_turn()
            return await asked.desk.batch(partial(_answered, asked.serving, line, named))
        except MentorsError as error:
            return named | {"problem": problems.content(error)}

    async def _in_turn(self) -> None:
        """A line is a request: it waits until the key may send one. The client waits meanwhile."""
        while True:
            try:
                await self._asked.desk.rates.take(self._asked.caller.key, {})
            except RateLimited as error:
                if self._gone:
                    raise
                await asyncio.sleep(min(AGAIN_S, error.retry_after))
            else:
                return


def _answered(serving: Serving, line: bytes | int, named: dict[str, Any]) -> dict[str, Any]:
    """The answer to a line; its `id` goes into `named`."""
    value = decoded(line)
    if isinstance(id := value.pop("id", None), str | int):
        named["id"] = id
    body = _body(value)
    return named | observing.recommended(partial(answering.answer, serving, body))


def _body(value: dict[str, Any]) -> RecommendationsBody:
    try:
        return RecommendationsBody.model_validate(value)
    except ValidationError as error:
        pointer, wrong = what_is_wrong(error.errors(include_url=False), value)
        raise BadInput(
            f"{pointer or 'The line'}: {wrong['msg'].lower()}.", pointer=pointer
        ) from error
