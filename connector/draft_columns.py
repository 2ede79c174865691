"""The columns of a draft that are read: those that `model_rows` and `rule_rows` write."""

from connector.tables import (
    QualificationCriterion,
    QualificationRule,
    ScoringCondition,
    ScoringGrade,
    ScoringGroup,
    ScoringModel,
)

LIFE = (
    "statecode",
    "statuscode",
    f"_{ScoringModel.CURRENT_VERSION}_value",
    ScoringModel.UNPUBLISHED_CHANGES,
    "_modifiedby_value",
)
MODEL_SAYS = (
    ScoringModel.NAME,
    ScoringModel.DESCRIPTION,
    ScoringModel.ENTRY,
    ScoringModel.TIME_ZONE,
    ScoringModel.BUSINESS_UNIT,
    ScoringModel.MIN_SCORE,
    ScoringModel.MAX_SCORE,
    ScoringModel.SHOW_ON_LEAD,
)
MODEL_COLUMNS = (*MODEL_SAYS, *LIFE)
GROUP_COLUMNS = (
    ScoringGroup.ID,
    ScoringGroup.NAME,
    ScoringGroup.ORDER,
    ScoringGroup.KIND,
    ScoringGroup.JOIN,
    ScoringGroup.POINTS,
    ScoringGroup.CAP,
    ScoringGroup.DEFINITION,
    ScoringGroup.INTERACTION_TABLE,
    ScoringGroup.LEAD_LOOKUP,
    ScoringGroup.CONTACT_LOOKUP,
    ScoringGroup.DATE_COLUMN,
    ScoringGroup.WITHIN_DAYS,
    ScoringGroup.COUNT,
    ScoringGroup.N,
    ScoringGroup.HALF_LIFE_DAYS,
)
CONDITION_COLUMNS = (
    ScoringCondition.ID,
    f"_{ScoringCondition.GROUP}_value",
    ScoringCondition.ORDER,
    ScoringCondition.COLUMN,
    ScoringCondition.OPERATOR,
    ScoringCondition.VALUE,
)
GRADE_COLUMNS = (
    ScoringGrade.ID,
    ScoringGrade.NAME,
    ScoringGrade.ORDER,
    ScoringGrade.MIN_SCORE,
    ScoringGrade.MAX_SCORE,
)
RULE_SAYS = (
    QualificationRule.NAME,
    QualificationRule.ORDER,
    QualificationRule.MATCH,
    QualificationRule.FROM_STATUS,
    QualificationRule.ACTIONS,
    QualificationRule.EXISTING_LEADS,
    QualificationRule.RECONSIDER,
    QualificationRule.MAX_PER_HOUR,
)
RULE_COLUMNS = (*RULE_SAYS, QualificationRule.CONFIRMED_FLIPS, *LIFE)
CRITERION_COLUMNS = (
    QualificationCriterion.ID,
    QualificationCriterion.ORDER,
    QualificationCriterion.AT_LEAST,
    QualificationCriterion.CUSTOMER_INSIGHTS,
)
IDS = {
    ScoringGroup.SET: ScoringGroup.ID,
    ScoringCondition.SET: ScoringCondition.ID,
    ScoringGrade.SET: ScoringGrade.ID,
    QualificationCriterion.SET: QualificationCriterion.ID,
}
