"""The functions of Leadgate as Azure sees them: triggers in, calls into connector, nothing else."""

import os

import azure.functions as func

from connector.bootstrap import App, bootstrap
from connector.lifecycle_message import LIFECYCLE
from connector.messages import LEAD_CHANGES, LEAD_CHANGES_BULK
from connector.receive import health_status, receive
from connector.settings import Settings

app = func.FunctionApp(http_auth_level=func.AuthLevel.ANONYMOUS)


def _app() -> App:
    return bootstrap(Settings.from_environment(os.environ))


@app.function_name("row_changed")
@app.route(route="row-changed", methods=["POST"])
def row_changed(req: func.HttpRequest) -> func.HttpResponse:
    """A row changed in Dataverse: queue a look at the leads it concerns."""
    return func.HttpResponse(status_code=receive(req.get_body(), req.headers, _app))


@app.function_name("health")
@app.route(route="health", methods=["GET"])
def health(req: func.HttpRequest) -> func.HttpResponse:  # noqa: ARG001  the worker hands it over
    """Whether the app can do its work: 200 or 503, and nothing else."""
    return func.HttpResponse(status_code=health_status(_app))


@app.function_name("score_leads")
@app.queue_trigger(arg_name="message", queue_name=LEAD_CHANGES, connection="AzureWebJobsStorage")
def score_leads(message: func.QueueMessage) -> None:
    """Look at the leads of a message, now."""
    text = message.get_body().decode(errors="replace")
    _app().worker.work(text, LEAD_CHANGES, message.insertion_time)


@app.function_name("score_leads_bulk")
@app.queue_trigger(arg_name="message", queue_name=LEAD_CHANGES_BULK, connection="AzureWebJobsStorage")
def score_leads_bulk(message: func.QueueMessage) -> None:
    """The same for the messages of a publication, so that an edit never waits behind them."""
    text = message.get_body().decode(errors="replace")
    _app().worker.work(text, LEAD_CHANGES_BULK, message.insertion_time)


@app.function_name("publish_or_stop")
@app.queue_trigger(arg_name="message", queue_name=LIFECYCLE, connection="AzureWebJobsStorage")
def publish_or_stop(message: func.QueueMessage) -> None:
    """Put a model or rule in force, or end it, as its row asks."""
    _app().lifecycle.work(message.get_body().decode(errors="replace"))


@app.function_name("rescore_due")
@app.timer_trigger(arg_name="timer", schedule="%RESCORE_DUE_SCHEDULE%")
def rescore_due(timer: func.TimerRequest) -> None:  # noqa: ARG001  the worker hands it over
    """Queue the leads whose score time alone has changed."""
    _app().ticks.due()


@app.function_name("poll_changes")
@app.timer_trigger(arg_name="timer", schedule="%POLL_SCHEDULE%")
def poll_changes(timer: func.TimerRequest) -> None:  # noqa: ARG001  the worker hands it over
    """Queue what change tracking says has changed: no change is lost, whatever became of its webhook."""
    _app().ticks.poll()


@app.function_name("reconcile")
@app.timer_trigger(arg_name="timer", schedule="%RECONCILE_SCHEDULE%")
def reconcile(timer: func.TimerRequest) -> None:  # noqa: ARG001  the worker hands it over
    """Compare what is stored of all leads with what is computed, and queue what differs: drift does not stay."""
    _app().ticks.compare()
