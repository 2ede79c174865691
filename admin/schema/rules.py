"""Qualification rules as CRM admins keep them: rule and criteria."""

from admin.schema.forms import DELETED_ALONG, KEPT_FROM_DELETION, LEFT_BEHIND, Lookup, Say, TableForm
from admin.schema.models import lifecycle
from connector.tables import PublishedVersion, QualificationCriterion, QualificationRule, ScoringModel
from dataverse.column_definitions import boolean_column, choice_column, integer_column, memo_column, string_column


def rule_tables(say: Say) -> tuple[TableForm, ...]:
    """The tables of rules."""
    return (_rule(say), _criterion(say))


def _rule(say: Say) -> TableForm:
    matches = {"all": say("All", "Tous"), "any": say("Any", "Au moins un")}
    existing = {
        "ask": say("Ask", "Demander"),
        "include": say("Include", "Inclure"),
        "exclude": say("Exclude", "Exclure"),
    }
    yes, no = say("Yes", "Oui"), say("No", "Non")
    return TableForm(
        QualificationRule.TABLE,
        say("Qualification rule", "Règle de qualification"),
        say("Qualification rules", "Règles de qualification"),
        "UserOwned",
        string_column(QualificationRule.NAME, say("Name", "Nom"), max_length=200, is_primary_name=True),
        (
            integer_column(QualificationRule.ORDER, say("Order", "Ordre"), minimum=0, maximum=100_000),
            choice_column(
                QualificationRule.MATCH,
                say("Match", "Critères remplis"),
                options={QualificationRule.MATCHES[name]: labels for name, labels in matches.items()},
            ),
            memo_column(QualificationRule.FROM_STATUS, say("From status (JSON)", "Depuis le statut (JSON)")),
            memo_column(QualificationRule.ACTIONS, say("Actions (JSON)", "Actions (JSON)"), max_length=10_000),
            integer_column(QualificationRule.MAX_PER_HOUR, say("Max per hour", "Maximum par heure"), minimum=1),
            choice_column(
                QualificationRule.EXISTING_LEADS,
                say("Existing leads", "Prospects existants"),
                options={QualificationRule.EXISTING[name]: labels for name, labels in existing.items()},
            ),
            boolean_column(QualificationRule.RECONSIDER, say("Reconsider", "Réexaminer"), yes=yes, no=no),
            integer_column(
                QualificationRule.CONFIRMED_FLIPS,
                say("Confirmed flips", "Qualifications confirmées"),
                minimum=0,
            ),
            boolean_column(
                QualificationRule.UNPUBLISHED_CHANGES,
                say("Has unpublished changes", "Modifications non publiées"),
                yes=yes,
                no=no,
            ),
            memo_column(
                QualificationRule.ERROR_DETAILS, say("Error details", "Détails de l'erreur"), max_length=100_000
            ),
        ),
        (
            Lookup(
                QualificationRule.CURRENT_VERSION,
                PublishedVersion.TABLE,
                say("Current version", "Version actuelle"),
                LEFT_BEHIND,
            ),
        ),
        lifecycle(say),
        auditing=True,
        change_tracking=True,
    )


def _criterion(say: Say) -> TableForm:
    return TableForm(
        QualificationCriterion.TABLE,
        say("Qualification criterion", "Critère de qualification"),
        say("Qualification criteria", "Critères de qualification"),
        "OrganizationOwned",
        string_column(QualificationCriterion.NAME, say("Name", "Nom"), max_length=200, is_primary_name=True),
        (
            integer_column(QualificationCriterion.ORDER, say("Order", "Ordre"), minimum=0, maximum=100_000),
            string_column(
                QualificationCriterion.CUSTOMER_INSIGHTS,
                say("Customer Insights model", "Modèle Customer Insights"),
                max_length=200,
            ),
            integer_column(QualificationCriterion.AT_LEAST, say("At least", "Au moins")),
        ),
        (
            Lookup(QualificationCriterion.RULE, QualificationRule.TABLE, say("Rule", "Règle"), DELETED_ALONG),
            Lookup(QualificationCriterion.MODEL, ScoringModel.TABLE, say("Model", "Modèle"), KEPT_FROM_DELETION),
        ),
        auditing=True,
        change_tracking=True,
    )
