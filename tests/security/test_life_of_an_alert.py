"""What is taken back, erased or over stays so: in the store, in the register, after a restore."""

from pathlib import Path
from typing import Any

from node.store import register as permissions
from protocol.ids import parse_record_key, text_id
from tests.support.one_node import one_node, published
from tests.unit.node_keeping.kept import Kept, make, say


async def test_an_erased_alert_leaves_no_reason_of_its_withdrawal_in_the_register(
    tmp_path: Path,
) -> None:
    home = tmp_path / "node"
    async with one_node(home) as node:
        alert = await published(node)
        rk = parse_record_key(alert)
        await node.dispatch("alert_withdraw", {"alert": alert, "reason": "it was mistaken"})
        assert node.context.register.get(permissions.WITHDRAWN, rk) is not None
        await node.dispatch("alert_erase", {"alert": alert})
        assert node.context.register.get(permissions.WITHDRAWN, rk) is None
    async with one_node(home) as node:
        assert list(node.context.register.all(permissions.WITHDRAWN)) == []
        assert (await node.dispatch("alert_show", {"alert": alert}))["status"] == "erased"


async def corrected_elsewhere(kept: Kept, revision: int) -> str:
    """An alert at revision 1 whose register knows a later one, as after a restore."""
    async with kept.opened() as node:
        (rk,) = await say(node)
        await node.change(
            lambda _: node.context.register.stage(
                permissions.REVISION, rk, revision.to_bytes(8, "big")
            )
        )
        return text_id(rk)


async def test_what_follows_a_restore_is_above_every_revision_that_the_register_knows(
    tmp_path: Path,
) -> None:
    changes: dict[str, dict[str, Any]] = {
        "alert_withdraw": {"reason": ""},
        "alert_correct": {"fields": {"codes": ["NP"]}},
        "alert_erase": {},
    }
    for name, args in changes.items():
        kept = make(tmp_path, name)
        alert = await corrected_elsewhere(kept, 5)
        async with kept.opened() as node:
            done = await node.dispatch(name, {"alert": alert, **args})
            assert done["rev"] == 6
            assert node.context.register.least_revision(parse_record_key(alert)) == 6
