"""The metrics' way to Application Insights: an OpenTelemetry SDK and Microsoft's exporter, imported only when wanted.

The Functions host forwards the log of its Python worker to Application Insights and no metric of it. The worker itself
sets OpenTelemetry up when PYTHON_APPLICATIONINSIGHTS_ENABLE_TELEMETRY is true and Azure Monitor's distribution is
installed; then there is a provider already, and it is left as it is.
"""

import logging

from opentelemetry.metrics import get_meter_provider, set_meter_provider

from connector.telemetry import Event, log_event

EXPORT_EVERY_S = 60


def export_metrics(connection_string: str) -> bool:
    """Send this process's metrics to Application Insights from now on; whether that was set up here.

    A connection string that cannot be used is told in the log and stops nothing: scoring does not depend on it.
    """
    from opentelemetry.sdk.metrics import MeterProvider  # noqa: PLC0415  half a second that no import may cost
    from opentelemetry.sdk.metrics.export import PeriodicExportingMetricReader  # noqa: PLC0415

    if isinstance(get_meter_provider(), MeterProvider):
        return False
    from azure.monitor.opentelemetry.exporter import AzureMonitorMetricExporter  # noqa: PLC0415

    try:
        exporter = AzureMonitorMetricExporter(connection_string=connection_string, disable_offline_storage=True)
    except ValueError as error:
        log_event(Event.EXPORT_OFF, logging.ERROR, reason=type(error).__name__)
        return False
    reader = PeriodicExportingMetricReader(exporter, export_interval_millis=EXPORT_EVERY_S * 1_000)
    set_meter_provider(MeterProvider(metric_readers=[reader]))
    return True
