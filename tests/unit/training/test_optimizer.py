import pytest
from hypothesis import given
from hypothesis import strategies as st

from training.optimizer import rate_share


def test_the_rate_rises_then_falls() -> None:
    shares = [rate_share(step, steps=10, warmup=0.2) for step in range(10)]
    assert shares[:3] == pytest.approx([1 / 3, 2 / 3, 1.0])
    assert shares[9] == pytest.approx(1 / 8)


@given(st.integers(1, 500), st.floats(0, 0.99))
def test_the_rate_is_never_zero_and_never_above_full(steps: int, warmup: float) -> None:
    assert all(0 < rate_share(step, steps=steps, warmup=warmup) <= 1 for step in range(steps))
