"""What can be wrong with a webhook before anything is sent, and after.

WebhookError
  +-- CredentialsError     an endpoint's authvalue is not what its authtype asks for
  +-- RefusedStepError     a registration the emulator does not do
  +-- NotDrainedError      deliveries were still waiting when the time was up
"""

from uuid import UUID


class WebhookError(Exception):
    """Base of the webhook sender's errors."""


class CredentialsError(WebhookError):
    def __init__(self, authtype: int, problem: str) -> None:
        super().__init__(f"the credentials of authtype {authtype} are wrong: {problem}")


class RefusedStepError(WebhookError):
    def __init__(self, step_id: UUID, feature: str) -> None:
        super().__init__(f"the emulator does not do {feature} (step {step_id})")


class NotDrainedError(WebhookError):
    def __init__(self, waiting: int, timeout_s: float) -> None:
        super().__init__(f"{waiting} webhook deliveries had not ended after {timeout_s:g} s")
