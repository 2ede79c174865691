"""A Dataverse environment on one machine, for people and tests: Web API, webhooks, queue service, Functions host."""

__all__: list[str] = []
