"""A row of the table, and what stands behind it."""

from dataclasses import dataclass, field


@dataclass
class Row:
    """One promise of speed: what people would use instead, the goal, and what was measured."""

    what: str
    peers: str
    goal: str
    measured: str
    is_met: bool | None = None
    """`None` where this machine cannot tell."""
    details: list[str] = field(default_factory=list)

    @property
    def verdict(self):
        return {True: "yes", False: "**no**", None: "–"}[self.is_met]
