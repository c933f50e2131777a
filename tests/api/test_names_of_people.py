# ruff: noqa: RUF001 - that letters look alike is what this is about
"""When two names are one: case and compatibility forms do not tell people apart, in any script."""

from __future__ import annotations

import pytest

from tests.api.signing_in import address, register, try_to_sign_in, unique
from tests.people import Person

THE_SAME = [
    ("alice", "ALICE"),
    ("zoë", "ZOË"),
    ("zo\u00eb", "zoe\u0308"),  # composed, decomposed
    ("strauß", "STRAUSS"),
    ("straße", "strasse"),
    ("groẞ", "GROSS"),
    ("σοφός", "ΣΟΦΌΣ"),  # a final sigma
    ("ＡＬＩＣＥ", "alice"),  # full width
    ("ﬁona", "FIONA"),  # a ligature
    ("kelvin", "\u212aelvin"),  # the sign of the unit
    ("ſusan", "susan"),  # a long s
    ("henryⅧ", "henryviii"),  # a Roman numeral
    ("a²", "a2"),
    ("ҐАЛЯ", "ґаля"),
    ("ǅenan", "ǆenan"),  # title case
    ("ꭰꭹ", "ᎠᎩ"),  # Cherokee, which folds to capitals
]

TOLD_APART = [
    ("ılgaz", "ilgaz"),  # Turkish: a dotless i is a letter of its own
    ("ILGAZ", "ılgaz"),  # and folding knows no language: I means i
    ("İlgaz", "ilgaz"),
    ("zoë", "zoe"),
    ("ᴀlice", "alice"),  # a letter of the phonetic alphabet
]


@pytest.mark.parametrize(("first", "second"), THE_SAME)
async def test_a_name_is_taken_however_it_is_written(nobody: Person, first: str, second: str):
    tail = unique()
    assert (await register(nobody, first + tail)).status_code == 201
    refused = await register(nobody, second + tail)
    assert (refused.status_code, refused.json()["field"]) == (409, "username")


@pytest.mark.parametrize(("first", "second"), THE_SAME)
async def test_a_person_signs_in_however_the_name_is_written(nobody: Person, first: str, second: str):
    tail = unique()
    await register(nobody, second + tail)
    assert (await try_to_sign_in(nobody, first + tail)).status_code == 200


@pytest.mark.parametrize(("first", "second"), TOLD_APART)
async def test_other_letters_make_another_name(nobody: Person, first: str, second: str):
    tail = unique()
    assert (await register(nobody, first + tail)).status_code == 201
    assert (await register(nobody, second + tail)).status_code == 201


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("{}@example.com", "{}@EXAMPLE.com"),
        ("{}@example.com", "{}@eXample.Com"),
        ("ada.{}@example.com", "ADA.{}@example.com"),
        ("groß.{}@example.com", "GROSS.{}@example.com"),
        ("{}@bücher.example", "{}@BÜCHER.example"),
        ("{}@bücher.example", "{}@xn--bcher-kva.example"),
    ],
)
async def test_an_address_is_taken_however_it_is_written(nobody: Person, first: str, second: str):
    middle = unique()
    assert (await register(nobody, unique(), email=first.format(middle))).status_code == 201
    refused = await register(nobody, unique(), email=second.format(middle))
    assert (refused.status_code, refused.json()["field"]) == (409, "email")


async def test_a_name_keeps_the_case_in_which_it_was_registered(nobody: Person):
    name = f"McAda-{unique()}"
    assert (await register(nobody, name)).json()["username"] == name


async def test_a_name_is_kept_in_its_plain_form(nobody: Person):
    tail = unique()
    assert (await register(nobody, f"ＡＤＡ{tail}")).json()["username"] == f"ADA{tail}"


async def test_a_username_cannot_be_somebody_elses_address(nobody: Person):
    name = unique()
    await register(nobody, name)
    for spelling in (address(name), address(name).replace("@", "\uff20")):
        refused = await register(nobody, spelling)
        assert (refused.status_code, refused.json()["errors"][0]["pointer"]) == (422, "/username")


@pytest.mark.parametrize(
    "name",
    [
        *(
            "ab",
            "a" * 51,
            "two words",
            "a@b",
            "a/b",
            "a\\b",
            "a%b",
            "a<b>",
            "abc\n",
            "\u00a0abc",
            "abc\u200b",
            "a\u202eb",
        ),
        *("ㅤㅤㅤ", "ab\u115f", "ab\u1160", "ab\uffa0"),  # letters that nobody can see
        *("abc\u0000", "😀😀😀", ""),
    ],
)
async def test_what_cannot_be_told_apart_by_eye_or_typed_is_no_name(nobody: Person, name: str):
    refused = await register(nobody, name)
    assert (refused.status_code, refused.json()["errors"][0]["pointer"]) == (422, "/username")
