"""The questions of the checklist as a customer is asked them: one thing at a time, in a person's words.

A question may be about several items. Each has its own words for customers, and an answer may name the item, so that
one "no" does not dispute the rest.
"""

from typing import Annotated

import msgspec
from msgspec import Meta

from service.judge.checklist import Question, Text
from service.judge.rules import CompiledChecklist

DAMAGE = frozenset({"own_damage", "meter_damage_by_customer"})
"""What is about damage is never answered together with everything else, nor is a question about money and gifts."""
REWORDED = {
    "您希望恢复原貌还是等价赔偿？": Text(
        "损坏的东西，是按您选的办法处理的吗？", "Was the damage settled in the way you chose?"
    ),
    "您是否确认下列水表损坏原因？": Text(
        "工作人员说的水表损坏原因，您认可吗？", "Do you accept the cause of the meter damage that staff named?"
    ),
    "有没有损坏您的设施？处理是否完全满意？": Text("我们有没有损坏您的东西？", "Did we damage anything of yours?"),
}
"""Texts of the checklist that a customer cannot answer by yes or no, or that ask two things."""
ASKED_OF_FACT = {
    "有没有损坏您的设施？处理是否完全满意？"
}  # without an item it asks whether there is damage: yes is bad


class QuestionPart(msgspec.Struct, frozen=True, kw_only=True):
    """One thing that a question asks."""

    item: Annotated[str | None, Meta(description="The item to answer; null: answer the question itself.")]
    zh: Annotated[str, Meta(description="What is asked, in Chinese.")]
    en: Annotated[str, Meta(description="What is asked, in English.")]
    bad_is_yes: Annotated[bool, Meta(description="Whether yes is the bad answer.")] = False
    alone: Annotated[bool, Meta(description="It is never part of an answer to everything at once.")] = False


def question_parts(
    rules: CompiledChecklist, question: Question, items: tuple[str, ...], whole: Text
) -> tuple[QuestionPart, ...]:
    """The single things that a question asks. `whole`: its text."""
    bad_is_yes = question.bad_answer == "yes"
    alone = bad_is_yes or question.asked_always
    if not items:
        words = REWORDED.get(whole.zh, whole)
        return (
            QuestionPart(
                item=None, zh=words.zh, en=words.en, bad_is_yes=bad_is_yes or whole.zh in ASKED_OF_FACT, alone=alone
            ),
        )
    found: list[QuestionPart] = []
    for name in items:
        item = rules.by_id[name].item
        own = item.customer or (whole if len(items) == 1 else item.label)
        words = REWORDED.get(own.zh, own)
        is_damage = not DAMAGE.isdisjoint(item.condition().names())
        found.append(QuestionPart(item=name, zh=words.zh, en=words.en, bad_is_yes=bad_is_yes, alone=alone or is_damage))
    return tuple(found)
