"""What people type is kept as it is meant, and compared as one thing however it is written."""

from collections.abc import Callable
from unicodedata import normalize

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from service import text

UNSEEN = "\u200b\u200e\u202d\u202c\u2060\ufeff\u00ad\u3164\u115f\u1160\uffa0\u2800\u034f\u180e\x00\x1b\x7f\U000e0041"
CLEANERS = [
    text.clean_text,
    text.clean_line,
    text.clean_identifier,
    text.identifier_key,
    text.search_key,
    text.search_query,
    text.clean_code,
    text.clean_secret,
    text.clean_phone,
    text.login_key,
]
ODD = st.text(
    st.one_of(st.sampled_from(f"{UNSEEN}Aa１０-–—０é\u0301\u200d\ufe0f👩🏽 \n\t\u3000李"), st.characters()), max_size=30
)


@pytest.mark.parametrize("clean", CLEANERS, ids=lambda clean: clean.__name__)
@given(given_text=ODD)
@example(given_text="'\u00b4")
@example(given_text="' '139")
@example(given_text="1234567.0.0")
@example(given_text="\ud8000")
def test_cleaning_twice_changes_nothing_more(clean: Callable[[str], str], given_text: str) -> None:
    once = clean(given_text)
    assert clean(once) == once
    once.encode()  # no lone surrogate is left


@given(ODD, st.sampled_from(UNSEEN), st.integers(0, 30))
def test_what_nobody_can_see_changes_no_key(plain: str, unseen: str, place: int) -> None:
    hidden = f"{plain[:place]}{unseen}{plain[place:]}"
    for key in (text.identifier_key, text.login_key, text.search_key):
        assert key(normalize("NFD", hidden)) == key(normalize("NFD", plain)) or "\u0301" in plain


@pytest.mark.parametrize("unseen", UNSEEN)
def test_what_nobody_can_see_is_left_out(unseen: str) -> None:
    assert text.clean_line(f"张{unseen}三") == text.clean_text(f"{unseen}张三") == "张三"
    assert not text.is_visible(unseen * 2)


@pytest.mark.parametrize(
    "meant",
    [
        "👨\u200d👩\u200d👧",
        "👍🏽",
        "❤️",
        "1️⃣",
        "🏴\U000e0067\U000e0062\U000e0065\U000e007f",
        "葛󠄀城",
        "می\u200cخواهم",
        "क्\u200dष",
        "㎡",
        "Zoë",
        "\ue000",
        "朝阳路 12 号",
        "两行\n文字",
        "½",
        "α+β",
    ],
)
def test_what_changes_the_meaning_stays(meant: str) -> None:
    assert text.clean_text(meant) == meant
    assert text.is_visible(meant)


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("  王 女士\u3000", "王 女士"),
        ("朝阳路\r\n12 号", "朝阳路 12 号"),
        ("Zoe\u0308", "Zoë"),
        ("a\tb", "a b"),
        ("\ud83d 半", "\ufffd 半"),
        ("a\u2028b\x0bc", "a b c"),
    ],
)
def test_lines(typed: str, kept: str) -> None:
    assert text.clean_line(typed) == kept


@pytest.mark.parametrize("blank", ["", " ", "\u3000\u00a0", "\n\t", "\u0301", "\ufe0f", "\u200d", UNSEEN])
def test_nothing_to_see(blank: str) -> None:
    assert not text.is_visible(blank)


@pytest.mark.parametrize(
    "written",
    [
        "INV-1",
        "inv-1",
        "ＩＮＶ－１",
        "INV–1",
        "INV—1",
        "INV\u22121",
        "INV\u20111",
        " INV - 1",
        "INV-1\u200b",
        "\u200eINV-1",
    ],
)
def test_one_work_order_number(written: str) -> None:
    assert text.identifier_key(written) == "inv-1"


def test_other_numbers_stay_others() -> None:
    assert len(set(map(text.identifier_key, ["A1-1", "A-11", "A11", "A1/1", "A1.1", "A1_1"]))) == 6


@pytest.mark.parametrize(
    ("typed", "stored"),
    [
        ("057188881234", "0571-88881234"),
        ("0571 88881234", "0571-88881234"),
        ("(0571)8888-1234", "0571 88881234"),
        ("+86 138 0013 8000", "13800138000"),
        ("008613800138000", "138-0013-8000"),
        ("ZH001", "ZH-001"),
        ("zh–001", "ZH-001"),
        ("ＺＨ００１", "ZH/001"),
        ("张三", "张 三\u200b"),
        ("朝阳路12号", "朝阳路 12 号"),
    ],
)
def test_searches_do_not_distinguish(typed: str, stored: str) -> None:
    assert text.search_query(typed) in text.search_key(stored)


@pytest.mark.parametrize(
    "typed",
    [
        "652032",
        "６５２０３２",
        "652 032",
        "652-032",
        "652\u200b032",
        " 652032\n",
        "٦٥٢٠٣٢",
        "验证码：652032。",
        "652.032",
        "652–032",
    ],
)
def test_one_code(typed: str) -> None:
    assert text.clean_code(typed) == "652032"


@pytest.mark.parametrize("typed", ["abc", "65203l", ""])
def test_what_is_no_code_stays_wrong(typed: str) -> None:
    assert text.clean_code(typed) != "652032"


def test_a_pasted_secret_keeps_its_letters() -> None:
    assert text.clean_secret(" kM3v-0s_Tq\u200b\n") == "kM3v-0s_Tq"


@pytest.mark.parametrize("typed", ["sunli", "Sunli", "SUNLI", "sunli ", "ｓｕｎｌｉ", "sun\u200bli", "Sunli\u3000"])
def test_one_login(typed: str) -> None:
    assert text.login_key(typed) == "sunli"


@pytest.mark.parametrize(
    ("typed", "kept", "numbers"),
    [
        ("13800138000", "13800138000", ["13800138000"]),
        ("１３８００１３８０００", "13800138000", ["13800138000"]),
        ("\u202d13800138000\u202c", "13800138000", ["13800138000"]),
        ("13800138000.0", "13800138000", ["13800138000"]),
        ("'13800138000", "13800138000", ["13800138000"]),
        ("138–0013–8000", "138-0013-8000", ["13800138000"]),
        ("+86 138 0013 8000", "+86 138 0013 8000", ["13800138000"]),
        ("0086-13800138000", "0086-13800138000", ["13800138000"]),
        ("013800138000", "013800138000", ["13800138000"]),
        ("13800138000/13900139000", "13800138000/13900139000", ["13800138000", "13900139000"]),
        ("13800138000 13900139000", "13800138000 13900139000", ["13800138000", "13900139000"]),
        ("138 0013 8000\n139 0013 9000", "138 0013 8000 139 0013 9000", ["13800138000", "13900139000"]),
        ("13800138000、0571-88881234", "13800138000、0571-88881234", ["13800138000", "057188881234"]),
        ("13800138000（儿子）", "13800138000(儿子)", ["13800138000"]),
        ("（0571）88881234 转 802", "(0571)88881234 转 802", ["057188881234"]),
        ("0571-88881234-802", "0571-88881234-802", ["057188881234802"]),
        ("+86 571 8888 1234", "+86 571 8888 1234", ["057188881234"]),
        ("+1 (212) 555-0100", "+1 (212) 555-0100", ["+12125550100"]),
        ("abc", "abc", []),
        ("#N/A", "#N/A", []),
        ("1380013800", "1380013800", []),
        ("330106199001011234", "330106199001011234", []),
        ("", "", []),
    ],
)
def test_telephones(typed: str, kept: str, numbers: list[str]) -> None:
    assert text.clean_phone(typed) == kept
    assert list(text.phone_numbers(typed)) == numbers
    assert text.can_be_dialled(typed) == bool(numbers)


def test_a_text_message_needs_a_mobile() -> None:
    assert text.sms_number("0571-88881234 / 13800138000") == "13800138000"
    assert text.sms_number("+44 20 7946 0000") == "+442079460000"
    assert text.sms_number("0571-88881234") == ""


@pytest.mark.parametrize(
    ("typed", "address"),
    [
        ("tao@example.cn", "tao@example.cn"),
        (" ｔａｏ＠ｅｘａｍｐｌｅ．ｃｎ\u200b", "tao@example.cn"),
        ("ops+1@mail.example.cn", "ops+1@mail.example.cn"),
        ("陶 <tao@example.cn>", "tao@example.cn"),
        *(
            (wrong, "")
            for wrong in ("abc", "a@b.cn;c@d.cn", "<a@b.cn> <c@d.cn>", "a..b@c.cn", ".a@c.cn", "a@", "@c.cn", "a@b..cn")
        ),
    ],
)
def test_a_mail_goes_to_one_address(typed: str, address: str):
    assert text.mail_address(typed) == address


@pytest.mark.parametrize("number", ["00000000000", "+0000000000", "000000000000000", "+860000000000"])
def test_no_country_begins_with_zero(number: str) -> None:
    assert not text.can_be_dialled(number)


@pytest.mark.parametrize("typed", ["\u0301", "\u0301\u0302 ", "\ufe00", "\U000e0100"])
def test_marks_without_a_letter_are_nothing(typed: str) -> None:
    assert text.clean_line(typed) == text.clean_identifier(typed) == text.clean_phone(typed) == ""
    assert not text.is_visible("\ufffd" + typed)


@pytest.mark.parametrize("selector", ["\ufe00", "\ufe0f", "\U000e0100"])
def test_selectors_of_variants_stay_only_where_there_are_some(selector: str) -> None:
    assert text.clean_line(f"A{selector}b") == "Ab"
    assert text.clean_line("陶\ufe0f") == "陶"


@pytest.mark.parametrize("added", ["", "。", ".", "\u200b", "，请核对"])
def test_a_code_in_a_message(added: str) -> None:
    assert text.clean_link_code(f"AB2c{added}") == "ab2c"
    assert text.clean_secret(f"AB-2c_{added}") == "AB-2c_"
