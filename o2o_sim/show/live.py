"""A conversation with a city that runs: messages in, messages and frames out, whatever carries them.

    opened = Conversation(load).answer({"do": "open", "scenario": "classroom"})

A client opens a scenario, wants days, moves levers, and inspects what it clicked on; the answers are dicts
(to be sent as JSON) and bytes (the frames of record/frames.py). A websocket, a notebook and a test speak it
alike. Nothing that a client says raises: what is wrong with it is answered in words."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator, Mapping
from typing import TYPE_CHECKING, Any

from ..errors import ScenarioError
from ..levers import checked, for_people, levers_of, move, own_copy, set_levers
from ..scenario.textfile import printable
from .messages import KINDS, LARGEST_SEED, error, is_number, is_whole

if TYPE_CHECKING:
    from ..model import O2OModel
    from ..scenario.schema import Spec

Say = dict[str, Any]

MOST_MOVES = 10_000
LARGEST_ASK = 2**53
FIELDS = {
    "open": {"do", "scenario", "seed", "moves", "set"},
    "want": {"do", "day"},
    "move": {"do", "key", "value"},
    "inspect": {"do", "kind", "id", "ask", "day"},
    "report": {"do", "ask"},
}
"""What a client may say, and the fields that each of it may have."""


class Misunderstood(Exception):
    """A message that makes no sense; its text goes back to who sent it."""


class Conversation:
    """One client and its city. `load(name)` gives the `Spec` of a scenario that may be opened, or raises
    ScenarioError.

    `check(spec)` may refuse a scenario by raising ScenarioError (a server's limits); `people` is the largest
    number of people in a frame; `plugins=False` refuses scenarios with rules of their own;
    `on_fault(exception)` is told of faults that are not the client's, who then hears only that there was one.
    `model` is the city, once it is open. A run in which no lever is moved is the run of `o2o-sim run`, byte
    for byte; a run is restored by opening the same scenario and seed with the moves it had."""

    def __init__(
        self,
        load: Callable[[str], Spec],
        *,
        check: Callable[[Spec], None] | None = None,
        people: int = 10_000,
        plugins: bool = True,
        on_fault: Callable[[BaseException], None] | None = None,
    ):
        self._load, self._check, self._people, self._plugins = load, check, people, plugins
        self._on_fault = on_fault
        self.model: O2OModel | None = None
        self._encoder: Any = None
        self._moves: dict[int, dict[str, float]] = {}
        self._made_already = False
        self._base: Spec | None = None
        self._kept: list[bytes] = []
        self._sent = self._next = 0
        self._opened = 0
        self._cards: Any = None
        self._moved: list[tuple[int, str, float]] = []
        self._written: str | None = None

    @classmethod
    def of(cls, model: O2OModel, *, people: int = 10_000) -> Conversation:
        """A conversation with a model that is made already and has not begun.

        Every page that opens it gets this model, whatever scenario it asks for, and all frames since. Levers that
        are moved change `model.spec`, so the scenario should not be used for something else afterwards.
        Raises ScenarioError if days are simulated already: a screen needs the days from the first."""
        self = cls(lambda name: model.spec, people=people)
        self._take(model)
        return self

    def _take(self, model: O2OModel) -> None:
        if model.day:
            hint = "show a model that has not begun, or a finished run with `result.replay()`"
            raise ScenarioError(f"this city has already simulated {model.day} days", hint=hint)
        self._made_already, self._base = True, own_copy(model.spec)
        self._begin(model)

    # -- messages --------------------------------------------------------------------------------------------
    def answer(self, message: Any) -> Generator[Say | bytes]:
        """Everything to send in answer to one message, as it becomes ready.

        A long `want` yields frame by frame. Between two of them other messages may be answered (by another
        call), and take effect: a lever moves from the day that is next; after another `open` the rest of the
        frames is dropped."""
        about, ask = "message", {}
        try:
            if isinstance(message, Mapping) and is_whole(message.get("ask"), 0, LARGEST_ASK):
                ask = {"ask": message["ask"]}
            about = self._kind(message)
            yield from getattr(self, f"_{about}")(message)
        except Misunderstood as fault:
            yield error(str(fault), about, **ask)
        except ScenarioError as fault:
            if about == "want":
                self.close()  # a day was left in the middle of it, and must not be gone on with
            yield error(for_people(fault), about, fatal=about in ("open", "want"), **ask)
        except Exception as fault:  # a rule of the user's own, or a fault of ours: the city cannot go on
            own_rules = self.model is not None and bool(self.model.spec.plugins)
            self.close()
            what = printable(f"{type(fault).__name__}: {fault}")
            if self._on_fault is not None:
                self._on_fault(fault)
                kind = type(fault).__name__
                what = (
                    f"{kind}, in a plugin of this scenario or by a fault of ours"
                    if own_rules
                    else "a fault of ours"
                )
            yield error(f"the city stopped: {what}", about, fatal=True, **ask)

    def _kind(self, message: Any) -> str:
        if not isinstance(message, Mapping):
            raise Misunderstood('a message must be an object such as {"do": "want", "day": 7}')
        do = message.get("do")
        if not isinstance(do, str) or do not in FIELDS:
            raise Misunderstood(f"'do' must be one of {', '.join(FIELDS)}, found {_shown(do)}")
        for name in message:
            if name not in FIELDS[do]:
                raise Misunderstood(
                    f"{do} has no field {_shown(name)}; it has {', '.join(sorted(FIELDS[do]))}"
                )
        return do

    # -- open ------------------------------------------------------------------------------------------------
    def _open(self, message: Mapping[str, Any]) -> Iterator[Say | bytes]:
        asked = message.get("scenario", "")
        if not isinstance(asked, str) or len(asked) > 200:
            raise Misunderstood(f"'scenario' must be the name of a scenario, found {_shown(asked)}")
        seed = message.get("seed")
        if seed is not None and not is_whole(seed, 0, LARGEST_SEED):
            raise Misunderstood(f"'seed' must be a whole number from 0, or null, found {_shown(seed)}")
        values, moves = _values(message.get("set")), _moves(message.get("moves"))
        self._opened += 1
        if self._made_already:
            yield from self._again(asked)
            return
        from ..studies.job import plug_in

        yield {"say": "busy", "message": "The city is being built"}
        spec = own_copy(self._load(asked))
        if seed is not None:
            spec.__dict__["seed"] = seed
        if self._check is not None:
            self._check(spec)
        plug_in(spec, plugins=self._plugins)  # so that settings of plugins are levers
        base, spec = spec, set_levers(spec, values)
        planned: dict[int, dict[str, float]] = {}
        for day, key, value in moves:
            planned.setdefault(day, {})[key] = checked(spec, key, value)
        self.close()
        from ..model import O2OModel

        self._begin(O2OModel(spec, spec.seed, plugins=self._plugins))
        self._moves, self._base = planned, base
        yield from self._hello(asked)

    def _begin(self, model: O2OModel) -> None:
        from ..record.frames import Encoder

        self.model, self._encoder = model, Encoder(model, self._people)
        self._next = model.day
        self._moves, self._kept, self._sent, self._cards = {}, [], 0, None
        self._moved, self._written = [], None

    def close(self) -> None:
        """Let the city go. (Mesa before 3.5 holds every model that ever had agents.)"""
        import mesa

        if self.model is not None and not self._made_already:
            getattr(mesa.Agent, "_ids", {}).pop(self.model, None)
        self.model = self._encoder = self._cards = None

    def _again(self, asked: str) -> Iterator[Say | bytes]:
        """The model that is made already, from its first frame on."""
        self._sent = 0
        assert self.model is not None
        yield from self._hello(asked or self.model.spec.name)

    def _hello(self, asked: str) -> Iterator[Say | bytes]:
        model = self.model
        assert model is not None
        levers = levers_of(model.spec, model if self._made_already else None, self._base)
        yield {
            "say": "opened",
            "scenario": asked,
            "levers": levers,
            "days": model.spec.days,
            "day": model.day,
        }
        yield self._encoder.key()

    # -- want ------------------------------------------------------------------------------------------------
    def _want(self, message: Mapping[str, Any]) -> Iterator[Say | bytes]:
        day = message.get("day")
        if not is_whole(day, 0, 10**9):
            raise Misunderstood(f"'day' must be a whole number from 0, found {_shown(day)}")
        model, mine = self._city(), self._opened
        while self._sent < min(len(self._kept), day + 1):
            self._sent += 1
            yield self._kept[self._sent - 1]
            if self._opened != mine:
                return
        last = model.spec.days - 1
        if model.day != self._next:
            fault = "the city was stepped by somebody else; show it anew from its first day"
            yield error(fault, "want", fatal=True)
            return
        while model.day <= min(day, last):
            for said in self._day():
                yield said
                if self._opened != mine:
                    return
        if model.day > last:
            yield {"say": "end", "day": last}

    def _day(self) -> Iterator[Say | bytes]:
        """Move what is to be moved today, simulate the day, and draw it."""
        faults = self._move_all()
        self._city().step()
        yield from faults
        yield self._draw()

    def _move_all(self) -> list[Say]:
        """Move what is to be moved on the day that is about to be simulated; what could not be moved is
        returned."""
        model, faults = self._city(), []
        for key, value in sorted(self._moves.pop(model.day, {}).items()):
            try:
                move(model, key, value)
                self._moved.append((model.day, key, value))
            except ScenarioError as fault:
                faults.append(error(for_people(fault), "move", key=key))
        return faults

    def _draw(self) -> bytes:
        """The frame of the day that was just simulated."""
        self._next = self._city().day
        frame: bytes = self._encoder.frame()
        if self._made_already:
            self._kept.append(frame)
            self._sent = len(self._kept)
        return frame

    # -- move ------------------------------------------------------------------------------------------------
    def _move(self, message: Mapping[str, Any]) -> Iterator[Say | bytes]:
        model = self._city()
        key = message.get("key")
        value = checked(model.spec, key, message.get("value"))
        if model.day >= model.spec.days:
            raise ScenarioError("the last day is over; open the scenario again to move levers", key=str(key))
        assert isinstance(key, str)
        # Of several moves of one lever on one day only the last counts, in whatever order levers were moved.
        self._moves.setdefault(model.day, {})[key] = value
        yield {"say": "moved", "day": model.day, "key": key, "value": value}

    # -- inspect ---------------------------------------------------------------------------------------------
    def _inspect(self, message: Mapping[str, Any]) -> Iterator[Say | bytes]:
        kind, number, ask = message.get("kind"), message.get("id"), message.get("ask")
        if ask is not None and not is_whole(ask, 0, LARGEST_ASK):
            raise Misunderstood(f"'ask' must be a whole number, found {_shown(ask)}")
        if kind not in KINDS or not isinstance(kind, str):
            raise Misunderstood(f"'kind' must be one of {', '.join(KINDS)}, found {_shown(kind)}")
        if not is_whole(number, 0, 2**53):
            raise Misunderstood(f"'id' must be a whole number from 0, found {_shown(number)}")
        day = _day_asked(message)
        model = self._city()
        from .cards import Cards

        if self._cards is None:
            self._cards = Cards.of(model)
        yield {"say": "inspected", "ask": ask, "card": self._cards.card(kind, number, day)}

    # -- report ----------------------------------------------------------------------------------------------
    def _report(self, message: Mapping[str, Any]) -> Iterator[Say | bytes]:
        """The report of the run, when it is over; it is made once."""
        ask, model = message.get("ask"), self._city()
        if ask is not None and not is_whole(ask, 0, LARGEST_ASK):
            raise Misunderstood(f"'ask' must be a whole number, found {_shown(ask)}")
        if model.day < model.spec.days:
            raise Misunderstood("the report can be had when the last day is over")
        if self._written is None:
            from .report import report_of

            self._written = report_of(model, self._moved)
        yield {"say": "reported", "ask": ask, "html": self._written}

    def _city(self) -> O2OModel:
        if self.model is None:
            raise Misunderstood('no city is open yet; say {"do": "open", "scenario": ...} first')
        return self.model


def _day_asked(said: Mapping[str, Any]) -> int | None:
    """The day whose card is wanted; None: the newest."""
    day = said.get("day")
    if day is not None and not is_whole(day, 0, 10**9):
        raise Misunderstood(f"'day' must be a whole number from 0, or null, found {_shown(day)}")
    return day


def _shown(value: Any) -> str:
    """What a client said, short and printable."""
    text = printable(repr(value))
    return text if len(text) <= 60 else text[:57] + "..."


def _values(said: Any) -> dict[str, float]:
    said = {} if said is None else said
    if not isinstance(said, Mapping) or len(said) > MOST_MOVES:
        raise Misunderstood("'set' must give levers their values, as in {\"levers.rent_x\": 2}")
    return dict(said)


def _moves(said: Any) -> list[tuple[int, str, float]]:
    said = [] if said is None else said
    if not isinstance(said, list | tuple) or len(said) > MOST_MOVES:
        raise Misunderstood(f"the moves of levers must be a list of at most {MOST_MOVES}")
    for one in said:
        right = isinstance(one, list | tuple) and len(one) == 3 and is_whole(one[0], 0, 10**9)
        if not right or not isinstance(one[1], str) or not is_number(one[2]):
            raise Misunderstood(f"a move must be a day, a lever and a number, found {_shown(one)}")
    return [(day, key, value) for day, key, value in said]


class Recording:
    """The same conversation about a run that is over: all its days are there, and nothing can be moved.
    `replay` has `key` and `frames` (bytes); `cards` answers what is asked about (`Cards` of the run), if
    anything can."""

    def __init__(self, replay: Any, cards: Any = None):
        self._replay, self._cards = replay, cards
        self._sent = 0

    def answer(self, message: Any) -> Generator[Say | bytes]:
        """Everything to send in answer to one message; see `Conversation.answer`."""
        said = message if isinstance(message, Mapping) else {}
        do, frames = said.get("do"), self._replay.frames
        if do == "open":
            self._sent = 0
            yield {"say": "opened", "scenario": "", "levers": [], "days": len(frames), "recording": True}
            yield self._replay.key
        elif do == "want":
            while self._sent < len(frames) and self._sent <= (
                said["day"] if is_whole(said.get("day"), 0, 10**9) else -1
            ):
                self._sent += 1
                yield frames[self._sent - 1]
            if self._sent == len(frames):
                yield {"say": "end", "day": len(frames) - 1}
        elif do == "inspect":
            yield self._inspected(said)
        else:
            yield error("this is a recording: nothing can be moved", "move" if do == "move" else "message")

    def _inspected(self, said: Mapping[str, Any]) -> Say:
        ask, kind, number = said.get("ask"), said.get("kind"), said.get("id")
        if self._cards is None or not isinstance(kind, str) or not is_whole(number, 0, LARGEST_ASK):
            return error("the recording knows no more than it shows", "inspect", ask=ask)
        try:
            return {"say": "inspected", "ask": ask, "card": self._cards.card(kind, number, _day_asked(said))}
        except Misunderstood as fault:
            return error(str(fault), "inspect", ask=ask)
        except ScenarioError as fault:
            return error(str(fault), "inspect", ask=ask)


__all__ = ["Conversation", "Recording"]
