"""What pages remember of a browser: for minutes, and of no more browsers than there is room."""

from node.web.remembered import MINUTE_US, Remembered


def test_what_is_remembered_goes_with_time_also_where_nobody_asks_for_it() -> None:
    some: Remembered[str] = Remembered(5)
    some.put("one", "a", 0)
    some.put("other", "b", 4 * MINUTE_US)
    assert some.get("one", 5 * MINUTE_US) == "a"
    assert some.get("nobody", 6 * MINUTE_US) is None
    assert "one" not in some._found
    assert some.get("other", 6 * MINUTE_US) == "b"


def test_the_oldest_goes_where_there_are_many() -> None:
    some: Remembered[int] = Remembered(5, most=2)
    for n in range(4):
        some.put(f"{n}", n, n)
    assert [some.get(f"{n}", 4) for n in range(4)] == [None, None, 2, 3]
    some.put("2", 5, 5)
    some.forget("3")
    assert [some.get(f"{n}", 6) for n in range(4)] == [None, None, 5, None]
