"""Whether a text file is in one of the old encodings of Chinese, Japanese or Korean.

They are told from the one-byte encodings, and from each other, by the signs that nearly every text
of their language has; in a misreading those are rare. Pure; `encoding` asks here first.
"""

import re
from typing import Final

_LEAST: Final = 4  # signs: fewer prove nothing
_SHARE: Final = 0.12
_SIMPLIFIED: Final = frozenset(
    "的一是不了人我在有他这中大来上个国到说们为子和你地出时年得下以生会她过么没电话号码车牌"
    "日期城市名字类型描述事件发什钱抢打客店路区报警察男女酒偷骗举姓址点"
)
_TRADITIONAL: Final = frozenset(
    "的一是不了人我在有他這中大來上個國到說們為子和你地出時年得下以生會她過麼沒電話號碼車牌"
    "日期城市名字類型描述事件發什錢搶打客店路區報警察男女酒偷騙舉姓址點"
)
_JAPANESE: Final = frozenset(
    "のにはをたがでてとしれさあいるなかもらすりこだまくけきっんそえうわつちせよ日付場所電話名前"
    "番号車何起市区月年客人男女"
)
_KOREAN: Final = frozenset(
    "이다는을를의에가고하지에서한도그나로은자들기사어리시여라인대전화번호날짜이름차도시일월년무슨"
    "장소고객성폭행강도"
)
_ENCODINGS: Final = (
    ("gb18030", _SIMPLIFIED),
    ("big5hkscs", _TRADITIONAL),
    ("cp932", _JAPANESE),
    ("euc_kr", _KOREAN),
    ("euc_jp", _JAPANESE),
)
_EAST: Final = re.compile("[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]")


def eastern_encoding(data: bytes) -> str | None:
    """Return the encoding of a text of East Asia, or None where the bytes are not such a text."""
    best, best_share = None, _SHARE
    for name, common in _ENCODINGS:
        try:
            signs = _EAST.findall(data.decode(name))
        except UnicodeDecodeError:
            continue
        share = sum(sign in common for sign in signs) / len(signs) if len(signs) >= _LEAST else 0.0
        if share > best_share:
            best, best_share = name, share
    return best
