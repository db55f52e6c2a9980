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
    ("三點五億美元", 3.5e8, "USD", "exact", 1e7, "0.35", "billion"),
    ("新臺幣12億3,456萬7千元", 1_234_567_000, "TWD", "exact", 1e3, "1.234567", "billion"),
    ("新台幣1兆2,000億5,000萬元", 1.20005e12, "TWD", "exact", 1e7, "1.20005", "trillion"),
    ("約新台幣二百五十億元", 25e9, "TWD", "about", 1e8, "25", "billion"),
    ("500餘億美元", 50e9, "USD", "more than", 1e8, "50", "billion"),
    ("30多億歐元", 3e9, "EUR", "more than", 1e8, "3", "billion"),
    ("破500億美元", 50e9, "USD", "more than", 1e8, "50", "billion"),
    ("近千億美元", 100e9, "USD", "nearly", 1e8, "100", "billion"),
    ("不足10億美元", 1e9, "USD", "up to", 1e8, "1", "billion"),
    ("介於 100 至 120 億美元之間", 11e9, "USD", "between", 1e8, "10-12", "billion"),
    ("約當港幣２０億元", 2e9, "HKD", "about", 1e8, "2", "billion"),
    ("nearly €12.3 bn", 12.3e9, "EUR", "nearly", 1e8, "12.3", "billion"),
    ("in excess of US$5 billion", 5e9, "USD", "more than", 1e9, "5", "billion"),
    ("an estimated US$5.2 billion", 5.2e9, "USD", "about", 1e8, "5.2", "billion"),
    ("as much as USD 5 billion", 5e9, "USD", "up to", 1e9, "5", "billion"),
    ("c. £3bn", 3e9, "GBP", "about", 1e9, "3", "billion"),
    ("USD 5+ billion", 5e9, "USD", "at least", 1e9, "5", "billion"),
    ("a USD 5bn-plus market", 5e9, "USD", "at least", 1e9, "5", "billion"),
    ("USD 5 billion plus", 5e9, "USD", "at least", 1e9, "5", "billion"),
    ("USD 5 mln", 5e6, "USD", "exact", 1e6, "5", "million"),
    ("EUR 5.2 bln", 5.2e9, "EUR", "exact", 1e8, "5.2", "billion"),
    ("US$5.2MM", 5.2e6, "USD", "exact", 1e5, "5.2", "million"),
    ("£450mn", 450e6, "GBP", "exact", 1e6, "450", "million"),
    ("JPY 1.2tn", 1.2e12, "JPY", "exact", 1e11, "1.2", "trillion"),
    ("USD 5.5 to USD 6 billion", 5.75e9, "USD", "between", 1e8, "5.5-6", "billion"),
    ("USD 5‐6 bn", 5.5e9, "USD", "between", 1e9, "5-6", "billion"),
    ("USD 5 − 6 bn", 5.5e9, "USD", "between", 1e9, "5-6", "billion"),
    ("between 3 and 4 million euros", 3.5e6, "EUR", "between", 1e6, "3-4", "million"),
    ("CHF 12\u202f500 million", 12.5e9, "CHF", "exact", 1e6, "12500", "million"),
    ("EUR 1\u2009234.5 million", 1_234_500_000, "EUR", "exact", 1e5, "1234.5", "million"),
    ("CHF 12'500 million", 12.5e9, "CHF", "exact", 1e6, "12500", "million"),
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
        ("逾百億元", "", "元 names no currency"),
        ("€3.000 million", "EUR", "3.000 may be 3,000"),
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
        ("年複合成長率介於6%～8%之間", "rate", 7, "between"),
        ("between 5 and 7 per cent", "rate", 6, "between"),
        ("介於5與7%", "rate", 6, "between"),
        ("EUR 1.2bn (+6.2%)", "rate", 6.2, "exact"),
        ("a compound annual growth rate of 11.9 per cent", "rate", 11.9, "exact"),
        ("growing at 12 % p.a. through 2030", "rate", 12, "exact"),
        ("百分之八點五", "rate", 8.5, "exact"),
        ("負成長5%", "rate", -5, "exact"),
        ("fell in the U.S. by 5%", "rate", -5, "exact"),
        ("a 5% year-on-year decline", "rate", -5, "exact"),
        ("the market will contract at a CAGR of 2.1%", "rate", -2.1, "exact"),
        ("fell by more than 5%", "rate", -5, "up to"),
        ("The contract manufacturing market will register a CAGR of 7.5%", "rate", 7.5, "exact"),
        ("negative pressure wound therapy, at a 6% CAGR", "rate", 6, "exact"),
        ("dropshipping to advance at a CAGR of 22.0%", "rate", 22, "exact"),
        ("growth of 14.5% to ¥312.4 billion in the first half of 2024", "rate", 14.5, "exact"),
        ("up 8% to half a billion euros in the second half", "rate", 8, "exact"),
        ("slowing in 2023 to 8%", "rate", 8, "exact"),
        ("more than doubled", "multiple", 2, "more than"),
        ("nearly tripled", "multiple", 3, "nearly"),
        ("近倍增", "multiple", 2, "nearly"),
        ("more than halved", "multiple", 0.5, "up to"),
        ("a ten-fold market", "multiple", 10, "exact"),
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
        "3.06 times larger",
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


RELEASE = (
    "The market was valued at USD 82.1 billion in 2022 and is projected to grow from USD 88.0 billion in 2023 to USD "
    "157.8 billion by 2030, exhibiting a CAGR of 8.7 % during 2023-2030."
)
STATEMENT = "市場規模將由2022年的160億美元成長至2030年的490億美元，年複合成長率達15.0%"


@pytest.mark.parametrize(
    ("text", "values", "currencies"),
    [
        ("from USD 16 billion to USD 49 billion", [16e9, 49e9], {"USD"}),
        ("from USD 16 to 49 billion", [16e9, 49e9], {"USD"}),
        ("from £16 to £49 billion by 2030", [16e9, 49e9], {"GBP"}),
        ("from EUR 900 million to EUR 1.1 billion", [900e6, 1.1e9], {"EUR"}),
        ("由新臺幣160至新臺幣490億元", [16e9, 49e9], {"TWD"}),
        ("from USD 5 billion in 2023 to USD 8 billion in 2030", [5e9, 8e9], {"USD"}),
        ("USD 5 billion in 2023 to 8 billion USD in 2030", [5e9, 8e9], {"USD"}),
        (RELEASE, [82.1e9, 88e9, 157.8e9], {"USD"}),
        (STATEMENT, [16e9, 49e9], {"USD"}),
        ("EUR 3 million (2022: EUR 2 million)", [3e6, 2e6], {"EUR"}),
    ],
)
def test_two_ends_of_a_growth_are_two_amounts(text, values, currencies):
    found = find_amounts(text)
    assert [amount.value for amount in found] == pytest.approx(values)
    assert {amount.currency for amount in found} == currencies
    assert {amount.hedge for amount in found} == {"exact"}


def test_hedges_of_two_ends_and_a_scale_that_may_be_shared():
    found = find_amounts("from about £16 to over £49 billion")
    assert [(amount.value, amount.hedge) for amount in found] == [(16e9, "about"), (49e9, "more than")]
    assert [amount.value for amount in find_amounts("EUR 5.0 and EUR 6.0 billion")] == [6e9]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("declined 5% in 2022 but grew 12% in 2023", [-5, 12]),
        ("2023年Q4營收季減5.2%，年增12.4%", [-5.2, 12.4]),
        ("despite a decline in prices, the market will grow at a CAGR of 6%", [6]),
        ("despite a decline in prices, the market will reach USD 5bn at a CAGR of 6%", [6]),
        ("CAGR: -2.4%", [-2.4]),
        ("sales dropped 3%, while services grew 5%", [-3, 5]),
        ("growth of 5.3%, down from 8.1% a year earlier", [5.3, 8.1]),
        ("growth slows, declining from 12% in 2023 to 8% in 2030", [12, 8]),
        ("成長率由12%下降至8%", [12, 8]),
        ("Prices fell. The market had a CAGR of 4%", [4]),
        (RELEASE, [8.7]),
        (STATEMENT, [15.0]),
        ("half a billion euros in the first half", []),
    ],
)
def test_each_rate_has_the_sign_of_its_own_words(text, found):
    assert [growth.value for growth in find_growths(text)] == found


@pytest.mark.parametrize(
    "text",
    ["16 000 million USD", "USD 1 234.5 million", "3 000 000 USD", ".5 billion USD", "USD 5.2 mil", "₹1,200 crore",
     "Rs 3.5 lakh crore", "USD 5.2 mm", "EUR 1.234,5 million", "5,2 Milliarden Euro", "數十億美元", "10億20億美元",
     "產值上看兆元"],
)  # fmt: skip
def test_no_amount_is_read_from_a_part_of_a_number(text):
    assert find_amounts(text) == []


def test_a_growth_names_its_years():
    found = parse_growth("預計自2023年至2030年間以超過43%的年均複合成長率(CAGR)擴張")
    assert (found.start, found.end) == (2023, 2030)


@pytest.mark.parametrize(
    ("text", "years"),
    [
        (RELEASE, (2023, 2030)),
        ("CAGR (2023–2030): 12.4%", (2023, 2030)),
        ("a CAGR of 8% from 2024-32", (2024, 2032)),
        ("2022年至2030年以7.5%之年均複合成長率成長", (2022, 2030)),
        ("a CAGR of 8% (released 2024-06)", (None, None)),
        ("grew 5% a year in 2018-2022 and will grow 8% during 2023-2030", (None, None)),
    ],
)
def test_years_are_taken_from_one_span_only(text, years):
    assert {(growth.start, growth.end) for growth in find_growths(text)} == {years}


@pytest.mark.parametrize(
    ("text", "year"),
    [
        *[("民國113年", 2024), ("106 年", 2017), ("去(106)年 8 月底", 2017), ("FY2023", 2023), ("2028年", 2028)],
        *[
            ("112年上半年", 2023),
            ("113年度", 2024),
            ("2024年3月", 2024),
            ("first half of 2024", 2024),
            ("2024-03", 2024),
        ],
    ],
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
        (parse_year, "FY2023/24", "'2023/24', which spans two years"),
        (parse_year, "2023-24", "one year, that of the number"),
        (parse_year, "112/113年", "spans two years"),
        (parse_amount, "USD 16 000 million", "digits split by a blank"),
        (parse_amount, "USD 5.2 mil", "the scale 'mil'"),
    ],
)
def test_a_phrase_that_is_not_understood_says_what_is(parse, text, says):
    with pytest.raises(ArgumentError, match=says):
        parse(text)


@given(st.text(max_size=200))
def test_any_text_is_survived(text):
    find_amounts(text)
    find_growths(text)
