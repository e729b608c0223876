"""Which function is which command. Modules are imported when they are first asked for."""

import inspect
from collections.abc import Awaitable, Callable
from functools import lru_cache
from importlib import import_module
from typing import Any

from node.errors import BadRequest

Command = Callable[..., Awaitable[dict[str, Any]]]

COMMANDS: dict[str, str] = {
    "status": "overview",
    "doctor": "overview",
    "import_list": "imports",
    "draft_new": "drafts",
    "draft_list": "drafts",
    "draft_show": "drafts",
    "draft_edit": "drafts",
    "draft_publish": "drafts",
    "draft_refuse": "drafts",
    "draft_approve": "reviewing",
    "receipt_issue": "receipts",
    "receipt_show": "receipts",
    "receipt_consent": "receipts",
    "receipt_withdraw": "receipts",
    "receipt_add": "receipts",
    "receipt_correct": "receipts",
    "receipt_updates": "receipts",
    "receipt_accept": "receipts",
    "receipt_decline": "receipts",
    "peer_invite": "invites",
    "peer_cancel": "invites",
    "peer_accept": "peering",
    "peer_verify": "peering",
    "peer_list": "peering",
    "peer_pause": "peering",
    "peer_resume": "peering",
    "peer_block": "peering",
    "peer_remove": "peering",
    "peer_update": "peering",
    "peer_introduce": "introducing",
    "peer_introductions": "introducing",
    "peer_meet": "introducing",
    "peer_mailbox": "mailboxes",
    "mail_list": "mailboxes",
    "mail_carry": "mailboxes",
    "peer_compare": "comparing",
    "peer_brake_list": "defence",
    "peer_brake_confirm": "defence",
    "peer_brake_reject": "defence",
    "peer_quarantine": "defence",
    "peer_freeze": "defence",
    "node_freeze": "defence",
    "node_thaw": "defence",
    "policy_show": "policies",
    "policy_intake": "policies",
    "policy_check": "policies",
    "policy_apply": "policies",
    "policy_sign_profile": "profiles",
    "policy_adopt": "profiles",
    "policy_leave": "profiles",
    "policy_profile": "profiles",
    "policy_preview": "policies",
    "policy_foresee": "foreseeing",
    "check": "checking",
    "alert_list": "alerts",
    "alert_show": "alerts",
    "alert_correct": "alerts",
    "alert_renew": "alerts",
    "alert_narrow": "alerts",
    "alert_widen": "alerts",
    "alert_withdraw": "alerts",
    "alert_erase": "alerts",
    "alert_confirm": "reviewing",
    "alert_sheet": "sheets",
    "sheet_show": "sheets",
    "sheet_crossed": "sheets",
    "alert_coverage": "coverage",
    "alert_board": "coverage",
    "alert_hold": "holding",
    "alert_lift": "holding",
    "alert_held": "holding",
    "audit": "reviewing",
    "verdict_set": "judging",
    "verdict_clear": "judging",
    "verdict_list": "judging",
    "review_list": "judging",
    "review_pass": "judging",
    "cluster_list": "judging",
    "cluster_show": "judging",
    "cluster_join": "judging",
    "cluster_part": "judging",
    "peer_mode": "judging",
    "voice_corroborate": "voices",
    "voice_dispute": "voices",
    "voice_same_as": "voices",
    "voice_adopt": "voices",
    "voice_withdraw": "voices",
    "voice_list": "voices",
    "dispute_open": "disputes",
    "dispute_list": "disputes",
    "dispute_answer": "disputes",
    "dispute_close": "disputes",
    "dispute_lift": "disputes",
    "dispute_inform": "disputes",
    "member_invite": "members",
    "member_list": "members",
    "member_cancel": "members",
    "member_role": "members",
    "member_remove": "members",
    "police_export": "police",
    "statistics": "statistics",
    "keys_show": "keyring",
    "keys_rotate": "keyring",
    "keys_revoke": "keyring",
    "keys_recover": "keyring",
    "bundle_write": "bundles",
    "bundle_read": "bundles",
    "backup": "backups",
    "recover_show": "backups",
    "recover_sign": "backups",
    "recover_confirm": "backups",
}


_signature = lru_cache(maxsize=None)(inspect.signature)  # each command's own; 18 µs to work out


def find(name: str, args: dict[str, Any]) -> Command:
    """The function of a command whose arguments fit; BadRequest otherwise."""
    module = COMMANDS.get(name)
    if module is None:
        raise BadRequest(f"there is no command {name}")
    command: Command = getattr(import_module(f"node.commands.{module}"), name)
    try:
        _signature(command).bind(None, **args)
    except TypeError as error:
        raise BadRequest(f"{name}: {error}") from None
    return command
