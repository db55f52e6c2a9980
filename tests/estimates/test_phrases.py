"""Phrases as printed, in English and Traditional Chinese."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from forecast.errors import ArgumentError
from forecast.estimates.phrases import find_amounts, find_growths, parse_amount, parse_growth, parse_year

AMOUNTS = [
    ("about USD 16 billion", 16e9, "USD", "about", 1e9, "16", "billion"),
    ("約160億美元", 16e9, "USD", "about", 1e8, "16", "billion"),
    ("突破500億美元", 50e9, "USD", "more than", 1e8, "50", "billion"),
    ("181.2億美元", 18.12e9, "USD", "exact", 1e7, "18.12", "billion"),
    ("NT$7.4億", 7.4e8, "TWD", "exact", 1e7, "0.74", "billion"),
    ("新臺幣7.40億元", 7.4e8, "TWD", "exact", 1e6, "0.740", "billion"),
    ("US$ 550.58 thousand", 550_580, "USD", "exact", 10, "550.58", "thousand"),
    ("USD 7,250.0 Million", 7.25e9, "USD", "exact", 1e5, "7250.0", "million"),
    ("300億日圓", 30e9, "JPY", "exact", 1e8, "30", "billion"),
    ("1.6兆日圓", 1.6e12, "JPY", "exact", 1e11, "1.6", "trillion"),
    ("JPY 1.6 tn", 1.6e12, "JPY", "exact", 1e11, "1.6", "trillion"),
    ("五十億美元", 5e9, "USD", "exact", 1e8, "5", "billion"),
    ("12億3,000萬日圓", 1.23e9, "JPY", "exact", 1e7, "1.23", "billion"),
    ("3,000萬歐元", 3e7, "EUR", "exact", 1e4, "30", "million"),
    ("€300m", 3e8, "EUR", "exact", 1e6, "300", "million"),
    ("16 billion US dollars", 16e9, "USD", "exact", 1e9, "16", "billion"),
    ("will exceed US$50 billion", 50e9, "USD", "more than", 1e9, "50", "billion"),
    ("至少160億美元", 16e9, "USD", "at least", 1e8, "16", "billion"),
    ("USD 16-18 billion", 17e9, "USD", "between", 1e9, "16-18", "billion"),
    ("ＵＳ＄１６億", 1.6e9, "USD", "exact", 1e8, "1.6", "billion"),
    ("1.6e10 USD", 16e9, "USD", "exact", 1e9, "1.6E+10", "unit"),
    ("USD 16\u202ebn", 16e9, "USD", "exact", 1e9, "16", "billion"),
    ("上看500億美元", 50e9, "USD", "up to", 1e8, "50", "billion"),
    ("between USD 40 and 50 bn", 45e9, "USD", "between", 1e9, "40-50", "billion"),
    ("USD 40 bn - USD 50 bn", 45e9, "USD", "between", 1e9, "40-50", "billion"),
    ("10億～20億美元", 1.5e9, "USD", "between", 1e8, "1-2", "billion"),
    ("160億美元以上", 16e9, "USD", "at least", 1e8, "16", "billion"),
    ("USD 16bn (approx.)", 16e9, "USD", "about", 1e9, "16", "billion"),
    ("US$16-billion or so", 16e9, "USD", "about", 1e9, "16", "billion"),
    ("US$50億+", 5e9, "USD", "at least", 1e8, "5", "billion"),
    ("三億五千萬美元", 3.5e8, "USD", "exact", 1e7, "0.35", "billion"),
]


@pytest.mark.parametrize(("text", "value", "currency", "hedge", "precision", "digits", "scale"), AMOUNTS)
def test_amounts(text, value, currency, hedge, precision, digits, scale):
    found = parse_amount(text)
    assert found.value == pytest.approx(value, rel=1e-12)
    assert (found.currency, found.hedge, found.digits, found.scale) == (currency, hedge, digits, scale)
    assert found.precision == pytest.approx(precision)
    assert found.ambiguity == ""


@pytest.mark.parametrize(
    ("text", "currency", "says"),
    [
        ("7.6 億元", "", "元 names no currency"),
        ("$1.2bn", "USD", "any dollar"),
        ("¥5 bn", "JPY", "JPY (yen) or CNY (yuan)"),
        ("￥300億", "JPY", "JPY (yen) or CNY (yuan)"),
        ("16", "", "no currency"),
    ],
)
def test_an_open_currency_is_reported(text, currency, says):
    found = parse_amount(text)
    assert found.currency == currency
    assert says in found.ambiguity


def test_years_and_counts_are_no_amounts():
    text = "2023年全球再生醫療的市場規模約160億美元,成長至 2021 年 537 億美元"
    assert [amount.value for amount in find_amounts(text)] == [16e9, 53.7e9]


@pytest.mark.parametrize(
    ("text", "kind", "value", "hedge"),
    [
        ("超過43%", "rate", 43, "more than"),
        ("年複合成長率為25.1%", "rate", 25.1, "exact"),
        ("CAGR of 23.3%", "rate", 23.3, "exact"),
        ("more than 26 percent", "rate", 26, "more than"),
        ("三成", "rate", 30, "exact"),
        ("約占三成五", "rate", 35, "about"),
        ("超過五成", "rate", 50, "more than"),
        ("近半數", "rate", 50, "nearly"),
        ("百分之三十", "rate", 30, "exact"),
        ("a decline of 5%", "rate", -5, "exact"),
        ("成長至3.06倍", "multiple", 3.06, "exact"),
        ("the market will double", "multiple", 2, "exact"),
        ("grow tenfold", "multiple", 10, "exact"),
        ("grow by a factor of 3.06", "multiple", 3.06, "exact"),
        ("over 3x", "multiple", 3, "more than"),
        ("翻倍", "multiple", 2, "exact"),
        ("成長一倍", "multiple", 2, "exact"),
        ("減半", "multiple", 0.5, "exact"),
        ("年減5%", "rate", -5, "exact"),
        ("minus 5 percent", "rate", -5, "exact"),
        ("介於15%到18%", "rate", 16.5, "between"),
    ],
)
def test_growths(text, kind, value, hedge):
    found = parse_growth(text)
    assert (found.kind, found.hedge, found.ambiguity) == (kind, hedge, "")
    assert found.value == pytest.approx(value)


@pytest.mark.parametrize(
    "text",
    [
        "可成長3.06倍",
        "年增 3.06 倍",
        "增加了３．０６倍",
        "grow 3.06 times by 2028",
        "increase by 3.06 times",
        "a 3.06-fold increase",
    ],
)
def test_a_multiple_that_can_be_an_increase_is_not_decided(text):
    found = parse_growth(text)
    assert found.readings == (3.06, 4.06)
    assert found.value != found.value
    assert "may mean" in found.ambiguity


def test_a_threefold_increase_has_two_readings_and_a_threefold_market_one():
    assert parse_growth("a threefold increase").readings == (3, 4)
    assert parse_growth("a threefold market").readings == (3,)


def test_two_ends_of_a_growth_are_two_amounts():
    assert [a.value for a in find_amounts("from USD 16 billion to USD 49 billion")] == [16e9, 49e9]


def test_a_growth_names_its_years():
    found = parse_growth("預計自2023年至2030年間以超過43%的年均複合成長率(CAGR)擴張")
    assert (found.start, found.end) == (2023, 2030)


@pytest.mark.parametrize(
    ("text", "year"),
    [("民國113年", 2024), ("106 年", 2017), ("去(106)年 8 月底", 2017), ("FY2023", 2023), ("2028年", 2028)],
)
def test_years(text, year):
    assert parse_year(text) == year


@pytest.mark.parametrize(
    ("parse", "text", "says"),
    [
        (parse_amount, "many patients", "about USD 16 billion"),
        (parse_amount, "-5 billion", "an amount above zero"),
        (parse_amount, "USD −5 bn", "an amount above zero"),
        (parse_amount, "約 16 0 億美元", "digits split by a blank"),
        (parse_amount, "USD 16 bn or EUR 15 bn", "2 amounts"),
        (parse_growth, "soon", "成長3.06倍"),
        (parse_amount, "€2,5 bn", "'2,5' in '€2,5 bn'; allowed: a comma before each three digits"),
        (parse_amount, "12.3.4 billion", "'12.3.4' in '12.3.4 billion'"),
        (parse_amount, "₹ 500 crore", "the scale 'crore'"),
        (parse_amount, "數百億美元", "about USD 16 billion"),
        (parse_growth, "20% then 30%", "2 growths"),
        (parse_growth, "from 15% to 18%", "2 growths"),
        (parse_growth, "double-digit growth", "成長3.06倍"),
        (parse_growth, "17,7%", "成長3.06倍"),
        (parse_year, "2023-2030", "2 years"),
        (parse_year, "5年", "民國113年"),
    ],
)
def test_a_phrase_that_is_not_understood_says_what_is(parse, text, says):
    with pytest.raises(ArgumentError, match=says):
        parse(text)


@given(st.text(max_size=200))
def test_any_text_is_survived(text):
    find_amounts(text)
    find_growths(text)
