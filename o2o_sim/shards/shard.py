"""A shard: some of the people of a city, in a process of their own, and how it answers."""

from __future__ import annotations

import pickle
import traceback
from typing import Any, NamedTuple

from ..city.build import City
from ..errors import Problem, ScenarioError
from ..market.culprit import RuleFault
from ..market.shoppers import LocalShoppers, Part, gather
from ..studies.job import Job, check_same


class Start(NamedTuple):
    """What a shard is made of: the `job` that says what is simulated, the `city`, and which `part` of its people."""

    job: Job
    city: City
    part: Part


class Fault(NamedTuple):
    """What went wrong in a shard. `problems` are those of a ScenarioError, `rule` what a choice rule did (the arguments
    of a RuleFault but for the rule), `no_memory` says that memory ran out, `no_people` that the shard has none any more,
    because Dask made it anew on another worker; otherwise `told` is the traceback."""

    told: str
    problems: list[Problem] | None = None
    rule: tuple[Any, ...] | None = None
    no_memory: bool = False
    no_people: bool = False

    @classmethod
    def of(cls, fault: BaseException) -> Fault:
        """An exception, as another process can be told of it."""
        told = "".join(traceback.format_exception(fault))
        if isinstance(fault, ScenarioError):
            return cls(told, problems=fault.problems)
        if isinstance(fault, RuleFault):
            return cls(told, rule=(fault.consumer, fault.category, fault.offer, fault.said, fault.read))
        return cls(told, no_memory=isinstance(fault, MemoryError), no_people=isinstance(fault, NoPeople))


class NoPeople(Exception):
    """That a shard was asked before its people were drawn."""


class Shard:
    """People who answer messages. A message is a pickled pair: the name of a method of LocalShoppers (or of one here)
    and what it is given; the answer is pickled, too."""

    def __init__(self) -> None:
        self._shoppers: LocalShoppers | None = None

    @property
    def shoppers(self) -> LocalShoppers:
        """Its people. Raises NoPeople before `begin`."""
        if self._shoppers is None:
            raise NoPeople("a shard has no people before it begins")
        return self._shoppers

    def answer(self, message: bytes) -> bytes:
        """The answer to a message, which is a Fault if something went wrong."""
        name, given = pickle.loads(message)
        try:
            found = getattr(self if name in _OWN else self.shoppers, name)(*given)
        except Exception as fault:
            found = Fault.of(fault)
        return pickle.dumps(found, pickle.HIGHEST_PROTOCOL)

    def begin(self, start: Start) -> int:
        """Draw the people; returns how many there are. Raises ScenarioError if this process has other code or files
        than the one that began the run."""
        from ..border.trial import take_as_tried
        from ..extend import Plugins

        job = start.job
        check_same(job)
        take_as_tried(job.spec)
        extensions = Plugins(job.spec, allowed=job.plugins)
        self._shoppers = gather(job.spec, start.city, job.seed, extensions, [], start.part)
        return len(self._shoppers.population)

    def count(self) -> Any:
        """Count the day, and return the sums alone."""
        self.shoppers.count()
        return self.shoppers.purchases.sums()


_OWN = ("begin", "count")
