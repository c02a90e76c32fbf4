"""A server killed under load has kept what it acknowledged. The long form is `scripts/endure`."""

from tests.load import crash


async def test_what_was_acknowledged_is_there_after_four_kills() -> None:
    crashes = await crash.run(4)
    assert crashes.faults == []
    assert crashes.cycles == 4
    assert crashes.acknowledged > 150, "too few records to say anything"
    assert crashes.unanswered > 0, "no kill came while records were on their way"


async def test_the_test_bites_a_server_that_acknowledges_what_it_does_not_keep() -> None:
    crashes = await crash.run(2, "nothing")
    assert crashes.acknowledged > 0
    assert len(crashes.faults) >= crashes.acknowledged
