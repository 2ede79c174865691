"""The metrics as OpenTelemetry's own SDK counts them, read back."""

from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import InMemoryMetricReader, NumberDataPoint

from connector.telemetry import Telemetry

Attributes = tuple[tuple[str, object], ...]


class ReadMeter:
    """A meter of its own, with an SDK behind it."""

    def __init__(self) -> None:
        self._reader = InMemoryMetricReader()
        self.meter = MeterProvider(metric_readers=[self._reader], shutdown_on_exit=False).get_meter("leadgate")
        self.telemetry = Telemetry(self.meter)
        self._seen: dict[str, dict[Attributes, float]] = {}

    def points(self, name: str) -> dict[Attributes, float]:
        """What was counted by attributes; of a histogram, how often."""
        read = self._reader.get_metrics_data()
        for resource in read.resource_metrics if read else ():
            for scope in resource.scope_metrics:
                for metric in scope.metrics:
                    self._seen[metric.name] = {
                        tuple(sorted((point.attributes or {}).items())): (
                            point.value if isinstance(point, NumberDataPoint) else point.count
                        )
                        for point in metric.data.data_points
                    }
        return self._seen.get(name, {})

    def everything(self) -> dict[str, dict[Attributes, float]]:
        """All that was counted."""
        self.points("")
        return self._seen

    def total(self, name: str) -> float:
        """The sum over all attributes."""
        return sum(self.points(name).values())
