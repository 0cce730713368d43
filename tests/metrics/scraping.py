"""What a scrape holds, and Prometheus's own checker."""

import subprocess
from dataclasses import dataclass
from pathlib import Path

from prometheus_client.parser import text_string_to_metric_families

from retrato.metrics.metrics import Metrics

ROOT = Path(__file__).parents[2]
MONITORING = ROOT / "deploy/monitoring"


@dataclass
class Numbers:
    """The present values of *metrics*."""

    metrics: Metrics

    def __call__(self, name: str, **labels: str) -> float | None:
        """One series; None where there is none."""
        return self.metrics.registry.get_sample_value(f"retrato_{name}", labels)

    def by(self, name: str, label: str) -> dict[str, float]:
        """The series of *name* that are not 0, summed by *label*."""
        sums: dict[str, float] = {}
        for family in self.metrics.registry.collect():
            for sample in family.samples:
                if sample.name == f"retrato_{name}" and sample.value:
                    key = sample.labels[label]
                    sums[key] = sums.get(key, 0) + sample.value
        return sums


def names_in(text: str) -> set[str]:
    """The names of all series of a scrape, and of the families that have no series yet."""
    families = list(text_string_to_metric_families(text))
    return {sample.name for family in families for sample in family.samples} | {one.name for one in families}


def labels_in(text: str) -> set[str]:
    """The names of all labels of a scrape, without those of histograms."""
    families = text_string_to_metric_families(text)
    return {label for family in families for sample in family.samples for label in sample.labels} - {"le"}


def checked(promtool: str, *args: str, given: str | None = None) -> str:
    """What promtool says; fails where it finds anything wrong."""
    done = subprocess.run(
        [promtool, *args], input=given, capture_output=True, text=True, timeout=120, cwd=MONITORING, check=False
    )
    said = done.stdout + done.stderr
    assert done.returncode == 0, said
    return said
