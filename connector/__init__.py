"""What happens to a lead: a change is taken in, queued, scored, and the lead qualified when a rule says so.

`receive` answers webhooks, `worker` does queue messages, `score_leads` reads, decides (`decide`, pure) and writes
(`changeset`); `publish` puts models and rules in force, `live_versions` knows what is. `tables` alone spells the names
of Dataverse's tables, `settings` those of the settings; `bootstrap` puts the real things together.
"""

__all__: list[str] = []
