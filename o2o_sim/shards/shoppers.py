"""Draw the people of a city into shards, and let the city reach them as if they were here."""

from __future__ import annotations

import pickle
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from functools import partial
from itertools import pairwise
from typing import TYPE_CHECKING, Any, NoReturn, cast

import numpy as np
from numpy.typing import NDArray

from ..city.build import City
from ..errors import ScenarioError
from ..market.consumers import Population, homes
from ..market.culprit import RuleFault
from ..market.day import DaySums, Purchases
from ..market.expected import Expected, Needs
from ..market.needs import Habits
from ..market.records import Today
from ..market.shoppers import Gather, HasRule, Morning, Notice, Part, Shoppers
from ..scenario.schema import Spec
from ..studies.engines import GUARD
from ..studies.job import job
from .lines import Line, Lost, ProcessLine, WorkerLine
from .refuse import refuse
from .shard import Fault, Start

if TYPE_CHECKING:
    from ..studies.cluster import Cluster

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
MOST = 1000
PATIENCE = 60.0
"""Seconds that a worker may take to make room for a shard."""
LOST = (
    "Nothing was written. Where memory runs out, the system kills what uses most of it: take more shards on more "
    "machines, or lower `population`. Then start the run again."
)


@contextmanager
def spread(spec: Spec, shards: int | None, cluster: str | None = None) -> Iterator[Gather]:
    """What draws the people of a model into `shards` processes of this machine, or with the address of a Dask `cluster`
    on its workers (by default one for each); they end with the block.

    Raises ScenarioError for what cannot be simulated so, before anything is built."""
    if shards is not None and not 1 <= shards <= MOST:
        raise ScenarioError(f"must be from 1 to {MOST}, found {shards}", file="--shards")
    refuse(spec)
    with ExitStack() as stack:
        lines: list[Line] = []
        if cluster is None:
            for _ in range(shards or 1):
                lines.append(_kept(stack, ProcessLine()))
        else:
            from ..studies.cluster import Cluster

            workers = Cluster(cluster, shards if cluster == "local" else None)
            stack.callback(workers.close)
            for address in _chosen(workers, shards):
                lines.append(_kept(stack, WorkerLine(workers.client, address, PATIENCE)))

        def people(spec: Spec, city: City, seed: int, extensions: HasRule, stores: list[str]) -> Shoppers:
            return SpreadShoppers(spec, city, seed, extensions, lines)

        yield people


def _send(message: bytes, line: Line) -> None:
    line.send(message)


def _receive(line: Line) -> bytes:
    return line.receive()


def _kept(stack: ExitStack, line: Line) -> Line:
    stack.callback(line.close)
    return line


def _chosen(cluster: Cluster, shards: int | None) -> list[str]:
    """The workers that get a shard each."""
    workers = cluster.workers()
    wanted = len(workers) if shards is None else shards
    if wanted > len(workers) or not workers:
        message = f"the cluster has {len(workers)} workers, and each shard needs one"
        raise ScenarioError(message, file="--shards", hint="Start more workers, or ask for fewer shards.")
    return workers[:wanted]


def cut(lived_in: Ints, shards: int) -> list[Part]:
    """The cells in `shards` parts of neighbours with about as many people; a part may have no cell at all."""
    reached = np.cumsum(lived_in)
    marks = reached[-1] * np.arange(1, shards) / shards
    ends = [0, *np.searchsorted(reached, marks).tolist(), len(lived_in)]
    return [Part(lived_in, range(a, b)) for a, b in pairwise(ends)]


class Elsewhere:
    """In place of the population where its people stand in other processes: how many they are is all it knows."""

    def __init__(self, people: int):
        self._people = people

    def __len__(self) -> int:
        return self._people

    def __iter__(self) -> Iterator[Any]:
        return self._refuse("one by one")

    def __getitem__(self, consumer: int) -> Any:
        return self._refuse(f"by id ({consumer})")

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_"):
            raise AttributeError(name)
        return self._refuse(f"by `consumers.{name}`")

    def _refuse(self, how: str) -> NoReturn:
        raise RuntimeError(
            f"consumers cannot be looked at {how} in a run over shards: they stand in other processes"
        )


class SpreadShoppers:
    """The people of a city in shards (see Shoppers). `sent` and `received` count the bytes that went to and came from
    each; `people` says how many each has."""

    def __init__(self, spec: Spec, city: City, seed: int, extensions: HasRule, lines: Sequence[Line]):
        self._lines, self._rule = lines, extensions.rule()[0]
        self.population = cast(Population, Elsewhere(spec.population))
        self.inside: Ints = np.zeros(0, np.int64)
        self._sums = DaySums()
        self._turns: list[int] = []
        self.sent, self.received = ([0] * len(lines) for _ in range(2))
        lived_in = np.zeros(city.grid.cells, np.int64)
        for _, home in homes(spec, city, seed):
            lived_in += np.bincount(home, minlength=len(lived_in))
        work = job(spec, seed)
        self.people: list[int] = []
        self.people = self._tell("begin", [(Start(work, city, part),) for part in cut(lived_in, len(lines))])

    @property
    def purchases(self) -> Purchases:
        """Of the day last simulated only the sums."""
        return cast(Purchases, self._sums)

    # -- over the lines -------------------------------------------------------------------------------------
    def _all(self, name: str, *given: Any) -> list[Any]:
        """What a method returns in each shard, given the same in all."""
        return self._tell(name, [given] * len(self._lines))

    def _tell(self, name: str, given: Sequence[tuple[Any, ...]]) -> list[Any]:
        """What a method returns in each shard, given to each its own. All work at the same time.

        Raises ScenarioError if a shard is lost, and what went wrong in one."""
        packed: bytes = b""
        for k, own in enumerate(given):
            if k == 0 or own is not given[k - 1]:
                packed = pickle.dumps((name, own), pickle.HIGHEST_PROTOCOL)
            self._reach(k, partial(_send, packed))
            self.sent[k] += len(packed)
        answers = [self._reach(k, _receive) for k in range(len(self._lines))]
        found = [pickle.loads(answer) for answer in answers]
        for k, answer in enumerate(answers):
            self.received[k] += len(answer)
        for k, fault in enumerate(found):
            if isinstance(fault, Fault):
                self._raise(k, fault)
        return found

    def _reach(self, k: int, work: Callable[[Line], Any]) -> Any:
        try:
            return work(self._lines[k])
        except Lost as lost:
            how = str(lost)
        self._lose(k, how)

    def _lose(self, k: int, how: str) -> NoReturn:
        message = f"shard {k + 1} of {len(self._lines)} was lost, and its people with it: {how}"
        raise ScenarioError(message, file="--shards", hint=LOST if self.people else f"{GUARD} {LOST}")

    def _raise(self, k: int, fault: Fault) -> NoReturn:
        if fault.no_people:
            self._lose(k, "its worker died, and another one has taken its place")
        if fault.problems is not None:
            raise ScenarioError(fault.problems)
        if fault.rule is not None:
            raise RuleFault(self._rule, *fault.rule)
        if fault.no_memory:
            raise MemoryError(f"in a shard:\n{fault.told}")
        raise RuntimeError(f"in a shard:\n{fault.told}")

    # -- what the city asks ---------------------------------------------------------------------------------
    def ask(self, question: Callable[..., Any], *given: Any) -> list[Any]:
        return [found for part in self._all("ask", question, *given) for found in part]

    def incomes(self, step: int) -> NDArray[np.float32]:
        return np.concatenate(self._all("incomes", step))

    def count_users(self) -> Ints:
        return np.sum(self._all("count_users"), axis=0)

    def travel_changed(self) -> None:
        self._all("travel_changed")

    def publish(self, notice: Notice) -> None:
        self._all("publish", notice._replace(table=notice.table.for_choice()))

    def shop(self, morning: Morning) -> int:
        return sum(self._all("shop", morning))

    def queue_up(self) -> Ints:
        return np.sum(self._all("queue_up"), axis=0)

    def turns(self, full: NDArray[np.bool_]) -> Ints:
        return np.sum(self._all("turns", full), axis=0)

    def last_served(self, part: Ints) -> tuple[Ints, Floats]:
        found = self._all("last_served", part)
        self._turns = [len(shop) for shop, _ in found]
        return np.concatenate([shop for shop, _ in found]), np.concatenate([turn for _, turn in found])

    def leave(self, unserved: NDArray[np.bool_]) -> None:
        self._tell("leave", [(part,) for part in np.split(unserved, np.cumsum(self._turns)[:-1])])

    def count(self) -> None:
        first, *others = self._all("count")
        for sums in others:
            first.add(sums)
        self._sums = first

    def learn(self, habits: Habits, social: NDArray[np.bool_]) -> None:
        self._all("learn", habits, social)

    def adopt(self, hazard: Floats, differences: Floats, keys: NDArray[np.uint64]) -> None:
        self._all("adopt", hazard, differences, keys)

    def expected_sales(
        self, today: Today, wanted: Needs, columns: np.ndarray | None, workday: bool | None
    ) -> Expected:
        raise RuntimeError(
            "expected sales cannot be had in a run over shards: consumers stand in other processes"
        )
