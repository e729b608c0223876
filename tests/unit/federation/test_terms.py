"""What a receiver may do with a record: read from its terms, and no where they do not say yes."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from federation.terms import (
    allows,
    is_for,
    narrower_terms,
    onward_names,
    strictest_terms,
)
from protocol.codec import Value
from protocol.field_shapes import is_terms

USES = ("members", "print", "statistics", "police", "onward")
WIDEST: list[Value] = ["members", True, True, True, True, ["codes", "phone.masked"]]

anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8) | st.binary(max_size=4),
    lambda inner: st.lists(inner, max_size=6),
    max_leaves=12,
)
terms = st.tuples(
    st.sampled_from(["staff", "members"]), *([st.booleans()] * 4),
    st.lists(st.sampled_from(["codes", "phone", "text"]), unique=True),
).map(list)  # fmt: skip


@pytest.mark.parametrize("use", USES)
def test_each_use_has_its_own_word_in_the_terms(use: str) -> None:
    alone: list[Value] = [
        "members" if use == "members" else "staff",
        *(use == each for each in USES[1:]), [],
    ]  # fmt: skip
    assert [each for each in USES if allows(alone, each)] == [use]


@pytest.mark.parametrize(
    "wrong",
    [
        None, [], "members", ["members", True], ["members", 1, 1, 1, 1, []],
        ["everybody", True, True, True, True, []], ["members", True, True, True, True],
        ["members", True, True, True, True, [], True], ["members", "yes", True, True, True, []],
    ],
)  # fmt: skip
def test_what_is_missing_or_of_another_shape_allows_nothing(wrong: Value | None) -> None:
    assert not any(allows(wrong, use) for use in USES)
    assert is_for(wrong, "staff")
    assert not is_for(wrong, "members")
    assert onward_names(wrong) == frozenset()


def test_a_use_that_nobody_named_is_not_allowed() -> None:
    assert not any(allows(WIDEST, use) for use in ("", "audience", "sell", "staff", "Print"))


@given(anything)
def test_no_value_raises_or_is_read_as_a_yes_unless_it_is_terms(value: Value) -> None:
    allowed = [use for use in USES if allows(value, use)]
    assert not allowed or is_terms(value)
    assert is_terms(narrower_terms(value, WIDEST))


@given(terms, terms)
def test_two_terms_together_allow_what_both_allow(one: list[Value], other: list[Value]) -> None:
    both = narrower_terms(one, other)
    for use in USES:
        assert allows(both, use) == (allows(one, use) and allows(other, use))
    assert onward_names(both) == onward_names(one) & onward_names(other)
    assert both == narrower_terms(other, one)


def test_fields_go_on_only_where_forwarding_is_allowed() -> None:
    assert onward_names(WIDEST) == {"codes", "phone.masked"}
    assert onward_names([*WIDEST[:4], False, WIDEST[5]]) == frozenset()
    assert narrower_terms(WIDEST, None) == strictest_terms()
