"""Settings against results: a run that is printed twice should print the same, and different runs should not."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass

from paper_figs.published_audit.finding import Finding, Material, verdict

__all__ = ["Printed", "nala_results", "one_result_two_rates", "one_setting_two_results", "two_settings_one_result"]

_WHERE = ("NALA Tables 1, 3, 5 (lines 196, 254, 308)", "NALA Tables 7, 8, 9 (lines 324-352)",
          "NALA, default settings (line 97)")  # fmt: skip


@dataclass(frozen=True)
class Printed:
    """One printed pair of best loss and best accuracy of NALA, with the setting it is printed for."""

    model: str
    dataset: str
    setting: tuple[float, float, float]
    lr: float
    result: str
    table: int

    @property
    def run(self) -> str:
        """The run in words."""
        k, mu, alpha = self.setting
        return f"{self.model} on {self.dataset}, k = {k:g}, mu = {mu:g}, alpha = {alpha:g}"


def nala_results(m: Material) -> Iterator[Printed]:
    """Give every (loss, accuracy) pair that the paper prints for NALA."""
    for table in m.nala.tables:
        if {column.quantity for column in table.columns} != {"loss", "accuracy"}:
            continue
        for row in table.rows:
            if not table.varied and row.head != table.subject:
                continue
            setting = {**table.setting, **({table.varied: float(row.head)} if table.varied else {})}
            for loss, accuracy in zip(row.cells[::2], row.cells[1::2], strict=True):
                key = (setting["k"], setting["mu"], setting["alpha"])
                result = f"{loss.printed} / {accuracy.printed}"
                yield Printed(loss.column.model, loss.column.dataset, key, setting["lr"], result, table.number)


def _grouped(pairs: Iterator[tuple[str, str, str]]) -> dict[str, dict[str, list[str]]]:
    """Sort (group, member, place) and keep the groups with two different members or more."""
    groups: dict[str, dict[str, list[str]]] = defaultdict(lambda: defaultdict(list))
    for group, member, place in pairs:
        groups[group][member].append(place)
    return {group: dict(members) for group, members in groups.items() if len(members) > 1}


def one_setting_two_results(m: Material) -> Finding:
    """Settings for which two tables print different results."""
    found = _grouped((one.run, one.result, f"Table {one.table}") for one in nala_results(m))
    return Finding(
        statement="At least one setting of NALA is printed with two different results.",
        verdict=verdict(bool(found)),
        numbers={"settings with two results": len(found), "loss / accuracy": found},
        where=_WHERE,
        note="Two seeds would give two results; the tables do not name seeds.",
    )


def two_settings_one_result(m: Material) -> Finding:
    """Results, to all printed digits, that stand under two settings."""
    found = _grouped((f"{one.model} on {one.dataset}: {one.result}", one.run, f"Table {one.table}")
                     for one in nala_results(m))  # fmt: skip
    return Finding(
        statement="At least one pair of loss and accuracy is printed, equal to the last digit, for two settings.",
        verdict=verdict(bool(found)),
        numbers={"results under two settings": len(found), "settings": found},
        where=_WHERE,
        note="Two runs of training hardly agree in nine decimals of a loss.",
    )


def one_result_two_rates(m: Material) -> Finding:
    """Results that the text gives two learning rates of the inner Adam for."""
    found = _grouped((f"{one.run}: {one.result}", f"lr = {one.lr:g}", f"Table {one.table}") for one in nala_results(m))
    return Finding(
        statement="At least one result is printed, equal to the last digit, for two learning rates.",
        verdict=verdict(bool(found)),
        numbers={"results with two learning rates": len(found), "rates": found},
        where=("NALA, lr = 0.0002 for ResNet-18 (line 248)", "NALA, lr = 0.001 in Tables 7-9 (line 277)", *_WHERE),
    )
