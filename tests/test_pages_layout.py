"""Layout files beside pages: ALTO 2 to 4 and PAGE XML, as tools write them and as people break them."""

from typing import Any

import numpy as np
import pytest

from writerid.base.errors import InputError
from writerid.base.patterns import text_pattern
from writerid.dataset.pages.choice import judged
from writerid.dataset.pages.layout import PageLayout, UnusableLayout
from writerid.dataset.pages.layout_files import MAX_BYTES, MAX_LINES, read_layout

ALTO_NAMESPACES = [
    "",
    *(f"http://www.loc.gov/standards/alto/ns-v{n}#" for n in (2, 3, 4)),
    "http://schema.ccs-gmbh.com/ALTO",
]
PAGE_NAMESPACES = [
    "http://schema.primaresearch.org/PAGE/gts/pagecontent/2010-03-19",
    "http://schema.primaresearch.org/PAGE/gts/pagecontent/2013-07-15",
    "https://schema.primaresearch.org/PAGE/gts/pagecontent/2017-07-15",
    "http://schema.primaresearch.org/PAGE/gts/pagecontent/2019-07-15",
]


def alto(
    lines: str, namespace: str = ALTO_NAMESPACES[3], page: str = 'WIDTH="200" HEIGHT="300"', block: str = ""
) -> bytes:
    return f"""<?xml version="1.0" encoding="UTF-8"?><alto xmlns="{namespace}">
    <Description><sourceImageInformation><fileName>C:\\scans\\12.jpg</fileName></sourceImageInformation></Description>
    <Tags><OtherTag ID="T1" LABEL="Printed"/><StructureTag ID="T2" LABEL="Main"/></Tags>
    <Layout><Page {page}><PrintSpace><ComposedBlock><TextBlock ID="b" {block}>{lines}</TextBlock></ComposedBlock>
    </PrintSpace></Page></Layout></alto>""".encode()


def page_xml(lines: str, namespace: str = PAGE_NAMESPACES[3], region: str = "") -> bytes:
    return f"""<?xml version="1.0" encoding="UTF-8"?><PcGts xmlns="{namespace}"><!-- made by hand --><Metadata/>
    <Page imageFilename="12.jpg" imageWidth="200" imageHeight="300"><TextRegion id="r" {region}>
    <Coords points="0,0 200,0 200,300 0,300"/>{lines}</TextRegion></Page></PcGts>""".encode()


def only(content: bytes, width: int = 200, height: int = 300) -> list[Any]:  # outlines may be None, and tests know
    layouts = read_layout(content)
    assert layouts is not None
    (layout,) = layouts
    return layout.fitted(width, height)


POLYGON = '<Shape><Polygon POINTS="{}"/></Shape>'


@pytest.mark.parametrize("namespace", ALTO_NAMESPACES)
@pytest.mark.parametrize(
    "corners", ["10,20 110,20 110,40 10,40", "10 20 110 20 110 40 10 40", "10.0,2e1 110,20 110,40 10,40"]
)
def test_alto_of_every_version_is_read(namespace, corners):
    text = '<String CONTENT="Guten"/><SP/><String CONTENT="Mor"/><HYP CONTENT="-"/>'
    line = f'<TextLine ID="l1" TAGREFS="T2" BASELINE="10 35 110 35">{POLYGON.format(corners)}{text}</TextLine>'
    (found,) = only(alto(line, namespace))
    assert (found.name, found.text, found.tags) == ("l1", "Guten Mor -", ("Main",))
    assert found.outline.tolist() == [[10, 20], [110, 20], [110, 40], [10, 40]]
    assert found.baseline.tolist() == [[10, 35], [110, 35]]


@pytest.mark.parametrize("namespace", PAGE_NAMESPACES)
def test_page_xml_of_every_year_is_read(namespace):
    corners = [(10, 20), (110, 20), (110, 40), (10, 40)]
    if "2010" in namespace:
        coords = "<Coords>" + "".join(f'<Point x="{x}" y="{y}"/>' for x, y in corners) + "</Coords>"
    else:
        coords = '<Coords points="' + " ".join(f"{x},{y}" for x, y in corners) + '"/>'
    text = """<TextEquiv index="1"><Unicode>second</Unicode></TextEquiv>
    <TextEquiv index="0"><Unicode>first &amp; best</Unicode></TextEquiv>"""
    line = f'<TextLine id="l1" custom="readingOrder {{index:0;}} structure {{type:heading;}}">{coords}{text}</TextLine>'
    (found,) = only(page_xml(line, namespace, 'type="paragraph" production="printed"'))
    assert (found.name, found.text) == ("l1", "first & best")
    assert found.tags == ("heading", "paragraph", "printed")
    assert found.outline.tolist() == [list(corner) for corner in corners]


@pytest.mark.parametrize(
    ("content", "image", "kind"), [(alto(""), "C:\\scans\\12.jpg", True), (page_xml(""), "12.jpg", False)]
)
def test_the_image_that_a_layout_file_names(content: bytes, image: str, kind: bool):
    assert read_layout(content) == [PageLayout(image, 200, 300, (), kind)]


def test_words_stand_in_for_a_text_that_the_line_has_not():
    words = "".join(f"<Word><TextEquiv><Unicode>{word}</Unicode></TextEquiv></Word>" for word in ("one", "two"))
    (found,) = only(page_xml(f"<TextLine>{words}</TextLine>"))
    assert (found.name, found.text, found.outline) == ("line-1", "one two", None)


def test_coordinates_of_a_larger_page_are_brought_to_the_image():
    line = f'<TextLine BASELINE="10 35 110 35">{POLYGON.format("10,20 110,20 110,40 10,40")}</TextLine>'
    (found,) = only(alto(line), 100, 150)
    assert found.outline.tolist() == [[5, 10], [55, 10], [55, 20], [5, 20]]
    assert found.baseline.tolist() == [[5, 17.5], [55, 17.5]]


def test_a_page_without_a_size_is_taken_as_it_is():
    (found,) = only(alto(f"<TextLine>{POLYGON.format('10,20 110,20 110,40')}</TextLine>", page=""), 400, 400)
    assert found.outline.tolist() == [[10, 20], [110, 20], [110, 40]]


def test_a_layout_of_an_image_of_another_shape_is_refused():
    with pytest.raises(UnusableLayout, match="made for an image of 200 x 300, but this one is 300 x 200 pixels"):
        only(alto("<TextLine/>"), 300, 200)


def test_alto_lines_without_a_polygon_have_their_box():
    (found,) = only(alto('<TextLine HPOS="10" VPOS="20" WIDTH="100" HEIGHT="20" BASELINE="35"/>'))
    assert found.outline.tolist() == [[10, 20], [110, 20], [110, 40], [10, 40]]
    assert found.baseline is None  # until ALTO 4.1 it was a single number


def test_lines_with_a_baseline_only_are_as_high_as_they_are_apart():
    lines = "".join(f'<TextLine><Baseline points="10,{y} 110,{y}"/></TextLine>' for y in (40, 80, 120))
    outlines = [line.outline for line in only(page_xml(lines))]
    assert [np.ptp(outline[:, 1]) for outline in outlines] == [40, 40, 40]
    assert outlines[0][:, 1].min() == 12 and outlines[0][:, 1].max() == 52


def test_lines_of_one_name_of_which_one_has_a_baseline_only():
    outline = '<TextLine id="a"><Coords points="10,20 110,20 110,40"/><Baseline points="10,40 110,40"/></TextLine>'
    bare = '<TextLine id="a"><Baseline points="10,80 110,80"/></TextLine>'
    outlines = [line.outline for line in only(page_xml(outline + bare))]
    assert [np.ptp(outline[:, 1]) for outline in outlines] == [20, 40]


def test_upright_lines_with_a_baseline_only_are_as_wide_as_they_are_apart():
    lines = "".join(f'<TextLine><Baseline points="{x},200 {x},100"/></TextLine>' for x in (40, 80))
    first = only(page_xml(lines))[0]
    assert np.allclose([first.outline[:, 0].min(), first.outline[:, 0].max()], [12, 52])
    assert first.slope() == -90


@pytest.mark.parametrize(
    "lines", ["<TextLine/>", "<TextLine><Coords points=''/></TextLine>", "<TextLine><Coords/></TextLine>"]
)
def test_a_line_that_tells_no_place_is_left_out_with_its_reason(lines):
    ((_, reason),) = judged(only(page_xml(lines)), [], None)
    assert reason == "it has no outline on the page"


@pytest.mark.parametrize(
    "corners",
    ["900,900 950,900 950,950", "5,5 9,9", "5,5 90,90 5,5", "5,5 90,90 5.2,5.4", "5,5 9", "nan,1 2,3 4,5", "x"],
)
def test_an_outline_beside_the_page_or_of_no_area_is_none(corners):
    assert [line.outline for line in only(alto(f"<TextLine>{POLYGON.format(corners)}</TextLine>"))] == [None]


def test_a_turned_region_tells_how_its_lines_run():
    lines = '<TextLine HPOS="1" VPOS="2" WIDTH="20" HEIGHT="100"/>'
    assert only(alto(lines, block='ROTATION="90"'))[0].slope() == -90  # counterclockwise: it climbs
    upright = '<TextLine><Coords points="1,2 21,2 21,102"/></TextLine>'
    assert only(page_xml(upright, region='orientation="90.0"'))[0].slope() == -90  # to be turned clockwise
    assert only(page_xml(upright, region='readingOrientation="-90.0"'))[0].slope() == 90


def test_lines_are_left_out_by_tag_in_any_case_and_by_text():
    lines = "".join(
        f'<TextLine TAGREFS="{tag}">{POLYGON.format("1,1 50,1 50,20")}<String CONTENT="{text}"/></TextLine>'
        for tag, text in (("T1", "Form 7"), ("T2", "Wikitexte 12"), ("T2", "Il fait beau"))
    )
    reasons = [reason for _, reason in judged(only(alto(lines)), ["printed"], text_pattern(r"wikitexte \d+", "x"))]
    assert reasons == ["tagged Printed", "its text has 'Wikitexte 12'", None]


@pytest.mark.parametrize("pattern", ["(", "a{99999999999}", f"a{{{'9' * 5000}}}", "(" * 5000 + ")" * 5000])
def test_a_pattern_that_is_none_is_told(pattern: str):
    with pytest.raises(InputError) as error:
        text_pattern(pattern, "pages.text")
    assert str(error.value).startswith(f"pages.text: {pattern[:200]!r} is not a regular expression (")
    assert len(str(error.value)) < 450


def test_xml_of_another_kind_is_no_layout():
    assert read_layout(b"<mets xmlns='http://www.loc.gov/METS/'/>") is None


BOMB = b'<!DOCTYPE a [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;&a;">]><alto>&b;</alto>'
OUTSIDE = b'<!DOCTYPE a [<!ENTITY a SYSTEM "file:///etc/passwd">]><alto>&a;</alto>'


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (b"", "not well-formed"),
        (b"<alto>", "not well-formed"),
        (b"\x89PNG", "not well-formed"),
        (b'<?xml version="1.0" encoding="klingon"?><alto/>', "not well-formed"),
        (BOMB, "declares entities"),
        (OUTSIDE, "declares entities"),
        (b"<alto/>", "holds no page"),
        (b" " * (MAX_BYTES + 1), "over 32 MiB"),
        (alto("<TextLine/>" * (MAX_LINES + 1)).replace(b"</Page>", b"</Page><Page/>"), "2001 lines on one page"),
    ],
)
def test_what_cannot_be_used_is_told(content, problem):
    with pytest.raises(UnusableLayout, match=problem):
        read_layout(content)


def test_a_page_of_the_most_lines_is_read():
    assert len(only(alto("<TextLine/>" * MAX_LINES))) == MAX_LINES


def test_nesting_without_end_is_no_trouble():
    deep = 20_000
    assert only(alto("<ComposedBlock>" * deep + "<TextLine/>" + "</ComposedBlock>" * deep)) == []


def test_words_within_words_without_end_are_no_trouble():
    assert [line.text for line in only(page_xml(f"<TextLine>{'<Word>' * 5000}{'</Word>' * 5000}</TextLine>"))] == [""]


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "iso-8859-1"])
def test_other_encodings_are_read(encoding):
    text = alto('<TextLine><String CONTENT="été"/></TextLine>').decode().replace("UTF-8", encoding.removesuffix("-sig"))
    assert only(text.encode(encoding))[0].text == "été"


def test_several_pages_of_one_file_are_all_read():
    content = (
        b'<alto><Layout><Page WIDTH="5" HEIGHT="6"/><Page WIDTH="0" HEIGHT="9">'
        b'<PrintSpace WIDTH="7" HEIGHT="8"/></Page></Layout></alto>'
    )
    assert read_layout(content) == [PageLayout("", 5, 6, (), True), PageLayout("", 7, 8, (), True)]
