"""What other people's distributions add is found by its group; what is wrong with it is one clear line."""

from __future__ import annotations

import pytest

from evaluation.plugins import plugins

GROUP = "twofold.metrics"
CODE = "def late(labels, predicted): return 0.5\nclass Refund: pass\nPRICE = 3.0\n"


def test_functions_and_classes_come_by_name_in_order(install):
    install("shop", CODE, GROUP, refund="shop:Refund", late="shop:late")
    found = plugins(GROUP)
    assert list(found) == ["late", "refund"]
    assert found["late"]([], []) == 0.5
    assert plugins("twofold.checks") == {}


def test_a_changed_result_changes_nothing_for_others(install):
    install("shop", CODE, GROUP, late="shop:late")
    plugins(GROUP).clear()
    assert list(plugins(GROUP)) == ["late"]


@pytest.mark.parametrize(
    ("code", "target", "message"),
    [
        (CODE, "shop:early", "AttributeError: module 'shop' has no attribute 'early'"),
        (CODE, "shp:late", "ModuleNotFoundError: No module named 'shp'"),
        ("import numpie", "shop:late", "ModuleNotFoundError: No module named 'numpie'"),
        ("1 / 0", "shop:late", "ZeroDivisionError: division by zero"),
    ],
)
def test_what_cannot_be_loaded_is_named_with_where_it_comes_from(install, code, target, message):
    install("shop", code, GROUP, late=target)
    with pytest.raises(ValueError) as raised:
        plugins(GROUP)
    assert str(raised.value) == f"twofold.metrics: 'late' of shop ({target}) cannot be loaded: {message}"


def test_a_number_is_no_plugin(install):
    install("shop", CODE, GROUP, price="shop:PRICE")
    with pytest.raises(ValueError, match=r"'price' of shop \(shop:PRICE\): expected a function or a class, got float"):
        plugins(GROUP)


def test_one_name_from_two_distributions_is_refused(install):
    install("shop", CODE, GROUP, late="shop:late")
    install("bank", CODE, GROUP, late="bank:late")
    one, other = "shop (shop:late)", "bank (bank:late)"
    with pytest.raises(ValueError, match="expected one 'late', found two") as raised:
        plugins(GROUP)
    assert one in str(raised.value)
    assert other in str(raised.value)
