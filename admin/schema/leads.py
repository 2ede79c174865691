"""What is kept of leads: scores, the log, interactions; and what the app remembers of its own work."""

from admin.schema.forms import LEFT_BEHIND, MERGED_ALONG, PARENTAL, Lookup, Say, StatusReason, TableForm
from connector.tables import (
    Contact,
    Lead,
    LeadInteraction,
    LeadScore,
    PublishedVersion,
    QualificationLog,
    QualificationRule,
    RescoreJob,
    ScoringModel,
    SyncState,
)
from dataverse.column_definitions import choice_column, datetime_column, integer_column, memo_column, string_column


def lead_tables(say: Say) -> tuple[TableForm, ...]:
    """The tables that hang on leads, and the app's own."""
    return (_score(say), _log(say), _interaction(say), _sync_state(say), _rescore_job(say))


def _score(say: Say) -> TableForm:
    return TableForm(
        LeadScore.TABLE,
        say("Lead score", "Score de prospect"),
        say("Lead scores", "Scores de prospects"),
        "UserOwned",
        string_column(LeadScore.NAME, say("Model", "Modèle"), max_length=200, is_primary_name=True),
        (
            integer_column(LeadScore.SCORE, say("Score", "Score")),
            string_column(LeadScore.GRADE, say("Grade", "Niveau"), max_length=200),
            memo_column(LeadScore.EXPLANATION, say("Explanation (JSON)", "Explication (JSON)"), max_length=100_000),
            integer_column(LeadScore.PREVIOUS_SCORE, say("Previous score", "Score précédent")),
            datetime_column(LeadScore.SCORED_ON, say("Scored on", "Évalué le")),
            datetime_column(LeadScore.RESCORE_ON, say("Rescore on", "À réévaluer le")),
        ),
        (
            Lookup(LeadScore.LEAD, Lead.TABLE, say("Lead", "Prospect"), PARENTAL),
            Lookup(LeadScore.MODEL, ScoringModel.TABLE, say("Scoring model", "Modèle de score"), LEFT_BEHIND),
            Lookup(LeadScore.VERSION, PublishedVersion.TABLE, say("Version", "Version"), LEFT_BEHIND),
        ),
        (
            StatusReason(0, LeadScore.UP_TO_DATE, say("Up to date", "À jour")),
            StatusReason(1, LeadScore.OUT_OF_AUDIENCE, say("Out of audience", "Hors audience")),
            StatusReason(1, LeadScore.MODEL_STOPPED, say("Model stopped", "Modèle arrêté")),
            StatusReason(1, LeadScore.MERGED, say("Merged", "Fusionné")),
            StatusReason(1, LeadScore.LEAD_CLOSED, say("Lead closed", "Prospect clôturé")),
        ),
    )


def _log(say: Say) -> TableForm:
    outcomes = {
        QualificationLog.QUALIFIED: say("Qualified", "Qualifié"),
        QualificationLog.QUALIFYING: say("Qualifying", "Qualification en cours"),
        QualificationLog.BLOCKED: say("Blocked", "Bloqué"),
        QualificationLog.FAILED: say("Failed", "Échoué"),
        QualificationLog.REOPENED: say("Reopened", "Rouvert"),
    }
    return TableForm(
        QualificationLog.TABLE,
        say("Qualification log entry", "Entrée du journal de qualification"),
        say("Qualification log", "Journal de qualification"),
        "UserOwned",
        string_column(QualificationLog.NAME, say("Rule", "Règle"), max_length=200, is_primary_name=True),
        (
            integer_column(QualificationLog.OCCURRENCE, say("Occurrence", "Occurrence"), minimum=1),
            choice_column(QualificationLog.OUTCOME, say("Outcome", "Résultat"), options=outcomes),
            memo_column(QualificationLog.REASON, say("Reason", "Motif"), max_length=10_000),
            memo_column(QualificationLog.SCORES, say("Scores (JSON)", "Scores (JSON)"), max_length=100_000),
            memo_column(QualificationLog.ACTIONS, say("Actions (JSON)", "Actions (JSON)"), max_length=10_000),
            datetime_column(QualificationLog.DECIDED_ON, say("Decided on", "Décidé le")),
            string_column(QualificationLog.CORRELATION, say("Correlation id", "Identifiant de corrélation")),
        ),
        (
            Lookup(QualificationLog.LEAD, Lead.TABLE, say("Lead", "Prospect"), PARENTAL),
            Lookup(QualificationLog.RULE, QualificationRule.TABLE, say("Rule", "Règle"), LEFT_BEHIND),
            Lookup(QualificationLog.VERSION, PublishedVersion.TABLE, say("Version", "Version"), LEFT_BEHIND),
        ),
    )


def _interaction(say: Say) -> TableForm:
    return TableForm(
        LeadInteraction.TABLE,
        say("Lead interaction", "Interaction de prospect"),
        say("Lead interactions", "Interactions de prospects"),
        "UserOwned",
        string_column(LeadInteraction.NAME, say("Name", "Nom"), max_length=200, is_primary_name=True),
        (
            string_column(LeadInteraction.TYPE, say("Type", "Type")),
            datetime_column(LeadInteraction.OCCURRED_ON, say("Occurred on", "Survenue le")),
            string_column(LeadInteraction.SOURCE, say("Source", "Source")),
            string_column(LeadInteraction.EXTERNAL_ID, say("External id", "Identifiant externe"), max_length=200),
        ),
        (
            Lookup(LeadInteraction.LEAD, Lead.TABLE, say("Lead", "Prospect"), PARENTAL),
            Lookup(LeadInteraction.CONTACT, Contact.TABLE, say("Contact", "Contact"), MERGED_ALONG),
        ),
        change_tracking=True,
    )


def _sync_state(say: Say) -> TableForm:
    return TableForm(
        SyncState.TABLE,
        say("Sync state", "État de synchronisation"),
        say("Sync states", "États de synchronisation"),
        "OrganizationOwned",
        string_column(SyncState.STREAM, say("Stream", "Flux"), max_length=200, is_primary_name=True),
        (
            memo_column(SyncState.DELTA_LINK, say("Delta link", "Lien delta"), max_length=100_000),
            string_column(SyncState.COLUMNS_HASH, say("Column set hash", "Empreinte des colonnes"), max_length=64),
            memo_column(SyncState.CURSOR, say("Cursor", "Curseur"), max_length=100_000),
            memo_column(SyncState.COUNTS, say("Counts (JSON)", "Compteurs (JSON)"), max_length=10_000),
        ),
    )


def _rescore_job(say: Say) -> TableForm:
    return TableForm(
        RescoreJob.TABLE,
        say("Rescore job", "Tâche de réévaluation"),
        say("Rescore jobs", "Tâches de réévaluation"),
        "OrganizationOwned",
        string_column(RescoreJob.NAME, say("Name", "Nom"), max_length=200, is_primary_name=True),
        (
            integer_column(RescoreJob.CHAINS, say("Chains", "Chaînes"), minimum=0),
            integer_column(RescoreJob.LEADS_SEEN, say("Leads seen", "Prospects vus"), minimum=0),
            integer_column(RescoreJob.LEADS_WRITTEN, say("Leads written", "Prospects écrits"), minimum=0),
            integer_column(RescoreJob.LEADS_FAILED, say("Leads failed", "Prospects en échec"), minimum=0),
        ),
        (
            Lookup(RescoreJob.MODEL, ScoringModel.TABLE, say("Model", "Modèle"), LEFT_BEHIND),
            Lookup(RescoreJob.RULE, QualificationRule.TABLE, say("Rule", "Règle"), LEFT_BEHIND),
        ),
    )
