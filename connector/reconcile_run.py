"""One run of `reconcile`, as far as it has come: what is kept between its ticks, and what it has counted. Pure."""

from collections import Counter
from collections.abc import Mapping, Sequence
from uuid import UUID

from pydantic import AwareDatetime, BaseModel, ConfigDict, ValidationError

from connector.compare_leads import SWEEPS, Compared, Sweep
from connector.drift import Difference


class Run(BaseModel):
    """The sweep that it is in, then the second look at its suspects, then done; a value that each step replaces."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    begun_on: AwareDatetime
    sweep: Sweep | None = SWEEPS[0]
    link: str | None = None
    suspects: tuple[UUID, ...] = ()
    suspected_on: AwareDatetime | None = None
    leads: int = 0
    drifted: int = 0
    enqueued: int = 0
    unscorable: int = 0
    drift: Mapping[str, int] = {}

    @property
    def is_done(self) -> bool:
        """Whether everything was compared, and all that differed was looked at again."""
        return self.sweep is None and not self.suspects

    def counts(self) -> dict[str, int]:
        """Leads compared, drifted, enqueued and not to be scored at all, and the differences by kind."""
        totals = {name: getattr(self, name) for name in ("leads", "drifted", "enqueued", "unscorable")}
        return totals | {f"drift_{kind.replace('-', '_')}": number for kind, number in sorted(self.drift.items())}

    def swept(self, next_link: str | None, found: Compared, suspects: Sequence[UUID], at: AwareDatetime) -> "Run":
        """After a page that ends at `next_link`; without one the next sweep begins."""
        return self.model_copy(
            update={
                "sweep": self.sweep if next_link is not None else _after(self.sweep),
                "link": next_link,
                "suspects": tuple(dict.fromkeys((*self.suspects, *suspects))),
                "suspected_on": at if suspects else self.suspected_on,
                "leads": self.leads + found.leads,
                "unscorable": self.unscorable + len(found.unscorable),
            }
        )

    def confirmed(self, differing: Mapping[UUID, Sequence[Difference]], enqueued: int) -> "Run":
        """With these differences counted as drift."""
        kinds = Counter(self.drift)
        kinds.update(difference.kind for found in differing.values() for difference in found)
        return self.model_copy(
            update={
                "drifted": self.drifted + len(differing),
                "enqueued": self.enqueued + enqueued,
                "drift": dict(kinds),
            }
        )

    def without_suspects(self, number: int) -> "Run":
        """After the second look at the first `number` of its suspects."""
        return self.model_copy(update={"suspects": self.suspects[number:]})


def read_run(text: str | None) -> Run | None:
    """The run that was kept; None when there is none, or another release wrote it: then a new one begins."""
    try:
        return None if text is None else Run.model_validate_json(text)
    except ValidationError:
        return None


def _after(sweep: Sweep | None) -> Sweep | None:
    position = len(SWEEPS) if sweep is None else SWEEPS.index(sweep) + 1
    return SWEEPS[position] if position < len(SWEEPS) else None
