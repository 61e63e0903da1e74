"""Ids that nobody can guess."""

from uuid import RFC_4122, UUID

from cds.ids import new_uuid


def test_ids_are_random_uuids() -> None:
    """Of version 4, in the usual writing, each another one, every free digit of every kind."""
    made = [new_uuid() for _ in range(500)]

    assert made == [str(UUID(one)) for one in made]
    assert {(4, RFC_4122)} == {(UUID(one).version, UUID(one).variant) for one in made}
    assert 500 == len(set(made))
    assert set("89ab") == {one[19] for one in made}
    assert all(len({one[place] for one in made}) == 16 for place in (0, 12, 17, 20, 35))
