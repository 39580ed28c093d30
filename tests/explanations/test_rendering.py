import io
import re
import tomllib

import numpy as np
import pytest
from django.utils import translation
from django.utils.translation import gettext
from PIL import Image

from explanations import catalogue
from explanations.attribution import Attribution
from explanations.rendering import canvas, colours
from explanations.rendering.layers import READABLE, ForAndAgainst, Glow, Heat
from explanations.rendering.outlines import GradedOutlines, Outlines, outlined_share
from explanations.rendering.viewing import View
from explanations.rendering.words import strongest_regions
from tests.daily import daily

DRAWINGS = [Heat(), Glow(), ForAndAgainst(), Outlines(), GradedOutlines()]
NAMES = [type(drawing).__name__ for drawing in DRAWINGS]
every_drawing = pytest.mark.parametrize("drawing", DRAWINGS, ids=NAMES)


@pytest.fixture
def image(scenes):
    return scenes[0]


def one_pixel(value, row=3, column=28):
    relevance = np.zeros((32, 32), dtype=np.float32)
    relevance[row, column] = value
    return Attribution(relevance)


def patches(*weights):
    """Patch 0 is all the rest; the others are squares of 6 by 6 along the top."""
    segments = np.zeros((32, 32), dtype=np.uint8)
    relevance = np.zeros((32, 32), dtype=np.float32)
    for number, weight in enumerate(weights, start=1):
        place = np.s_[4:10, 7 * number - 6 : 7 * number]
        segments[place], relevance[place] = number, weight
    return Attribution(relevance, segments=segments)


def of_pixel(picture, row, column):
    return picture[10 * row + 5, 10 * column + 5]


def test_every_pixel_becomes_a_square_of_ten_by_ten(image):
    large = np.rint(canvas.colours_of(image) * 255)
    assert large.shape == (320, 320, 3)
    assert np.array_equal(large, np.kron(image, np.ones((10, 10, 1), np.uint8)))


@pytest.mark.parametrize(
    ("shape", "least", "picture"),
    [
        ((32, 32), 320, (320, 320)),
        ((20, 30), 320, (220, 330)),
        ((128, 128), 320, (384, 384)),
        ((128, 128), 640, (640, 640)),
        ((224, 224), 320, (448, 448)),
        ((224, 224), 640, (672, 672)),
        ((512, 512), 320, (512, 512)),
        ((1280, 20), 640, (1280, 20)),
        ((2560, 1024), 320, (1280, 512)),
        ((5000, 1), 320, (1280, 1)),
    ],
)
def test_a_picture_is_a_whole_multiple_of_its_image_or_shrunk_to_the_largest(shape, least, picture):
    assert canvas.picture_shape(*shape, least) == picture


@pytest.mark.parametrize("drawing", DRAWINGS[:3], ids=NAMES[:3])
@pytest.mark.parametrize(
    "size", [(31, 31), (128, 128), (320, 320), (512, 200), (1300, 60)], ids="{0[0]}x{0[1]}".format
)
def test_one_strong_pixel_anywhere_is_visible_at_its_place(drawing, size):
    """Drawn at 320 by nearest neighbour, 61 % of the pixels of a map of 512 were missing."""
    height, width = size
    grey = np.full((*size, 3), 128, np.uint8)
    shape = canvas.shape_of(grey)
    for row, column in [(0, 0), (height - 1, 0), (height // 2, width // 3), (1, width - 2)]:
        relevance = np.zeros(size, np.float32)
        relevance[row, column] = 1
        picture = drawing.draw(grey, Attribution(relevance))
        assert picture.shape == (*shape, 3)
        changed = np.abs(picture - np.median(picture, axis=(0, 1))).max(axis=2)
        assert changed.max() > 0.1
        strongest = np.unravel_index(changed.argmax(), shape)
        for place, asked, drawn, length in zip(strongest, (row, column), shape, size, strict=True):
            assert abs((place + 0.5) * length / drawn - (asked + 0.5)) < 1


def test_nearest_neighbour_would_lose_the_pixel():
    """The control: the way in which maps were drawn kept 5 of 8 rows and of 8 columns."""
    numbers = np.arange(512 * 512, dtype=np.int32).reshape(512, 512)
    kept = np.unique(canvas.repeated(numbers, (320, 320)))
    assert len(kept) / numbers.size == pytest.approx(25 / 64)


@pytest.mark.parametrize("side", [128, 224])
def test_every_pixel_of_a_map_becomes_a_square_of_equal_size(side):
    values = np.random.default_rng(0).random((side, side), dtype=np.float32)
    drawn = canvas.pixelated(values, canvas.picture_shape(side, side))
    factor = len(drawn) // side
    assert np.array_equal(drawn, np.kron(values, np.ones((factor, factor), np.float32)))


def test_a_map_lies_on_the_pixels_of_its_image():
    """An image of stripes with the map of the same stripes: every square has one colour."""
    image = np.zeros((112, 112, 3), np.uint8)
    image[::2] = 255
    relevance = np.ascontiguousarray(image[..., 0], np.float32) / 255
    ground = np.repeat(np.repeat(image, 6, 0), 6, 1)
    picture = ForAndAgainst(percentile=100).draw(ground, Attribution(relevance))
    assert np.array_equal(picture, np.kron(picture[::6, ::6], np.ones((6, 6, 1), np.float32)))
    warmth = picture[..., 0] - picture[..., 2]
    assert warmth[:6].min() > 0.3
    assert warmth[6:12].max() < 1e-6


def test_large_images_are_enlarged_smoothly_and_tiny_ones_in_squares():
    chance = np.random.default_rng(0).integers(0, 256, (120, 120, 3), dtype=np.uint8)
    smooth, squares = (
        canvas.colours_of(np.ascontiguousarray(image)) for image in (chance, chance[:40, :40])
    )
    assert not np.array_equal(smooth[::3], smooth[1::3])
    assert np.array_equal(squares[::8], squares[1::8])


def test_outlines_grow_with_the_picture():
    segments = np.zeros((224, 224), np.uint8)
    segments[50:150, 50:150] = 1
    attribution = Attribution(segments.astype(np.float32), segments=segments)
    wide = {}
    for factor in (2, 6):
        grey = np.full((224 * factor, 224 * factor, 3), 128, np.uint8)
        picture = Outlines().draw(grey, attribution)
        changed = (np.abs(picture - 128 / 255) > 0.01).any(axis=2)
        wide[factor] = changed[len(changed) * 100 // 224].sum() / 2
    assert wide == {2: 5, 6: 20}


def test_enlarging_smoothly_goes_beyond_no_value_and_equals_torch(image):
    import torch
    from torch.nn.functional import interpolate

    values = np.random.default_rng(0).normal(size=(32, 32)).astype(np.float32)
    large = canvas.smooth(values, (320, 320))
    expected = interpolate(
        torch.from_numpy(values)[None, None], size=(320, 320), mode="bilinear", align_corners=False
    )[0, 0]
    assert np.allclose(large, expected, atol=1e-5)
    assert large.min() >= values.min()
    assert large.max() <= values.max()


@every_drawing
def test_a_drawing_is_a_finite_picture_of_320_by_320(drawing, image):
    picture = drawing.draw(image, patches(1, -2, 0.5))
    assert picture.shape == (320, 320, 3)
    assert np.isfinite(picture).all()
    assert picture.min() >= -1e-6
    assert picture.max() <= 1 + 1e-6
    with Image.open(io.BytesIO(canvas.png(picture))) as opened:
        assert (opened.format, opened.size, opened.mode) == ("PNG", (320, 320), "RGB")


@every_drawing
def test_a_map_of_zeros_is_drawn_as_the_plain_image(drawing, image):
    picture = drawing.draw(image, patches(0, 0))
    coloured = isinstance(drawing, Heat | Outlines)
    plain = canvas.colours_of(image) if coloured else canvas.greyscale(image)
    assert np.array_equal(picture, plain)


@every_drawing
@pytest.mark.parametrize("factor", [1e-30, 1e30])
def test_the_scale_is_that_of_the_picture(drawing, image, factor):
    plain, scaled = (
        drawing.draw(image, patches(*np.array([1, -2, 0.5]) * size)) for size in (1, factor)
    )
    assert np.allclose(plain, scaled, atol=1e-5)


@pytest.mark.parametrize("drawing", DRAWINGS[:3], ids=NAMES[:3])
def test_a_single_pixel_shows(drawing, image):
    """Its percentile is zero; the scale falls back to the maximum."""
    picture = drawing.draw(image, one_pixel(0.7))
    empty = drawing.draw(image, one_pixel(0))
    assert np.abs(of_pixel(picture, 3, 28) - of_pixel(empty, 3, 28)).max() > 0.1


def test_heat_is_yellow_at_the_maximum_and_dark_blue_at_zero(image):
    grey = np.full_like(image, 128)
    hot = Heat(opacity=1).draw(grey, Attribution(np.eye(32, dtype=np.float32) * 4 + 0))
    assert np.allclose(hot.max(axis=(0, 1))[:2], np.array([254, 232]) / 255, atol=0.15)
    assert np.allclose(of_pixel(hot, 0, 31), np.array([0, 34, 78]) / 255, atol=0.01)


IMAGES = {
    "black": lambda: np.zeros((32, 32, 3), np.uint8),
    "white": lambda: np.full((32, 32, 3), 255, np.uint8),
    "noise": lambda: np.random.default_rng(1).integers(0, 256, (32, 32, 3), dtype=np.uint8),
    "primary colours": lambda: (
        np.eye(3, dtype=np.uint8)[np.arange(1024) % 3].reshape(32, 32, 3) * np.uint8(255)
    ),
}
LAYERS = [
    pytest.param(method, id=method.key)
    for method in catalogue.EVERY
    if isinstance(method.drawing, Heat | Glow | ForAndAgainst)
]


def far_from_the_legend(drawing, image, relevance):
    """Distance of each square of the map from the legend, and the legend's value nearest to it."""
    drawn = drawing.draw(image, Attribution(relevance))[5::10, 5::10].reshape(-1, 3) * 255
    legend = drawing.legend()[0] * 255
    distances = np.linalg.norm(drawn[:, None] - legend[None], axis=2)
    return distances.min(axis=1), np.linspace(0, 1, len(legend))[distances.argmin(axis=1)]


@pytest.mark.parametrize("name", daily(["noise", "white", "black", "primary colours"], 2))
@pytest.mark.parametrize("method", LAYERS)
def test_every_colour_of_a_map_is_a_colour_of_its_legend_and_tells_the_value(method, name):
    relevance = np.random.default_rng(0).uniform(-1, 1, (32, 32)).astype(np.float32)
    if not method.legend.is_signed:
        relevance = np.abs(relevance)
    distance, value = far_from_the_legend(method.drawing, IMAGES[name](), relevance)
    assert distance.max() <= READABLE
    shown = relevance  # what is drawn in each square
    if isinstance(method.drawing, Heat):  # which is drawn smoothly
        shown = canvas.smooth(relevance, (320, 320))[5::10, 5::10]
    assert np.corrcoef(value, shown.ravel())[0, 1] > 0.97


@pytest.mark.parametrize(
    "drawing", [Heat(opacity=0.5), ForAndAgainst(paleness=0.6), Glow(darkness=0.3)]
)
def test_colours_through_which_more_of_the_image_shows_are_in_no_legend(drawing):
    # The control: so were maps drawn before, half of whose pixels could not be read.
    relevance = np.random.default_rng(0).uniform(0, 1, (32, 32)).astype(np.float32) ** 4
    distances = [
        far_from_the_legend(drawing, IMAGES[name](), relevance)[0].max()
        for name in ("black", "white")
    ]
    assert max(distances) > READABLE


def test_glow_brightens_with_relevance(image):
    relevance = np.tile(np.linspace(0, 1, 32, dtype=np.float32), (32, 1))
    picture = Glow().draw(np.full_like(image, 100), Attribution(relevance))
    assert (np.diff(picture[5, 5::10].sum(axis=1)) >= 0).all()


@pytest.mark.parametrize(("value", "warm"), [(1.0, True), (-1.0, False)])
def test_orange_speaks_for_and_blue_against(image, value, warm):
    red, _, blue = of_pixel(ForAndAgainst().draw(image, one_pixel(value)), 3, 28)
    assert (red > blue) == warm


def test_for_and_against_share_one_scale(image):
    relevance = np.zeros((32, 32), dtype=np.float32)
    relevance[:16], relevance[16:] = 1, -0.1
    picture = ForAndAgainst().draw(np.full_like(image, 255), Attribution(relevance))
    strong, weak = of_pixel(picture, 3, 3), of_pixel(picture, 30, 3)
    assert np.ptp(strong) > 5 * np.ptp(weak)


def test_five_patches_at_most_are_outlined(image):
    grey = np.full_like(image, 128)
    picture = Outlines(count=2).draw(grey, patches(0.1, -0.9, 0.5))
    changed = (picture != canvas.colours_of(grey)).any(axis=2)
    # Columns of the squares: 1-6, 8-13, 15-20, ten screen pixels each.
    assert not changed[:, :70].any()
    assert changed[:, 80:140].any()
    assert changed[:, 150:210].any()


def test_outlines_differ_in_colour_and_in_dashes(image):
    picture = Outlines().draw(np.full_like(image, 128), patches(0.9, -0.9))
    top_of_first, top_of_second = picture[41, 10:70], picture[41, 80:140]
    blue, orange = (np.array(colour) / 255 for colour in (colours.BLUE, colours.ORANGE))
    assert np.allclose(top_of_first, orange)
    dashes = np.isclose(top_of_second, blue).all(axis=1)
    assert 0.3 < dashes.mean() < 0.7


SIGNED = [method for method in catalogue.EVERY if method.legend.is_signed]


@pytest.mark.parametrize("method", SIGNED, ids=[method.key for method in SIGNED])
def test_orange_is_in_favour_and_blue_against_in_every_arm(image, method):
    """In the picture, in the legend and in the words, so that two arms never disagree."""
    picture = method.drawing.draw(np.full_like(image, 128), patches(0.9, -0.9))
    legend = method.drawing.legend()
    for drawn, in_favour, against in (
        (picture, (slice(40, 100), slice(10, 70)), (slice(40, 100), slice(80, 140))),
        (legend, (slice(None), slice(200, 320)), (slice(None), slice(0, 120))),
    ):
        warmth = drawn[..., 0] - drawn[..., 2]
        assert warmth[in_favour].mean() > 0.02
        assert warmth[against].mean() < -0.02
    assert method.legend.high == "evidence for"


@pytest.mark.parametrize(
    ("language", "orange", "blue"),
    [("en", "evidence for", "against"), ("de", "für", "gegen")],
)
@pytest.mark.parametrize("method", SIGNED, ids=[method.key for method in SIGNED])
def test_the_words_give_orange_and_blue_the_same_meaning_in_every_arm(
    method, language, orange, blue
):
    with translation.override(language):
        texts = [gettext(text) for text in (method.caption, *method.how_to_read)]
    coloured = [text for text in texts if "orang" in text.lower()]
    assert len(coloured) >= 2
    for text in coloured:
        assert re.search(f"orang.*?{orange}.*?{blue_word(language)}.*?{blue}", text, re.I), text


def blue_word(language):
    return {"en": "blue", "de": "blau"}[language]


def test_signed_methods_are_all_of_them():
    assert {catalogue.base_of(method.key) for method in SIGNED} == {
        "integrated_gradients", "deepshap", "lime", "gradient_shap", "occlusion", "lrp",
    }  # fmt: skip
    said = {method.key for method in catalogue.EVERY if "evidence against" in method.legend.low}
    assert said == {method.key for method in SIGNED}


def test_the_signed_arms_of_the_study_with_five_methods_share_one_convention(shared_dir):
    """Study file b2: orange meant "for" in one of its arms and "against" in another."""
    text = (shared_dir / "cases" / "studies" / "b2.toml").read_text(encoding="utf-8")
    arms = {arm["method"] for arm in tomllib.loads(text)["arms"]}
    signed = [method for method in SIGNED if method.key in arms]
    assert {method.key for method in signed} == {"integrated_gradients", "deepshap", "lime"}
    assert len({(str(method.legend.low), str(method.legend.high)) for method in signed}) == 1
    for method in signed:
        legend = method.drawing.legend()
        warmth = (legend[..., 0] - legend[..., 2]).mean(axis=0)
        assert warmth[:120].mean() < -0.02 < 0.02 < warmth[200:].mean()


def test_outlines_need_patches(image):
    with pytest.raises(ValueError, match="Outlines need patches"):
        Outlines().draw(image, one_pixel(1))


@pytest.mark.parametrize("table", [colours.sequential, colours.glow])
def test_lightness_alone_tells_the_order(table):
    """So that the scale survives colour blindness and grey print."""
    luma = table(np.linspace(0, 1, 200, dtype=np.float32)) @ [0.2126, 0.7152, 0.0722]
    assert (np.diff(luma) > 0).all()


def test_the_diverging_table_is_white_in_the_middle_and_darkens_to_both_sides():
    luma = colours.diverging(np.linspace(-1, 1, 201, dtype=np.float32)) @ [0.2126, 0.7152, 0.0722]
    assert np.allclose(colours.diverging(np.zeros(1, np.float32)), 1)
    assert (np.diff(luma[:101]) > 0).all()
    assert (np.diff(luma[100:]) < 0).all()


@every_drawing
def test_a_legend_is_a_strip_that_changes_from_left_to_right(drawing):
    strip = drawing.legend()
    assert strip.shape == (16, 320, 3)
    assert not np.allclose(strip[:, :150], strip[:, 170:][:, ::-1])


@pytest.mark.parametrize(
    ("row", "column", "name"),
    [(0, 0, "upper left"), (16, 16, "centre"), (31, 16, "lower centre"), (16, 31, "middle right")],
)
def test_a_region_is_named(row, column, name):
    relevance = one_pixel(2, row, column).relevance
    assert strongest_regions("Strong", relevance) == f"Strong: {name}."


def test_weak_and_negative_regions_are_not_named():
    relevance = one_pixel(1, 0, 0).relevance + one_pixel(0.6, 31, 31).relevance
    relevance += one_pixel(0.4, 0, 31).relevance + one_pixel(-5, 16, 16).relevance
    assert strongest_regions("Strong", relevance) == "Strong: upper left, lower right."
    assert strongest_regions("Strong", relevance * 0) == "Strong: none."


def test_signed_drawings_tell_both_sides_in_words():
    words = ForAndAgainst().describe(patches(1, 0, 0, -1))
    assert words == (
        "The strongest regions in favour are: upper left. "
        "The strongest regions against are: upper right."
    )


@every_drawing
def test_opacity_goes_from_the_original_to_the_methods_own_picture(drawing, image):
    attribution = patches(1, -2, 0.5)
    original, own = canvas.colours_of(image), drawing.draw(image, attribution)
    assert np.allclose(View(0).draw(drawing, image, attribution), original)
    assert np.array_equal(View(1).draw(drawing, image, attribution), own)
    half = View(0.5).draw(drawing, image, attribution)
    assert np.allclose(half, (original + own) / 2, atol=1e-6)


@every_drawing
def test_the_map_alone_shows_nothing_of_the_image(drawing, image):
    attribution = patches(1, -2, 0.5)
    one, other = (View(alone=True).draw(drawing, i, attribution) for i in (image, 255 - image))
    assert np.array_equal(one, other)
    assert one.std() > 0


def test_an_opacity_beyond_its_range_is_refused():
    with pytest.raises(ValueError, match=r"opacity is 1\.5"):
        View(1.5)


def test_a_graded_line_is_as_strong_as_the_weight_of_its_patch(image):
    grey = np.full_like(image, 128)
    picture = GradedOutlines().draw(grey, patches(1.0, 0.5, 0.1))
    changes = np.abs(picture - canvas.colours_of(grey)).max(axis=2)
    strong, middle, faint = (changes[:, 70 * k : 70 * k + 70].max() for k in range(3))
    assert middle == pytest.approx(strong / 2, rel=1e-3)
    assert faint == pytest.approx(strong / 10, rel=1e-3)
    # The control: the usual outlines draw all three alike, whatever their weights.
    usual = np.abs(Outlines().draw(grey, patches(1.0, 0.5, 0.1)) - canvas.colours_of(grey)).max(
        axis=2
    )
    assert usual[:, :70].max() == usual[:, 140:210].max()


def test_graded_outlines_draw_the_strongest_patch_as_the_usual_outlines_do(image):
    alone = patches(0.4)
    assert np.array_equal(GradedOutlines().draw(image, alone), Outlines().draw(image, alone))


@pytest.mark.parametrize(
    ("weights", "share"),
    [([1, -1, 1, 1, -1, 5, 0], 0.9), ([2, 2], 1.0), ([0, 0, 0], 0.0), ([1] * 20, 0.25)],
)
def test_the_outlined_patches_carry_a_share_of_the_total_weight(weights, share):
    assert outlined_share(np.array(weights, dtype=float)) == pytest.approx(share)
