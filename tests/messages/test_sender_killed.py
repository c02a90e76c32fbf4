"""A sender killed between handing a message over and writing it down loses none. The long form is `scripts/endure`."""

from tests.load import letters


async def test_no_message_is_lost_and_one_that_comes_twice_is_the_same(address: str) -> None:
    found = await letters.run(6, address=address)
    assert found.faults == []
    assert found.kills == 6
    assert found.messages == 50
    assert found.arrived_twice >= 6, "no kill came between handing over and writing down"


async def test_the_test_bites_a_sender_that_writes_down_before_it_hands_over() -> None:
    found = await letters.run(4, "forgetful")
    assert found.kills == 4
    assert any("never arrived" in fault for fault in found.faults)
