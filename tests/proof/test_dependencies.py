"""What is judged of the packages that users get: that all are in the bill, under which licences, with which faults."""

from __future__ import annotations

from typing import Any

import pytest
from proof.dependencies import NOT_ASKED, Package, judged, known_faults, packages

SOUND = Package("alpha", "1.0", ("MIT",))


def component(name: str, *licences: dict[str, Any]) -> dict[str, Any]:
    return {"name": name, "version": "1.0", "licenses": list(licences)}


def test_packages_are_read_as_their_bill_names_their_licences():
    bill = {
        "components": [
            component("alpha", {"license": {"id": "MIT"}}),
            component("beta", {"expression": "Apache-2.0 OR MIT"}),
            component("gamma", {"license": {"name": "BSD License"}}),
            component("delta"),
        ]
    }
    assert [one.licences for one in packages(bill)] == [("MIT",), ("Apache-2.0 OR MIT",), ("BSD License",), ()]


@pytest.mark.parametrize("licence", ["MIT", "BSD-3-Clause", "Apache-2.0 OR MIT", "MPL-2.0", "PSF-2.0", "ISC"])
def test_licences_that_can_be_given_on_fit(licence: str):
    assert Package("alpha", "1.0", (licence,)).fits


@pytest.mark.parametrize("licence", ["GPL-3.0-only", "LGPL-2.1+", "AGPL-3.0", "GNU Lesser General Public License v3"])
def test_licences_that_bind_more_than_ours_do_not_fit_beside_another_either(licence: str):
    assert not Package("alpha", "1.0", (licence,)).fits
    assert not Package("alpha", "1.0", ("MIT", licence)).fits


@pytest.mark.parametrize("licences", [(), ("",), ("Proprietary",)])
def test_what_nobody_knows_to_be_free_does_not_fit(licences: tuple[str, ...]):
    assert not Package("alpha", "1.0", licences).fits


def test_all_is_well_where_nothing_is_wrong():
    result = judged(["alpha"], [SOUND], [SOUND], 1, [])
    assert result.rows == (("of the server", 1, 0, 1, 0), ("of the page", 1, 0, "not asked", ""))
    assert (result.failures, result.told) == ((), ())


def test_an_index_that_could_tell_of_nothing_is_told():
    assert judged(["alpha"], [SOUND], [], 0, []).told == (NOT_ASKED,)


def test_what_is_pinned_and_in_no_bill_is_told():
    assert judged(["alpha", "beta"], [SOUND], [], 2, []).failures == ("beta is pinned, and in no bill of materials",)


def test_what_has_no_fitting_licence_is_told_wherever_it_is():
    unfit = Package("beta", "2.0", ("GPL-3.0-only",))
    told = "beta 2.0: ('GPL-3.0-only',)"
    assert judged([], [unfit], [SOUND], 0, []).failures == judged([], [SOUND], [unfit], 0, []).failures == (told,)


def test_known_faults_are_told_and_only_those_that_were_asked_about_count():
    audit = {
        "dependencies": [
            {"name": "alpha", "version": "1.0", "vulns": []},
            {"name": "beta", "version": "2.0", "vulns": [{"id": "PYSEC-2026-1"}]},
            {"name": "gamma", "skip_reason": "not found"},
        ]
    }
    assert known_faults(audit) == (2, ["beta 2.0: PYSEC-2026-1"])
