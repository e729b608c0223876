"""Chat exports: which messages are reports, and that who wrote them stays home."""

import pytest

from node.desk.errors import UnreadableList
from tests.unit.desk.lists import imported, shareable

STORY = "careful with 07700 900111, he didn't pay me last night"
SHAPES = {
    "ios": f"[01/05/2026, 22:15:00] Ana: {STORY}\n[01/05/2026, 22:16:00] Bea: thanks\n"
    "[13/05/2026, 10:00:00] Bea: lol\n",
    "android": f"01/05/2026, 22:15 - Ana: {STORY}\n01/05/2026, 22:16 - Bea: thanks\n"
    "13/05/2026, 10:00 - Bea: lol\n",
    "us": f"5/1/26, 10:15 PM - Ana: {STORY}\n5/1/26, 10:16 PM - Bea: thanks\n"
    "5/13/26, 10:00 AM - Bea: lol\n",
    "signal": f"[2026-05-01 22:15] Ana: {STORY}\n[2026-05-01 22:16] Bea: thanks\n",
    "telegram": f"Ana, [01.05.2026 22:15]\n{STORY}\n\nBea, [01.05.2026 22:16]\nthanks\n",
    "json": '{"messages":[{"type":"message","date":"2026-05-01T22:15:00","from":"Ana","text":["'
    + STORY
    + '"]},{"type":"message","date":"2026-05-01T22:16:00","from":"Bea","text":"thanks"}]}',
}


@pytest.mark.parametrize("shape", list(SHAPES))
def test_every_shape_of_export_gives_the_same_report(shape: str) -> None:
    result = imported(SHAPES[shape], "chat.txt", country="GB")
    (draft,) = result.drafts
    assert draft.fields["phone"] == ["+447700900111"]
    assert draft.fields["codes"] == ["non_payment"]
    assert draft.fields["date.day"] == "2026-04-30"
    assert draft.private["reporter:sender"] == "Ana"
    assert "Ana" not in shareable(draft)
    expected = imported(SHAPES["ios"], "chat.txt", country="GB").drafts[0].fingerprint
    assert draft.fingerprint == expected


def test_a_members_own_number_never_becomes_a_clients() -> None:
    result = imported(
        "[2026-05-01 22:15] +44 7700 900222: avoid black audi AB12 CDE, he followed me\n"
        "[2026-05-01 22:16] Bea: +44 7700 900222 was followed by 07700 900333\n"
        "[2026-05-01 22:20] Ana: my new number is 07700 900444, he robbed me\n",
        "chat.txt",
        country="GB",
    )
    for draft in result.drafts:
        phones = draft.fields.get("phone", [])
        assert isinstance(phones, list)
        assert not {"+447700900222", "+447700900444"} & set(map(str, phones))


def test_questions_and_pictures_are_no_reports() -> None:
    result = imported(
        "[2026-05-01 22:15] Ana: is 07700900107 ok? anyone seen him\n"
        "[2026-05-01 22:16] Bea: <Media omitted>\n[2026-05-01 22:17] Bea: stay safe all\n",
        "chat.txt",
        country="GB",
    )
    assert (result.rows, len(result.drafts), result.skipped) == (3, 0, 3)


def test_a_member_named_in_a_message_blocks_it() -> None:
    result = imported(
        "[2026-05-01 22:15] Zuzu: hi\n[2026-05-01 22:16] Bea: he hit zuzu and ran, 07700900107\n",
        "chat.txt",
        country="GB",
    )
    (draft,) = result.drafts
    assert any(d.blocking and d.text.lower() == "zuzu" for d in draft.doubts)
    assert all(
        "zuzu" not in value.lower()
        for key, value in draft.private.items()
        if key.startswith("reporter")
    )


TONGUES = {
    "french": f"01/05/2026 à 22:15 - Ana: {STORY}\n01/05/2026 à 22:16 - Bea: merci\n",
    "spanish": f"1/5/2026, 10:15 p.\u00a0m. - Ana: {STORY}\n1/5/2026, 10:16 p.\u00a0m. - Bea: si\n",
    "portuguese": f"01/05/2026 às 22:15 - Ana: {STORY}\n01/05/2026 às 22:16 - Bea: sim\n",
    "finnish": f"1.5.2026 klo 22.15 - Ana: {STORY}\n1.5.2026 klo 22.16 - Bea: kiitos\n",
    "danish": f"01.05.2026 kl. 22.15 - Ana: {STORY}\n01.05.2026 kl. 22.16 - Bea: tak\n",
    "czech": f"1. 5. 2026 22:15 - Ana: {STORY}\n1. 5. 2026 22:16 - Bea: dik\n",
    "hungarian": f"2026. 05. 01. 22:15 - Ana: {STORY}\n2026. 05. 01. 22:16 - Bea: ok\n",
    "chinese": f"2026/5/1 下午10:15 - Ana: {STORY}\n2026/5/1 下午10:16 - Bea: 好\n",
    "arabic": f"[01/05/2026، 22:15:00] Ana: {STORY}\n[01/05/2026، 22:16:00] Bea: شكرا\n",
    "meta": '{"participants":[{"name":"Ana"}],"messages":[{"sender_name":"Ana","timestamp_ms":'
    f'1777673700000,"content":"{STORY}"}},{{"sender_name":"Bea","timestamp_ms":1777673760000}}]}}',
    "discord": '{"guild":{},"messages":[{"type":"Default","timestamp":"2026-05-01T22:15:00+00:00",'
    f'"content":"{STORY}","author":{{"name":"Ana"}}}}]}}',
}


@pytest.mark.parametrize("tongue", list(TONGUES))
def test_an_export_of_a_telephone_in_another_language_is_read(tongue: str) -> None:
    result = imported(TONGUES[tongue], "chat.txt", country="GB")
    (draft,) = result.drafts
    assert draft.fields["phone"] == ["+447700900111"]
    assert draft.fields["date.day"] == "2026-04-30"
    assert draft.private["reporter:sender"] == "Ana"
    assert "Ana" not in shareable(draft)


def test_json_whose_messages_have_no_words_that_we_know_is_refused() -> None:
    with pytest.raises(UnreadableList):
        imported('{"messages":[{"type":"message","wer":"Ana","was":"hi"}]}', "chat.json")
