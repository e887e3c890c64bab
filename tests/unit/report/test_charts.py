"""Where dots, lines and cells are drawn, worked out by hand."""

from hypothesis import given
from hypothesis import strategies as st
from sample_reports import evaluation

from curation.report.confusion import heat_rows, mixups
from curation.report.interval_plot import beside, interval_plot
from curation.report.line_chart import Series, line_chart, plain
from curation.report.model_parts import Evaluation
from curation.report.parts import Measurement
from curation.report.review_parts import PairAgreement
from curation.report.scales import Scale, round_steps
from curation.report.scatter import scatter
from curation.report.schema import Map

numbers = st.floats(-1e6, 1e6, allow_nan=False)


@given(one=numbers, other=numbers)
def test_the_steps_of_an_axis_enclose_its_numbers_in_order(one: float, other: float) -> None:
    low, high = sorted((one, other))
    steps = round_steps(low, high)
    slack = 1e-6 * max(1.0, abs(low), abs(high))
    assert steps == sorted(set(steps))
    assert 2 <= len(steps) <= 8
    assert steps[0] <= low + slack
    assert steps[-1] >= high - slack


def test_numbers_that_do_not_differ_still_get_an_axis() -> None:
    assert round_steps(0.0, 0.0) == [0.0, 0.2, 0.4, 0.6, 0.8, 1.0]
    assert round_steps(0.5, 0.5) == [0.0, 0.1, 0.2, 0.3, 0.4, 0.5]
    assert round_steps(-2.0, -2.0) == [-2.0, -1.5, -1.0, -0.5, 0.0]


def test_a_perfect_score_is_at_the_end_of_its_axis() -> None:
    assert round_steps(1.0, 1.0)[-1] == 1.0


def test_a_scale_turns_shares_into_pixels() -> None:
    upright = Scale(low=0, high=2, start=200, end=100)
    assert (upright(0), upright(0.5), upright(2)) == (200, 175, 100)


def test_the_interval_plot_places_dot_and_whisker_on_a_round_axis() -> None:
    plot = interval_plot([("alpha", Measurement(value=0.7, low=0.6, high=0.8), False), ("kappa", None, False)])
    assert plot is not None
    # the axis runs from 0.6 to 0.8 over the pixels 235 to 535
    assert [(dot.name, dot.low_x, dot.x, dot.high_x) for dot in plot.dots] == [("alpha", 235, 385, 535)]
    assert [tick.text for tick in plot.ticks] == ["0.6", "0.65", "0.7", "0.75", "0.8"]


def test_nothing_measured_means_no_plot() -> None:
    assert interval_plot([("alpha", None, False)]) is None
    assert line_chart([Series(name="loss", x=[1, 2], y=plain([None, None]))]) is None


def test_strips_share_one_axis_that_reaches_below_zero_when_an_interval_does() -> None:
    rows = [
        PairAgreement(first="amira", second="bente", kappa=Measurement(value=0.0, low=-1.0, high=1.0), n=9),
        PairAgreement(first="amira", second="chidi", kappa=None, n=1),
    ]
    measured, unmeasured = beside(rows, "kappa")
    assert measured.strip is not None
    assert (measured.strip.low_x, measured.strip.x, measured.strip.high_x) == (6, 70, 134)
    assert measured.strip.zero == 70
    assert unmeasured.strip is None


def test_a_missing_epoch_lifts_the_pen() -> None:
    chart = line_chart([Series(name="loss", x=[1, 2, 3, 4], y=plain([4.0, None, 2.0, 0.0]))], best=3)
    assert chart is not None
    # x runs from 66 to 430 over epochs 1 to 4, y from 226 (loss 0) up to 40 (loss 4)
    assert chart.lines[0].path == "M66,40M308.7,133L430,226"
    assert chart.best_x == 308.7


def test_one_round_alone_stands_in_the_middle() -> None:
    chart = line_chart([Series(name="accuracy", x=[1], y=[Measurement(value=0.8, low=0.7, high=0.9)])])
    assert chart is not None
    assert chart.lines[0].marks[0].x == (66 + 430) / 2


def test_the_map_keeps_proportions_and_counts_flags_per_label() -> None:
    points = Map(
        total=4, x=[0.0, 10.0, 5.0, None], y=[0.0, 0.0, 1.0, 1.0], label=[0, 1, -1, 0], flag=[False, True, False, True]
    )
    drawn = scatter(points, ["card_lost", "refund"])
    assert drawn is not None
    # ten units across fill 692 pixels, so one unit up is 69.2: the tall one stands at 220 - 34.6
    assert drawn.dots == "M14,254.6h0M360,185.4h0"
    assert drawn.diamonds.startswith("M706,249.6l5,5")
    assert [(row.label, row.n, row.flagged) for row in drawn.rows] == [
        ("refund", 1, 1),
        ("card_lost", 1, 0),
        ("no label", 1, 0),
    ]


def test_cells_are_shaded_by_their_share_of_the_row() -> None:
    found = Evaluation.model_validate(evaluation(["lost", "late"], 0.8) | {"confusion": [[9, 1], [0, 0]]})
    rows = heat_rows(found)
    assert rows is not None
    assert [(cell.n, cell.right, cell.step) for cell in rows[0].cells] == [(9, True, 5), (1, False, 1)]
    assert [cell.step for cell in rows[1].cells] == [0, 0]


@given(st.lists(st.lists(st.integers(0, 9), min_size=4, max_size=4), min_size=4, max_size=4))
def test_confused_pairs_hold_every_wrong_answer_once(confusion: list[list[int]]) -> None:
    found = Evaluation.model_validate(evaluation(["a", "b", "c", "d"], 0.5) | {"confusion": confusion})
    wrong = sum(map(sum, confusion)) - sum(confusion[i][i] for i in range(4))
    pairs = mixups(found)
    assert sum(pair.n for pair in pairs) == wrong
    assert [pair.n for pair in pairs] == sorted((pair.n for pair in pairs), reverse=True)
