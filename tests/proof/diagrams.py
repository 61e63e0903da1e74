"""Decision diagrams with one order of inputs: equal functions are one object, so that two can be compared whole."""

from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

Diagram = int  # a negative number is a result, any other the place of a node
Tree = tuple[str, tuple[tuple[str, "Tree | Diagram"], ...]]
IMPOSSIBLE: Diagram = -1


class Node(NamedTuple):
    """One input and what follows for each of its classes."""

    place: int
    children: tuple[Diagram, ...]


class Diagrams:
    """All nodes, each once. `inputs` are ordered; of each, all classes that it can have."""

    def __init__(self, inputs: Mapping[str, Sequence[str]]) -> None:
        self.names = tuple(inputs)
        self.classes = {name: tuple(inputs[name]) for name in inputs}
        self._places = {name: place for place, name in enumerate(self.names)}
        self._nodes: list[Node] = []
        self._known: dict[Node, Diagram] = {}
        self._merged: dict[tuple[int, tuple[Diagram, ...]], Diagram] = {}

    def result(self, value: int) -> Diagram:
        """A result, a number from 0 on."""
        return -2 - value

    def value(self, diagram: Diagram) -> int:
        """The number of a result."""
        return -2 - diagram

    def decide(self, name: str, branches: Mapping[str, Diagram]) -> Diagram:
        """The diagram that asks an input first, whatever its place; a class that is not there cannot be."""
        classes = self.classes[name]
        return self._merge(self._places[name], tuple(branches.get(one, IMPOSSIBLE) for one in classes))

    def _merge(self, place: int, branches: tuple[Diagram, ...]) -> Diagram:
        """Case distinction by an input over diagrams that may ask inputs before it."""
        key = (place, branches)
        found = self._merged.get(key)
        if found is None:
            first = min((self._place(one) for one in branches), default=place)
            if first >= place:
                # a branch that asks this input again keeps only its own class
                made = tuple(self._child(one, place, index) for index, one in enumerate(branches))
                found = self._node(place, made)
            else:
                width = len(self.classes[self.names[first]])
                rows = (tuple(self._child(one, first, index) for one in branches) for index in range(width))
                found = self._node(first, tuple(self._merge(place, row) for row in rows))
            self._merged[key] = found
        return found

    def _node(self, place: int, children: tuple[Diagram, ...]) -> Diagram:
        if len(set(children)) == 1:
            return children[0]
        node = Node(place, children)
        found = self._known.get(node)
        if found is None:
            found = self._known[node] = len(self._nodes)
            self._nodes.append(node)
        return found

    def _place(self, diagram: Diagram) -> int:
        return self._nodes[diagram].place if diagram >= 0 else len(self.names)

    def _child(self, diagram: Diagram, place: int, index: int) -> Diagram:
        if self._place(diagram) != place:
            return diagram
        return self._nodes[diagram].children[index]

    def given(self, diagram: Diagram, name: str, chosen: str) -> Diagram:
        """The diagram where one input is of one class."""
        place, index = self._places[name], self.classes[name].index(chosen)
        known: dict[Diagram, Diagram] = {}

        def restricted(one: Diagram) -> Diagram:
            if self._place(one) >= place:
                return self._child(one, place, index)
            if one not in known:
                node = self._nodes[one]
                known[one] = self._node(node.place, tuple(restricted(child) for child in node.children))
            return known[one]

        return restricted(diagram)

    def pairs(self, one: Diagram, other: Diagram) -> Iterator[tuple[int, int, dict[str, str]]]:
        """Every pair of results that the same inputs give, with the inputs of the first example of it."""
        seen: set[tuple[Diagram, Diagram]] = set()
        waiting: list[tuple[Diagram, Diagram, dict[str, str]]] = [(one, other, {})]
        while waiting:
            left, right, inputs = waiting.pop()
            if (left, right) in seen or IMPOSSIBLE in (left, right):
                continue
            seen.add((left, right))
            place = min(self._place(left), self._place(right))
            if place == len(self.names):
                yield self.value(left), self.value(right), inputs
                continue
            name = self.names[place]
            for index, chosen in enumerate(self.classes[name]):
                following = (self._child(left, place, index), self._child(right, place, index))
                waiting.append((*following, {**inputs, name: chosen}))

    def __len__(self) -> int:
        return len(self._nodes)
