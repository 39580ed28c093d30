"""Database models of studies, arms, stimuli and everything that participants do. Only
``surveys.services`` writes to them.
"""

from surveys.models.allocation import AllocationSlot, LedgerEntry
from surveys.models.answers import Answer, Event, PageView, Submission, Trial, TrialMap, Uncovering
from surveys.models.arrival_count import ArrivalCount
from surveys.models.bonus_payment import BonusPayment
from surveys.models.codes import allocation_secret, completion_code, participant_code, pseudonym
from surveys.models.data_copy import DataCopy
from surveys.models.follow_up import FollowUp
from surveys.models.look import Look
from surveys.models.participant import HandExclusion, Identity, Participant, RememberedId
from surveys.models.schedule import StudySchedule
from surveys.models.study import Arm, ArmBlock, Condition, Stimulus, Study, StudyVersion

__all__ = [
    "AllocationSlot",
    "Answer",
    "Arm",
    "ArmBlock",
    "ArrivalCount",
    "BonusPayment",
    "Condition",
    "DataCopy",
    "Event",
    "FollowUp",
    "HandExclusion",
    "Identity",
    "LedgerEntry",
    "Look",
    "PageView",
    "Participant",
    "RememberedId",
    "Stimulus",
    "Study",
    "StudySchedule",
    "StudyVersion",
    "Submission",
    "Trial",
    "TrialMap",
    "Uncovering",
    "allocation_secret",
    "completion_code",
    "participant_code",
    "pseudonym",
]
