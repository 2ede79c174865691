"""The names of Leadgate's tables, columns and choices in Dataverse: spelled here and nowhere else.

Schema names are all lower case, so the navigation property of a lookup is its logical name, and a set's name is the
table's with an "s"; `leadgate provision` stops when the environment named one otherwise.
"""

from typing import Final

PREFIX: Final = "lgate"
OPTION_PREFIX: Final = 48210
SOLUTION: Final = "leadgate"

ACTIVE: Final = 0
INACTIVE: Final = 1


class Lifecycle:
    """statuscode of models and rules (design: Draft and Stopped are the platform's defaults, renamed)."""

    DRAFT: Final = 1
    STOPPED: Final = 2
    PUBLISHING: Final = 482100001
    LIVE: Final = 482100002
    STOPPING: Final = 482100003


class ScoringModel:
    """A marketer's draft of a model, and the version of it that is in force."""

    TABLE: Final = "lgate_scoringmodel"
    SET: Final = "lgate_scoringmodels"
    ID: Final = "lgate_scoringmodelid"
    NAME: Final = "lgate_name"
    DESCRIPTION: Final = "lgate_description"
    ENTRY: Final = "lgate_entrycondition"
    TIME_ZONE: Final = "lgate_timezone"
    MIN_SCORE: Final = "lgate_minscore"
    MAX_SCORE: Final = "lgate_maxscore"
    SHOW_ON_LEAD: Final = "lgate_showonlead"
    BUSINESS_UNIT: Final = "lgate_businessunit"
    CURRENT_VERSION: Final = "lgate_currentversionid"
    UNPUBLISHED_CHANGES: Final = "lgate_hasunpublishedchanges"
    ERROR_DETAILS: Final = "lgate_errordetails"


class ScoringGroup:
    """One group of a model: points for an attribute of the lead, or for its interactions."""

    TABLE: Final = "lgate_scoringgroup"
    SET: Final = "lgate_scoringgroups"
    ID: Final = "lgate_scoringgroupid"
    NAME: Final = "lgate_name"
    MODEL: Final = "lgate_modelid"
    ORDER: Final = "lgate_order"
    KIND: Final = "lgate_kind"
    JOIN: Final = "lgate_join"
    POINTS: Final = "lgate_points"
    CAP: Final = "lgate_cap"
    INTERACTION_TABLE: Final = "lgate_interactiontable"
    LEAD_LOOKUP: Final = "lgate_leadlookup"
    CONTACT_LOOKUP: Final = "lgate_contactlookup"
    DATE_COLUMN: Final = "lgate_datecolumn"
    WITHIN_DAYS: Final = "lgate_withindays"
    COUNT: Final = "lgate_count"
    N: Final = "lgate_n"
    HALF_LIFE_DAYS: Final = "lgate_halflifedays"
    DEFINITION: Final = "lgate_definition"

    KINDS: Final = {"attribute": 482100000, "interaction": 482100001}
    JOINS: Final = {"all": 482100000, "any": 482100001}
    COUNTS: Final = {"each": 482100000, "at-least": 482100001, "none": 482100002}


class ScoringCondition:
    """One condition of a group whose tree is one level deep."""

    TABLE: Final = "lgate_scoringcondition"
    SET: Final = "lgate_scoringconditions"
    ID: Final = "lgate_scoringconditionid"
    NAME: Final = "lgate_name"
    GROUP: Final = "lgate_groupid"
    ORDER: Final = "lgate_order"
    COLUMN: Final = "lgate_column"
    OPERATOR: Final = "lgate_operator"
    VALUE: Final = "lgate_value"


class ScoringGrade:
    """A name for a range of scores."""

    TABLE: Final = "lgate_scoringgrade"
    SET: Final = "lgate_scoringgrades"
    ID: Final = "lgate_scoringgradeid"
    NAME: Final = "lgate_name"
    MODEL: Final = "lgate_modelid"
    ORDER: Final = "lgate_order"
    MIN_SCORE: Final = "lgate_minscore"
    MAX_SCORE: Final = "lgate_maxscore"


class QualificationRule:
    """From which scores on a lead is qualified, and what is then done."""

    TABLE: Final = "lgate_qualificationrule"
    SET: Final = "lgate_qualificationrules"
    ID: Final = "lgate_qualificationruleid"
    NAME: Final = "lgate_name"
    ORDER: Final = "lgate_order"
    MATCH: Final = "lgate_match"
    FROM_STATUS: Final = "lgate_fromstatus"
    ACTIONS: Final = "lgate_actions"
    MAX_PER_HOUR: Final = "lgate_maxperhour"
    EXISTING_LEADS: Final = "lgate_existingleads"
    RECONSIDER: Final = "lgate_reconsider"
    CONFIRMED_FLIPS: Final = "lgate_confirmedflips"
    CURRENT_VERSION: Final = "lgate_currentversionid"
    UNPUBLISHED_CHANGES: Final = "lgate_hasunpublishedchanges"
    ERROR_DETAILS: Final = "lgate_errordetails"

    MATCHES: Final = {"all": 482100000, "any": 482100001}
    EXISTING: Final = {"ask": 482100000, "include": 482100001, "exclude": 482100002}


class QualificationCriterion:
    """One threshold of a rule."""

    TABLE: Final = "lgate_qualificationcriterion"
    SET: Final = "lgate_qualificationcriterions"
    ID: Final = "lgate_qualificationcriterionid"
    NAME: Final = "lgate_name"
    RULE: Final = "lgate_ruleid"
    ORDER: Final = "lgate_order"
    MODEL: Final = "lgate_modelid"
    CUSTOMER_INSIGHTS: Final = "lgate_customerinsightsmodel"
    AT_LEAST: Final = "lgate_atleast"


class PublishedVersion:
    """A definition as it was published: written once, checked by its hash at each load."""

    TABLE: Final = "lgate_publishedversion"
    SET: Final = "lgate_publishedversions"
    ID: Final = "lgate_publishedversionid"
    NAME: Final = "lgate_name"
    MODEL: Final = "lgate_modelid"
    RULE: Final = "lgate_ruleid"
    NUMBER: Final = "lgate_number"
    DEFINITION: Final = "lgate_definition"
    SHA256: Final = "lgate_sha256"
    PUBLISHED_ON: Final = "lgate_publishedon"
    PUBLISHED_BY: Final = "lgate_publishedby"


class LeadScore:
    """What a model gives a lead, and why. Its id is computed from (lead, model)."""

    TABLE: Final = "lgate_leadscore"
    SET: Final = "lgate_leadscores"
    ID: Final = "lgate_leadscoreid"
    NAME: Final = "lgate_name"
    LEAD: Final = "lgate_leadid"
    MODEL: Final = "lgate_modelid"
    VERSION: Final = "lgate_versionid"
    SCORE: Final = "lgate_score"
    GRADE: Final = "lgate_grade"
    EXPLANATION: Final = "lgate_explanation"
    PREVIOUS_SCORE: Final = "lgate_previousscore"
    SCORED_ON: Final = "lgate_scoredon"
    RESCORE_ON: Final = "lgate_rescoreon"

    UP_TO_DATE: Final = 1
    OUT_OF_AUDIENCE: Final = 2
    MODEL_STOPPED: Final = 482100001
    MERGED: Final = 482100002
    LEAD_CLOSED: Final = 482100003


class QualificationLog:
    """Each decision of a rule. The id of a qualifying entry is computed from (lead, rule, occurrence)."""

    TABLE: Final = "lgate_qualificationlog"
    SET: Final = "lgate_qualificationlogs"
    ID: Final = "lgate_qualificationlogid"
    NAME: Final = "lgate_name"
    LEAD: Final = "lgate_leadid"
    RULE: Final = "lgate_ruleid"
    VERSION: Final = "lgate_versionid"
    OCCURRENCE: Final = "lgate_occurrence"
    OUTCOME: Final = "lgate_outcome"
    REASON: Final = "lgate_reason"
    SCORES: Final = "lgate_scores"
    ACTIONS: Final = "lgate_actions"
    DECIDED_ON: Final = "lgate_decidedon"
    CORRELATION: Final = "lgate_correlationid"

    QUALIFIED: Final = 482100000
    QUALIFYING: Final = 482100001
    BLOCKED: Final = 482100002
    FAILED: Final = 482100003
    REOPENED: Final = 482100004


class Reason:
    """Why a rule did not act, where it is not a code of the platform's; and why it may act again."""

    EXISTING_LEAD: Final = "existing-lead"
    MAX_PER_HOUR: Final = "max-per-hour"
    AMBIGUOUS_CONTACT: Final = "ambiguous-contact"
    DUPLICATE: Final = "duplicate"
    DISQUALIFIED: Final = "disqualified-meanwhile"
    REOPENED: Final = "lead-reopened"
    RECONSIDERED: Final = "reconsidered"


class LeadInteraction:
    """Behaviour of a lead or its contact that has no table of its own."""

    TABLE: Final = "lgate_leadinteraction"
    SET: Final = "lgate_leadinteractions"
    ID: Final = "lgate_leadinteractionid"
    NAME: Final = "lgate_name"
    LEAD: Final = "lgate_leadid"
    CONTACT: Final = "lgate_contactid"
    TYPE: Final = "lgate_type"
    OCCURRED_ON: Final = "lgate_occurredon"
    SOURCE: Final = "lgate_source"
    EXTERNAL_ID: Final = "lgate_externalid"


class SyncState:
    """Where a stream of changes was read up to."""

    TABLE: Final = "lgate_syncstate"
    SET: Final = "lgate_syncstates"
    ID: Final = "lgate_syncstateid"
    STREAM: Final = "lgate_stream"
    DELTA_LINK: Final = "lgate_deltalink"
    COLUMNS_HASH: Final = "lgate_columnshash"
    CURSOR: Final = "lgate_cursor"
    COUNTS: Final = "lgate_counts"


class RescoreJob:
    """A rescore of everyone, for people to watch."""

    TABLE: Final = "lgate_rescorejob"
    SET: Final = "lgate_rescorejobs"
    ID: Final = "lgate_rescorejobid"
    NAME: Final = "lgate_name"
    MODEL: Final = "lgate_modelid"
    RULE: Final = "lgate_ruleid"
    CHAINS: Final = "lgate_chains"
    LEADS_SEEN: Final = "lgate_leadsseen"
    LEADS_WRITTEN: Final = "lgate_leadswritten"
    LEADS_FAILED: Final = "lgate_leadsfailed"


class Lead:
    """What Leadgate reads and writes on Dynamics' own lead table (dataverse.md section 2)."""

    TABLE: Final = "lead"
    SET: Final = "leads"
    ID: Final = "leadid"
    CONTACT: Final = "parentcontactid"
    ACCOUNT: Final = "parentaccountid"
    CURRENCY: Final = "transactioncurrencyid"
    STATE: Final = "statecode"
    STATUS: Final = "statuscode"
    MERGED: Final = "merged"
    GDPR_OPT_OUT: Final = "msdyn_gdproptout"
    OWNING_USER: Final = "owninguser"
    OWNING_TEAM: Final = "owningteam"

    OPEN: Final = 0
    QUALIFIED: Final = 1
    NEW: Final = 1

    PRIMARY_SCORE: Final = "lgate_primaryscoreid"
    QUALIFIED_ON: Final = "lgate_qualifiedon"
    SALES_READY: Final = "lgate_salesready"
    SALES_READY_OF_CUSTOMER_INSIGHTS: Final = "msdyncrm_salesready"
    MARKETING_QUALIFIED: Final = 482100000
    MARKETING_QUALIFIED_OF_CUSTOMER_INSIGHTS: Final = 823270000


class Contact:
    """Dynamics' own contact table: a lead's parent contact brings its interactions."""

    TABLE: Final = "contact"
    SET: Final = "contacts"
    ID: Final = "contactid"


class Account:
    """Dynamics' own account table."""

    SET: Final = "accounts"


class CustomerInsightsScore:
    """The scores of leads that Customer Insights - Journeys computes, where it is installed (dataverse.md 1.3)."""

    TABLE: Final = "msdyncrm_leadscore_v2"
    LEAD: Final = "msdyncrm_lead"
    MODEL: Final = "msdynmkt_entityscoringmodelid"
    MODEL_NAME: Final = "msdynmkt_name"
    SCORE: Final = "msdyncrm_score"
    STATUS: Final = "msdyncrm_scorestatus"

    OBSOLETE: Final = 533240000
    ERROR: Final = 533240003


class Organization:
    """The environment's one row about itself."""

    SET: Final = "organizations"
    BASE_CURRENCY: Final = "basecurrencyid"


class BusinessUnit:
    """Dataverse's own tree of business units."""

    SET: Final = "businessunits"
    ID: Final = "businessunitid"
    NAME: Final = "name"
    PARENT: Final = "parentbusinessunitid"


MODEL_TABLES: Final = frozenset(
    table.TABLE
    for table in (
        ScoringModel,
        ScoringGroup,
        ScoringCondition,
        ScoringGrade,
        QualificationRule,
        QualificationCriterion,
        PublishedVersion,
    )
)
