"""Scoring models as marketers keep them: model, groups, conditions, grades, and published versions."""

from typing import Final

from admin.schema.forms import DELETED_ALONG, LEFT_BEHIND, Lookup, Say, StatusReason, TableForm
from connector.tables import (
    Lifecycle,
    PublishedVersion,
    QualificationRule,
    ScoringCondition,
    ScoringGrade,
    ScoringGroup,
    ScoringModel,
)
from dataverse.column_definitions import (
    boolean_column,
    choice_column,
    datetime_column,
    integer_column,
    memo_column,
    string_column,
)

DEFINITION_CHARACTERS_MAX: Final = 1_000_000


def model_tables(say: Say) -> tuple[TableForm, ...]:
    """The tables of models, in an order in which each finds those it points at (lookups come after all tables)."""
    return (_model(say), _group(say), _condition(say), _grade(say), _version(say))


def lifecycle(say: Say) -> tuple[StatusReason, ...]:
    """Draft, Publishing, Live, Stopping (Active) and Stopped (Inactive)."""
    return (
        StatusReason(0, Lifecycle.DRAFT, say("Draft", "Brouillon")),
        StatusReason(1, Lifecycle.STOPPED, say("Stopped", "Arrêté")),
        StatusReason(0, Lifecycle.PUBLISHING, say("Publishing", "Publication en cours")),
        StatusReason(0, Lifecycle.LIVE, say("Live", "En service")),
        StatusReason(0, Lifecycle.STOPPING, say("Stopping", "Arrêt en cours")),
    )


def _model(say: Say) -> TableForm:
    yes, no = say("Yes", "Oui"), say("No", "Non")
    return TableForm(
        ScoringModel.TABLE,
        say("Scoring model", "Modèle de score"),
        say("Scoring models", "Modèles de score"),
        "UserOwned",
        string_column(ScoringModel.NAME, say("Name", "Nom"), max_length=200, is_primary_name=True),
        (
            memo_column(ScoringModel.DESCRIPTION, say("Description", "Description")),
            memo_column(
                ScoringModel.ENTRY,
                say("Entry condition (JSON)", "Condition d'entrée (JSON)"),
                max_length=DEFINITION_CHARACTERS_MAX,
            ),
            string_column(ScoringModel.TIME_ZONE, say("Time zone", "Fuseau horaire")),
            string_column(ScoringModel.BUSINESS_UNIT, say("Business unit", "Division"), max_length=160),
            integer_column(ScoringModel.MIN_SCORE, say("Min score", "Score minimal")),
            integer_column(ScoringModel.MAX_SCORE, say("Max score", "Score maximal")),
            boolean_column(ScoringModel.SHOW_ON_LEAD, say("Show on lead", "Afficher sur le prospect"), yes=yes, no=no),
            boolean_column(
                ScoringModel.UNPUBLISHED_CHANGES,
                say("Has unpublished changes", "Modifications non publiées"),
                yes=yes,
                no=no,
            ),
            memo_column(ScoringModel.ERROR_DETAILS, say("Error details", "Détails de l'erreur"), max_length=100_000),
        ),
        (
            Lookup(
                ScoringModel.CURRENT_VERSION,
                PublishedVersion.TABLE,
                say("Current version", "Version actuelle"),
                LEFT_BEHIND,
            ),
        ),
        lifecycle(say),
        auditing=True,
        change_tracking=True,
    )


def _group(say: Say) -> TableForm:
    kinds = {"attribute": say("Attribute", "Attribut"), "interaction": say("Interaction", "Interaction")}
    joins = {"all": say("All", "Toutes"), "any": say("Any", "Au moins une")}
    counts = {
        "each": say("Each", "Chacune"),
        "at-least": say("At least", "Au moins"),
        "none": say("None", "Aucune"),
    }
    return TableForm(
        ScoringGroup.TABLE,
        say("Scoring group", "Groupe de score"),
        say("Scoring groups", "Groupes de score"),
        "OrganizationOwned",
        string_column(ScoringGroup.NAME, say("Name", "Nom"), max_length=200, is_primary_name=True),
        (
            integer_column(ScoringGroup.ORDER, say("Order", "Ordre"), minimum=0, maximum=100_000),
            choice_column(
                ScoringGroup.KIND,
                say("Kind", "Type"),
                options={ScoringGroup.KINDS[name]: labels for name, labels in kinds.items()},
            ),
            choice_column(
                ScoringGroup.JOIN,
                say("Conditions", "Conditions"),
                options={ScoringGroup.JOINS[name]: labels for name, labels in joins.items()},
            ),
            integer_column(ScoringGroup.POINTS, say("Points", "Points"), minimum=-1_000_000, maximum=1_000_000),
            integer_column(ScoringGroup.CAP, say("Cap", "Plafond"), minimum=0),
            string_column(ScoringGroup.INTERACTION_TABLE, say("Table", "Table"), max_length=128),
            string_column(ScoringGroup.LEAD_LOOKUP, say("Lookup to lead", "Lien vers le prospect"), max_length=128),
            string_column(
                ScoringGroup.CONTACT_LOOKUP, say("Lookup to contact", "Lien vers le contact"), max_length=128
            ),
            string_column(ScoringGroup.DATE_COLUMN, say("Date column", "Colonne de date"), max_length=128),
            integer_column(ScoringGroup.WITHIN_DAYS, say("Within days", "Sur les derniers jours"), minimum=1),
            choice_column(
                ScoringGroup.COUNT,
                say("Count", "Comptage"),
                options={ScoringGroup.COUNTS[name]: labels for name, labels in counts.items()},
            ),
            integer_column(ScoringGroup.N, say("How many", "Combien"), minimum=1),
            integer_column(ScoringGroup.HALF_LIFE_DAYS, say("Half-life in days", "Demi-vie en jours"), minimum=1),
            memo_column(
                ScoringGroup.DEFINITION,
                say("Definition (JSON)", "Définition (JSON)"),
                max_length=DEFINITION_CHARACTERS_MAX,
            ),
        ),
        (Lookup(ScoringGroup.MODEL, ScoringModel.TABLE, say("Model", "Modèle"), DELETED_ALONG),),
        auditing=True,
        change_tracking=True,
    )


def _condition(say: Say) -> TableForm:
    return TableForm(
        ScoringCondition.TABLE,
        say("Scoring condition", "Condition de score"),
        say("Scoring conditions", "Conditions de score"),
        "OrganizationOwned",
        string_column(ScoringCondition.NAME, say("Name", "Nom"), max_length=200, is_primary_name=True),
        (
            integer_column(ScoringCondition.ORDER, say("Order", "Ordre"), minimum=0, maximum=100_000),
            string_column(ScoringCondition.COLUMN, say("Column", "Colonne"), max_length=300),
            string_column(ScoringCondition.OPERATOR, say("Operator", "Opérateur")),
            memo_column(ScoringCondition.VALUE, say("Value", "Valeur"), max_length=100_000),
        ),
        (Lookup(ScoringCondition.GROUP, ScoringGroup.TABLE, say("Group", "Groupe"), DELETED_ALONG),),
        auditing=True,
        change_tracking=True,
    )


def _grade(say: Say) -> TableForm:
    return TableForm(
        ScoringGrade.TABLE,
        say("Scoring grade", "Niveau de score"),
        say("Scoring grades", "Niveaux de score"),
        "OrganizationOwned",
        string_column(ScoringGrade.NAME, say("Name", "Nom"), max_length=200, is_primary_name=True),
        (
            integer_column(ScoringGrade.ORDER, say("Order", "Ordre"), minimum=0, maximum=100_000),
            integer_column(ScoringGrade.MIN_SCORE, say("Min score", "Score minimal")),
            integer_column(ScoringGrade.MAX_SCORE, say("Max score", "Score maximal")),
        ),
        (Lookup(ScoringGrade.MODEL, ScoringModel.TABLE, say("Model", "Modèle"), DELETED_ALONG),),
        change_tracking=True,
    )


def _version(say: Say) -> TableForm:
    return TableForm(
        PublishedVersion.TABLE,
        say("Published version", "Version publiée"),
        say("Published versions", "Versions publiées"),
        "OrganizationOwned",
        string_column(PublishedVersion.NAME, say("Name", "Nom"), max_length=200, is_primary_name=True),
        (
            integer_column(PublishedVersion.NUMBER, say("Version", "Version"), minimum=1),
            memo_column(
                PublishedVersion.DEFINITION,
                say("Definition (JSON)", "Définition (JSON)"),
                max_length=DEFINITION_CHARACTERS_MAX,
            ),
            string_column(PublishedVersion.SHA256, say("SHA-256", "SHA-256"), max_length=64),
            datetime_column(PublishedVersion.PUBLISHED_ON, say("Published on", "Publiée le")),
            string_column(PublishedVersion.PUBLISHED_BY, say("Published by", "Publiée par"), max_length=200),
        ),
        (
            Lookup(PublishedVersion.MODEL, ScoringModel.TABLE, say("Model", "Modèle"), LEFT_BEHIND),
            Lookup(PublishedVersion.RULE, QualificationRule.TABLE, say("Rule", "Règle"), LEFT_BEHIND),
        ),
    )
