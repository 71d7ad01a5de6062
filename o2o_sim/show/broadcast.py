"""Rooms where everybody sees the same: a run that a teacher drives, and one that is over."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Coroutine, Mapping
from contextlib import suppress
from typing import Any

from ..errors import ScenarioError
from .messages import Limits, error
from .rooms import FAULT_OF_OURS, NO_WORKERS, Client, Gone, ask_of, first_done
from .sessions import FAULT, FRAME, NoWorkers, Pool, Worker, log

DIED = "The teacher's simulation ended unexpectedly; the teacher can open it again by loading the page anew."


class Log:
    """Messages for everybody, also for those who come later: each follows at its own speed."""

    def __init__(self) -> None:
        self.messages: list[str | bytes] = []
        self._turn = 0
        self._shown: tuple[int, str] | None = None
        self._news = asyncio.Event()

    def add(self, *messages: str | bytes) -> None:
        self.messages.extend(messages)
        self._wake()

    def restart(self) -> None:
        """Forget everything; who follows begins anew."""
        self.messages, self._shown = [], None
        self._turn += 1
        self._wake()

    def show(self, day: int, text: str) -> None:
        """Tell everybody which day the teacher looks at; only the newest is kept."""
        self._shown = (day, text)
        self._wake()

    def _wake(self) -> None:
        self._news.set()
        self._news = asyncio.Event()

    async def follow(self, say: Callable[[str | bytes], Coroutine[Any, Any, None]]) -> None:
        """Say all messages that are there and those that will come."""
        turn, at, frames, shown = self._turn, 0, -1, None  # the key comes before the frames
        while True:
            news, now = self._news, self._shown
            if turn != self._turn:
                turn, at, frames, shown = self._turn, 0, -1, None
            all_said = at == len(self.messages)
            # The day is told once the days up to it have been.
            if now is not None and now is not shown and (all_said or frames > now[0]):
                shown = now
                await say(now[1])
            elif not all_said:
                message = self.messages[at]
                at += 1
                frames += isinstance(message, bytes)
                await say(message)
            else:
                await news.wait()


class BroadcastRoom:
    """One run that a teacher drives and everybody sees."""

    MOST_ASKED = 20
    """Questions of one client that wait for their answer, or to be told it."""

    def __init__(self, pool: Pool, limits: Limits):
        self.pool, self.limits = pool, limits
        self.log = Log()
        self._waiting()
        self._worker: Worker | None = None
        self._pumping: asyncio.Task[None] | None = None
        self._opening: dict[str, Any] | None = None
        self._stale = False
        self._beginning = asyncio.Lock()
        self._asked: dict[int, tuple[Client, int]] = {}
        self._answers: dict[Client, asyncio.Queue[dict[str, Any]]] = {}
        self._asks = 0

    def _waiting(self) -> None:
        self.log.add(_text({"say": "busy", "message": "Waiting for the teacher to begin"}))

    async def host(self, client: Client) -> None:
        async def listen() -> None:
            joined = asyncio.Event()
            self._answers[client] = asyncio.Queue()
            telling = [
                asyncio.create_task(work) for work in (self._follow(client, joined), self._answer(client))
            ]
            try:
                if not client.teacher:
                    joined.set()
                while (message := await client.hear()) is not None:
                    await self._heed(client, message, first=not joined.is_set())
                    joined.set()
            finally:
                for task in telling:
                    task.cancel()
                await asyncio.gather(*telling, return_exceptions=True)
                del self._answers[client]

        with suppress(Gone):
            await listen()
        self._asked = {ask: one for ask, one in self._asked.items() if one[0] is not client}

    async def _follow(self, client: Client, joined: asyncio.Event) -> None:
        await joined.wait()
        with suppress(Gone):
            await self.log.follow(client.say)

    async def _answer(self, client: Client) -> None:
        """Tell a client what it asked, at its own speed: the others do not wait for it."""
        with suppress(Gone):
            while True:
                await client.say(await self._answers[client].get())

    async def _heed(self, client: Client, message: dict[str, Any], *, first: bool) -> None:
        do = message["do"]
        if do in ("inspect", "report"):
            await self._inspect(client, message)
        elif not client.teacher:
            if do == "move":
                await client.say(error("only the teacher moves levers", "move"))
        elif do == "open":
            # A teacher who comes back finds the run as it was left.
            if not (first and self._is_running(message)):
                await self._begin(message)
        elif do == "shown":
            said = {"say": "shown", "day": message["day"], "playing": message["playing"]}
            self.log.show(message["day"], _text(said))
        else:
            await self._tell(client, message)

    def _is_running(self, message: Mapping[str, Any]) -> bool:
        now = self._opening
        return (
            now is not None
            and self._worker is not None
            and message["scenario"] == now["scenario"]
            and message["seed"] in (None, now["seed"])
        )

    async def _begin(self, message: dict[str, Any]) -> None:
        async with self._beginning:
            self.log.restart()
            self.log.add(_text({"say": "busy", "message": "The teacher opens a city"}))
            self._stale = True
            try:
                if self._worker is None:
                    self._worker = await self.pool.take()
                    self._pumping = asyncio.create_task(self._pump(self._worker))
                self._opening = message
                await self._worker.tell(message)
            except NoWorkers:
                self.log.add(_text(error(NO_WORKERS, "open")))
            except OSError:
                pass  # the pump reports it

    async def _tell(self, client: Client, message: dict[str, Any]) -> None:
        if self._worker is None:
            await client.say(error("no city is open yet", message["do"], **ask_of(message)))
            return
        with suppress(OSError):
            await self._worker.tell(message)

    async def _inspect(self, client: Client, message: dict[str, Any]) -> None:
        waiting = sum(one is client for one, _ in self._asked.values())
        if waiting + self._answers[client].qsize() >= self.MOST_ASKED:
            await client.say(error("too many questions at once; ask again", message["do"], **ask_of(message)))
            return
        if self._worker is not None:
            self._asks += 1
            self._asked[self._asks] = (client, message["ask"])
            message = {**message, "ask": self._asks}
        await self._tell(client, message)

    async def _pump(self, worker: Worker) -> None:
        """Everything that the worker says, to whom it concerns."""
        faulty = False
        while (heard := await worker.hear()) is not None:
            kind, content = heard
            if kind == FAULT:
                faulty = True
                log(content.decode())
            elif kind != FRAME:
                await self._sort(content.decode())
            elif not self._stale:
                if self._opening is not None and self._opening["seed"] is None:
                    # The page's link says the seed that was drawn from, so that a reload finds this run.
                    self._opening = {**self._opening, "seed": _seed(content)}
                self.log.add(content)
        end = await self.pool.give_back(worker)
        log(f"the broadcast's session ended: {end}")
        self._worker = self._opening = None
        self._asked.clear()
        told = FAULT_OF_OURS if faulty else DIED
        self.log.add(_text(error(told, "session", fatal=True)))

    async def _sort(self, text: str) -> None:
        said = json.loads(text)
        if said["say"] == "opened":
            self._stale = False
        if said["say"] == "error" and said.get("about") == "open":
            self._opening = None
        if "ask" in said:
            client, ask = self._asked.pop(said["ask"], (None, 0))
            if client in self._answers:
                self._answers[client].put_nowait({**said, "ask": ask})
        elif not self._stale or said["say"] in ("busy", "error"):
            self.log.add(text)

    async def close(self) -> None:
        if self._pumping is not None:
            self._pumping.cancel()
            await asyncio.gather(self._pumping, return_exceptions=True)


class ReplayRoom:
    """A run that is over: its key and all its days for everybody. `card(kind, id, day)` says what was known
    of a thing on a day (None: the last), `report()` makes the run's report, once."""

    SCENARIO = "run"
    """What the run is called here: it need not be one of the scenarios."""

    def __init__(
        self,
        key: bytes,
        frames: list[bytes],
        card: Callable[..., dict[str, Any]],
        report: Callable[[], str],
    ):
        days = len(frames)
        opened = {"say": "opened", "scenario": self.SCENARIO, "levers": [], "days": days, "day": days}
        self.log = Log()
        self.log.add(_text(opened), key, *frames, _text({"say": "end", "day": days - 1}))
        self._card, self._report = card, report
        self._one_at_a_time = asyncio.Lock()

    async def host(self, client: Client) -> None:
        async def listen() -> None:
            while (message := await client.hear()) is not None:
                if message["do"] in ("inspect", "report"):
                    await self._answer(client, message)
                elif message["do"] == "move":
                    await client.say(error("a stored run cannot be changed", "move"))

        with suppress(Gone):
            await first_done(listen(), self.log.follow(client.say))

    async def _answer(self, client: Client, message: dict[str, Any]) -> None:
        try:
            async with self._one_at_a_time:
                said = await asyncio.to_thread(self._found, message)
        except ScenarioError as fault:
            said = error(str(fault), message["do"])
        await client.say({**said, "ask": message["ask"]})

    def _found(self, message: dict[str, Any]) -> dict[str, Any]:
        if message["do"] == "report":
            return {"say": "reported", "html": self._report()}
        return {"say": "inspected", "card": self._card(message["kind"], message["id"], message["day"])}

    async def close(self) -> None:
        pass


def _text(message: dict[str, Any]) -> str:
    return json.dumps(message, ensure_ascii=False, separators=(",", ":"))


__all__ = ["BroadcastRoom", "Log", "ReplayRoom"]


def _seed(message: bytes) -> int | None:
    """The seed in the header of a key (record/frames.py), None in that of a frame."""
    if message[:4] != b"o2o1":
        return None
    length = int.from_bytes(message[4:8], "little")
    seed: int | None = json.loads(message[8 : 8 + length]).get("seed")
    return seed
