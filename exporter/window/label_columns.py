"""Labels of many slots, put together only when they are asked for: a process that counts never looks at them."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import overload

LabelPairs = tuple[tuple[str, str], ...]


class LabelRows(Sequence[LabelPairs]):
    """The labels of each slot of a run."""

    @overload
    def __getitem__(self, index: int) -> LabelPairs: ...

    @overload
    def __getitem__(self, index: slice) -> Sequence[LabelPairs]: ...

    def __getitem__(self, index: int | slice) -> LabelPairs | Sequence[LabelPairs]:
        if isinstance(index, slice):
            return [self.at(each) for each in range(*index.indices(len(self)))]
        return self.at(range(len(self))[index])

    @abstractmethod
    def at(self, index: int) -> LabelPairs:
        """The labels of a slot, 0 to len - 1."""


@dataclass(frozen=True, slots=True, eq=False)
class LabelColumn(LabelRows):
    """The labels `own`, then `name` with each of the values."""

    own: LabelPairs
    name: str
    values: tuple[str, ...]

    def __len__(self) -> int:
        return len(self.values)

    def at(self, index: int) -> LabelPairs:
        return (*self.own, (self.name, self.values[index]))


@dataclass(frozen=True, slots=True, eq=False)
class ChainedLabels(LabelRows):
    """The labels of several runs, one after the other."""

    parts: tuple[Sequence[LabelPairs], ...]

    def __len__(self) -> int:
        return sum(map(len, self.parts))

    def __iter__(self) -> Iterator[LabelPairs]:
        return chain.from_iterable(self.parts)

    def at(self, index: int) -> LabelPairs:
        for part in self.parts:
            if index < len(part):
                return part[index]
            index -= len(part)
        raise IndexError(index)
