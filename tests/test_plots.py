"""Figures: of their size, nothing clipped, with units and the right years; scales that mislead nobody."""

from __future__ import annotations

from pathlib import Path

import matplotlib
import numpy as np
import pytest
import xarray as xr
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.image import imread
from matplotlib.text import Text

from tests import build
from watershed_c import plots
from watershed_c.assembly import assemble
from watershed_c.coupling import Model
from watershed_c.io.results import Place, Recorder
from watershed_c.plots import budget, maps, series, style
from watershed_c.scenario.load import load
from watershed_c.scenario.resolve import resolve

MAPS = ("soc", "soc_change", "net_erosion", "drainage")
NAMES = (*MAPS, "outlet", "profiles", "budget")
#: units that must be readable in each figure
UNITS = {
    "soc": ("t C ha⁻¹", "(m)"),
    "soc_change": ("t C ha⁻¹", "(m)"),
    "net_erosion": ("t ha⁻¹ yr⁻¹", "(m)"),
    "drainage": ("(ha)", "(m)"),
    "outlet": ("L s⁻¹", "t ha⁻¹ yr⁻¹", "kg C ha⁻¹ yr⁻¹"),
    "profiles": ("SOC (kg C m⁻³)", "SIC (kg C m⁻³)", "depth (cm)"),
    "budget": ("t C ha⁻¹)", "t C ha⁻¹ yr⁻¹"),
}
TITLE = "A valley of the tests: maize and wheat beside a forest, with a title that needs a second line; " * 2
NOTE = (
    "cells of 20 m: "
    + "a note that is long enough to be wrapped under the map, whatever its width may be; " * 3
)


@pytest.fixture(scope="module")
def directory(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three years of every process on a valley with a channel, fields, carbonate and manure."""
    target = tmp_path_factory.mktemp("run")
    w = build.watershed()
    processes = build.processes(w)  # some set their stores when they are made
    w.deposit[:], w.deposit_mineral[:] = 0.0, 0.0
    w.ledger.open()
    rows, columns = build.SHAPE
    place = Place(build.CELL_SIZE * (np.arange(columns) + 0.5), build.CELL_SIZE * (np.arange(rows) + 0.5))
    points = {"eroding": int(w.cells[40]), "stable": int(w.cells[60]), "depositional": int(w.cells[5])}
    recorder = Recorder(target, w, build.CLOCK, place, ["elev", "cSoilOrg", "cLitterSurf", "netEro"], points, every=12)
    recorder.start()
    model = Model(w, processes, build.CLOCK)
    while not model.done:
        step = model.clock.step(model.index)
        recorder.step(step, model.step())
    recorder.finish()
    return target


@pytest.fixture(scope="module")
def figures(directory: Path) -> dict[str, Figure]:
    """Every figure, laid out."""
    drawn = dict(plots.figures(directory, title=TITLE, note=NOTE))
    for figure in drawn.values():
        _laid_out(figure)
    return drawn


@pytest.fixture
def results(directory: Path) -> xr.Dataset:
    """Results in memory, to be changed."""
    with xr.open_dataset(directory / "results.nc", decode_times=False) as opened:
        return opened.load()


def _laid_out(figure: Figure) -> Figure:
    FigureCanvasAgg(figure)
    with matplotlib.rc_context(style.STYLE):
        figure.draw_without_rendering()
    return figure


def _texts(figure: Figure) -> list[str]:
    """All that is written but the tick labels, of which some are out of sight."""
    axes = [axis for ax in figure.axes for axis in (ax.xaxis, ax.yaxis)]
    ticks = {id(label) for axis in axes for tick in axis.majorTicks for label in (tick.label1, tick.label2)}
    return [text.get_text() for text in figure.findobj(Text) if id(text) not in ticks and text.get_text()]


def _says(figure: Figure, words: str) -> bool:
    return words in " ".join(_texts(figure)).replace("\n", " ")


def _colour_bar(figure: Figure) -> Axes:
    return figure.axes[1]


def _inside(figure: Figure) -> None:
    box = figure.get_tightbbox()  # of everything that is drawn, in inches
    width, height = figure.get_size_inches()
    assert box.x0 >= 0.0 and box.y0 >= 0.0 and box.x1 <= width and box.y1 <= height, box
    assert box.width > 0.93 * width and box.height > 0.93 * height, "the figure is larger than what it holds"


def test_every_figure_is_written_in_its_size(directory: Path) -> None:
    drawn = plots.draw(directory, title=TITLE, note=NOTE)
    assert [path.stem for path in drawn] == list(NAMES)
    for path in drawn:
        pixels = imread(path)[..., :3]
        assert pixels.shape[1] == round(style.WIDTH * style.DOTS_PER_INCH)
        assert 0.4 < pixels.shape[0] / pixels.shape[1] < 1.6
        assert np.any(pixels < 0.99, axis=2).mean() > 0.03, f"{path.name} is blank"
        assert np.unique(np.rint(pixels * 255) @ [65536, 256, 1]).size > 20, (
            f"{path.name} has hardly any colour"
        )


@pytest.mark.parametrize("name", NAMES)
def test_nothing_is_clipped(figures: dict[str, Figure], name: str) -> None:
    figure = figures[name]
    assert figure.get_size_inches()[0] == style.WIDTH
    _inside(figure)
    renderer = figure.canvas.get_renderer()  # type: ignore[attr-defined]
    for ax in figure.axes:
        for text in (ax.title, ax._left_title, ax.xaxis.label, ax.yaxis.label, *ax.texts):
            if text.get_text() and ax.get_visible():
                box = text.get_window_extent(renderer)
                assert figure.bbox.containsx(box.x0) and figure.bbox.containsx(box.x1), text
                assert figure.bbox.containsy(box.y0) and figure.bbox.containsy(box.y1), text
    boxes = [text.get_window_extent(renderer) for text in figure.texts if text.get_text()]
    for i, one in enumerate(boxes):
        assert not any(one.overlaps(other) for other in boxes[:i]), f"text over text: {figure.texts[i]}"


@pytest.mark.parametrize("name", NAMES)
def test_units_are_written(figures: dict[str, Figure], name: str) -> None:
    for unit in UNITS[name]:
        assert _says(figures[name], unit), (unit, _texts(figures[name]))


def test_title_above_all_and_note_under_maps_only(figures: dict[str, Figure]) -> None:
    for name, figure in figures.items():
        assert _says(figure, "A valley of the tests")
        assert _says(figure, "cells of 20 m") == (name in MAPS)


def test_years_are_those_of_the_run(figures: dict[str, Figure]) -> None:
    assert _says(figures["soc"], "end of 2003") and _says(figures["soc_change"], "2001\N{EN DASH}2003")
    assert _says(figures["profiles"], "start of 2001") and _says(figures["profiles"], "end of 2003")
    assert not any(_says(figure, "2004") for figure in figures.values())
    assert [line.get_xdata().tolist() for line in figures["outlet"].axes[1].lines] == [[2001, 2002, 2003]]


@pytest.mark.parametrize(
    ("moments", "start", "end", "between"),
    [
        ((2001.0, 2061.0), "start of 2001", "end of 2060", "2001\N{EN DASH}2060"),
        ((2001.0, 2002.0), "start of 2001", "end of 2001", "2001"),
        ((2001.25, 2003.5), "start of Apr 2001", "end of Jun 2003", "Apr 2001\N{EN DASH}Jun 2003"),
    ],
)
def test_moments_in_words(moments: tuple[float, float], start: str, end: str, between: str) -> None:
    assert (style.start_label(moments[0]), style.end_label(moments[1])) == (start, end)
    assert style.period(np.array(moments)) == between


@pytest.mark.parametrize(("size", "noted"), [(90, True), (10, False)])
def test_coarse_cells_are_noted_under_every_map(results: xr.Dataset, size: int, noted: bool) -> None:
    scenario = load("hillslope", [f"domain.synthetic.cell_size={size} m", "domain.synthetic.length=450 m"])
    note = assemble(resolve(scenario, overwrite=True)).note
    for _, figure in maps.draw(results, TITLE, note):
        assert _says(figure, "90 m: slopes are damped") == noted
        assert _says(figure, "read patterns") == noted


def test_numbers_have_three_digits() -> None:
    written = [style.number(value) for value in (122.4, 4.9, -0.1, 0.00088, 333333.0, 0.0)]
    assert written == ["122", "4.90", "\N{MINUS SIGN}0.100", "0.000880", "3.33e+05", "0"]
    assert style.number(6.39, signed=True) == "+6.39"


def test_channel_in_the_legend_only_where_there_is_one(
    figures: dict[str, Figure], results: xr.Dataset
) -> None:
    assert all("channel" in _texts(figures[name]) for name in MAPS)
    results["cell_kind"] = results.cell_kind.where(results.cell_kind != 2, 1)
    assert not any("channel" in _texts(figure) for _, figure in maps.draw(results, "", ""))


def test_steady_state_is_shown_as_steady(results: xr.Dataset) -> None:
    random = np.random.default_rng(1)
    first = results.cSoilOrg.isel(time=0).values
    results.cSoilOrg[-1] = first + 1e-5 * random.standard_normal(first.shape)  # 1e-4 t C ha-1
    figure = maps.soc_change(results, "", "")
    assert _colour_bar(figure).get_ylim() == (-1.0, 1.0)
    results.netEro[:] = results.netEro * 0.0
    limit = _colour_bar(maps.net_erosion(results, "", "")).get_ylim()
    assert limit == (-maps.LEAST_EROSION, maps.LEAST_EROSION)
    results.cSoilOrg[:] = results.cSoilOrg * 0.0 + 6.0
    low, high = _colour_bar(maps.soc(results, "", "")).get_ylim()
    assert low < 60.0 < high and high - low == pytest.approx(maps.LEAST_SOC_SPAN * 60.0)


def test_erosion_is_logarithmic_only_where_cells_differ_by_orders_of_magnitude(results: xr.Dataset) -> None:
    random = np.random.default_rng(4)
    shape = results.netEro.shape[1:]
    for sizes, logarithmic in (
        (random.uniform(20.0, 50.0, shape), False),
        (10.0 ** random.uniform(-1, 2, shape), True),
    ):
        loss = np.where(random.random(shape) < 0.5, sizes, -sizes)  # t ha-1 yr-1 for three years
        results.netEro[-1] = np.where(results.cell_kind.values == 1, 0.3 * loss, np.nan)
        results.netEro[:-1] = 0.0 * results.netEro[-1].values
        bar = _colour_bar(maps.net_erosion(results, "", ""))
        assert (bar.get_yscale() == "symlog") == logarithmic
        assert bar.get_ylim() == pytest.approx((-100.0, 100.0) if logarithmic else (-50.0, 50.0))


def test_an_outlier_leaves_the_colours_of_the_others(results: xr.Dataset) -> None:
    before = _colour_bar(maps.net_erosion(results, "", "")).get_ylim()
    row, column = np.argwhere(results.cell_kind.values == 1)[30]
    results.netEro[-1, row, column] = 1e5
    figure = maps.net_erosion(results, "", "")
    assert _colour_bar(figure).get_ylim() == before and before[0] == -before[1]
    assert _says(figure, "to 3.33e+05")  # what the bar does not reach is written: 1e6 t ha-1 in three years


@pytest.mark.parametrize(("shape", "cell"), [((60, 3), 2.0), ((3, 60), 250.0), ((24, 18), 250.0)])
def test_sheets_fit_domains_of_any_shape(shape: tuple[int, int], cell: float) -> None:
    """With the large coordinates of a national grid, whose ticks then count from a round number."""
    rows, columns = shape
    random = np.random.default_rng(2)
    ground = ("y", "x")
    kind = np.ones(shape, dtype=np.int8)
    kind[1, 1] = 2
    fields = {
        name: (("time", *ground), random.random((2, *shape))) for name in ("elev", "cSoilOrg", "netEro")
    }
    results = xr.Dataset(
        fields
        | {
            "cell_kind": (ground, kind),
            "cell_area": (ground, np.full(shape, cell**2)),
            "darea": (ground, cell**2 * (1.0 + 99.0 * random.random(shape))),
            "layer_bottom": ("layer", [0.3, 1.0]),
        },
        coords={
            "x": 3_456_700.0 + cell * np.arange(columns),
            "y": 5_678_900.0 + cell * np.arange(rows),
            "time": ("time", [0.0, 365.0], {"units": "days since 2001-01-01"}),
        },
    )
    with matplotlib.rc_context(style.STYLE):
        for _, figure in maps.draw(results, "a run", NOTE):
            _inside(_laid_out(figure))
            label = figure.axes[0].get_ylabel()
            assert label.startswith("northing \N{MINUS SIGN} 5") and label.endswith("m)")


def test_profiles_show_carbonate_where_any_point_has_it(results: xr.Dataset) -> None:
    results = results.drop_vars(["profile_cs137", "profile_pb210"])
    results.profile_sic[:] = 0.0
    assert len(series.profiles(results, "").axes) == 3  # type: ignore[union-attr]
    results.profile_sic[0, 1, -1] = 2.0  # dissolved since
    figure = series.profiles(results, "")
    assert figure is not None and len(figure.axes) == 6
    assert len({ax.get_xlim() for ax in figure.axes[3:]}) == 1 and figure.axes[3].get_xlim()[1] > 2.0 / 0.5
    assert _texts(figure).count("no SIC") == 2


def test_profiles_show_isotopes_and_tracers_that_the_run_has(results: xr.Dataset) -> None:
    more = results.assign(profile_delta_c14=(results.profile_soc.dims, -10.0 * results.profile_soc.values))
    figure, fewer = (series.profiles(each, "") for each in (more, results.drop_vars("profile_pb210")))
    assert figure is not None and fewer is not None
    assert len(figure.axes) == len(fewer.axes) + 2 * results.sizes["point"] == 15
    assert _says(figure, "Δ¹⁴C (‰)") and _says(figure, "¹³⁷Cs (kBq m⁻³)")
    low, high = next(ax for ax in figure.axes if ax.get_xlabel().startswith("Δ")).get_xlim()
    assert low < high <= 1.0  # a ratio has no zero to begin at


def test_profiles_that_coincide_are_both_seen(results: xr.Dataset) -> None:
    results.profile_soc[-1] = results.profile_soc[0]
    figure = series.profiles(results, "")
    assert figure is not None
    before, after = figure.axes[0].lines
    np.testing.assert_array_equal(before.get_xdata(), after.get_xdata())
    assert before.get_linewidth() > 2.0 * after.get_linewidth()


def test_many_profiles_wrap(results: xr.Dataset) -> None:
    many = results.drop_vars(["profile_cs137", "profile_pb210"]).isel(point=[0, 1, 2, 0, 1, 2])
    many["point_name"] = ("point", [f"a point with quite a long name {i}" for i in range(6)])
    with matplotlib.rc_context(style.STYLE):
        figure = series.profiles(many, "")
        assert figure is not None
        _inside(_laid_out(figure))
    assert len([ax for ax in figure.axes if ax.get_visible()]) == 12


def test_a_run_without_whole_years_has_no_yearly_panels(results: xr.Dataset) -> None:
    part = results.isel(step=slice(2, 9))
    month, years, steps = series.whole_years(part)
    assert month.tolist() == [2, 3, 4, 5, 6, 7, 8] and years.size == 0 and steps.shape == (0, 12)
    assert len(series.outlet(part, "").axes) == 1
    months, years, _ = series.whole_years(results.isel(step=slice(2, 30)))
    assert years.tolist() == [2002] and months.size == 28
    lone = _laid_out(series.outlet(results.isel(step=slice(2, 30)), "")).axes[1]
    assert all(tick == round(tick) for tick in lone.get_xticks())  # no tenths of years


def test_outlet_adds_up(results: xr.Dataset) -> None:
    """Sediment of the panel, over the years and the area with soil, is what left."""
    axes = series.outlet(results, "").axes
    shown = axes[1].lines[0].get_ydata().sum() * style.soil_area(results) / 10.0
    assert shown == pytest.approx(float(results.sediment_export.sum()))
    for ax in axes:
        assert ax.get_ylim()[0] == 0.0
        highest = max(
            [*(line.get_ydata().max() for line in ax.lines), *(bar.get_height() for bar in ax.patches)]
        )
        assert 1.05 * highest < ax.get_ylim()[1] < 1.3 * highest


def test_budget_is_that_of_the_stocks(directory: Path, results: xr.Dataset) -> None:
    totals = budget.flows(directory / "ledger.csv")
    soil = results.cell_kind.values == 1
    carbon = results.cSoilOrg + results.cLitterSurf
    stock = carbon.values[:, soil].sum(axis=1, dtype=np.float64) * build.CELL_SIZE**2
    assert sum(totals.values()) == pytest.approx(
        stock[-1] - stock[0], abs=1e-6 * stock[0]
    )  # maps are float32
    assert totals[budget.INPUT] > 0.0 > totals[budget.RESPIRED] and totals[budget.AMENDMENT] > 0.0
    exported = float(results.poc_export.sum())
    assert totals[budget.LATERAL] == pytest.approx(-exported, abs=1e-6 * stock[0])


def test_titles_of_the_budget_fit_a_run_of_months(directory: Path, results: xr.Dataset) -> None:
    time = results.time.copy(data=results.time.values + 90.0)
    time.attrs = results.time.attrs
    with matplotlib.rc_context(style.STYLE):
        figure = budget.draw(results.assign_coords(time=time), "", budget.flows(directory / "ledger.csv"))
    assert figure is not None and _says(figure, "Apr 2001")
    _inside(_laid_out(figure))


def test_budget_bars_join(figures: dict[str, Figure]) -> None:
    _, turnover, rest = (
        [(bar.get_x(), bar.get_x() + bar.get_width()) for bar in ax.patches] for ax in figures["budget"].axes
    )
    for bars in (turnover[:-1], rest[:-1]):
        assert bars[0][0] == 0.0
        for one, following in zip(bars, bars[1:], strict=False):
            assert following[0] == pytest.approx(one[1])
    assert turnover[-1][1] == turnover[-2][1] == rest[0][1] and rest[-1][1] == rest[-2][1]


def test_relief_has_no_cliff_at_the_edge_and_light_from_the_north_west() -> None:
    y, x = np.mgrid[0:12, 0:15] * 10.0
    plane = 0.1 * x + 0.05 * y
    plane[:, :3] = np.nan
    np.testing.assert_allclose(maps.relief(plane, 10.0, 10.0), 0.0, atol=1e-9)
    ridge = -np.abs((x - 70.0) - (y - 60.0)) * 0.3  # from south-west to north-east
    tone = maps.relief(ridge, 10.0, 10.0)
    assert tone[9, 3] > tone[2, 12] + 1.0


def test_local_mean_is_the_mean_of_the_cells_inside() -> None:
    random = np.random.default_rng(3)
    values, inside = random.random((9, 11)), random.random((9, 11)) > 0.3
    found = maps.local_mean(values, inside, 2)
    for row, column in ((0, 0), (4, 5), (8, 10)):
        window = np.s_[max(row - 2, 0) : row + 3, max(column - 2, 0) : column + 3]
        assert found[row, column] == pytest.approx(values[window][inside[window]].mean())


def test_pyplot_stays_out() -> None:
    """A figure must not depend on a display, nor stay alive in pyplot's list."""
    for source in Path(plots.__file__).parent.glob("*.py"):
        imports = [line for line in source.read_text(encoding="utf-8").splitlines() if "import " in line]
        assert imports and not any("pyplot" in line for line in imports)
