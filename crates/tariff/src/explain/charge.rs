//! Why a rider pays what they pay for a journey: the price, then each rule that changed it.

use units::{Amount, ProductId, StopId};

use super::Language;
use crate::ext::Evidence;
use crate::feed::FeedFile;
use crate::{
    Adjustment, AdjustmentKind, Breakdown, City, JourneyStatus, Leg, MissingTap, PricedBy, TapKind,
};

/// The whole story of one line of a fare, in one language: taps and leg, rule with file and row,
/// product, and every transfer, window, pass, tier and cap that changed the price.
#[must_use]
pub fn sentence(city: &City, line: &Breakdown, language: Language) -> String {
    let city = city.in_force(city.service_day(line.tap.at));
    let teller = Teller { city, language };
    let mut story = teller.price(line);
    if line.rider > 0 {
        story = match language {
            Language::English => format!("Companion {}: {story}", line.rider),
            Language::Chinese => format!("同行乘客 {}：{story}", line.rider),
            Language::Korean => format!("동행 {}: {story}", line.rider),
        };
    }
    for adjustment in &line.adjustments {
        let told = teller.adjustment(line, adjustment);
        if language != Language::Chinese {
            story.push(' ');
        }
        story.push_str(&told);
    }
    story
}

struct Teller<'c> {
    city: &'c City,
    language: Language,
}

impl Teller<'_> {
    fn price(&self, line: &Breakdown) -> String {
        let (amount, rule) = (line.price, &line.rule);
        match line.priced_by {
            PricedBy::Maximum => self.maximum(line),
            PricedBy::Disruption { .. } => match self.language {
                Language::English => format!(
                    "A tap is missing, but during the declared disruption the maximum fare is \
                     suspended: {amount} ({rule})."
                ),
                Language::Chinese => {
                    format!(
                        "缺少一次刷码，但在公告的运营中断期间不收最高票价：{amount}（{rule}）。"
                    )
                }
                Language::Korean => format!(
                    "태그가 하나 빠졌지만 공지된 운행 장애 중에는 최고 운임을 받지 않습니다: \
                     {amount}({rule})."
                ),
            },
            PricedBy::SameStation => {
                let stop = self.stop(&line.tap.stop);
                match self.language {
                    Language::English => {
                        format!("Leaving {stop} soon after entering costs {amount} ({rule}).")
                    }
                    Language::Chinese => format!("在{stop}同站短时进出，费用 {amount}（{rule}）。"),
                    Language::Korean => {
                        format!(
                            "{stop}에 들어갔다가 곧바로 나온 이용의 운임은 {amount}입니다({rule})."
                        )
                    }
                }
            }
            PricedBy::Completed {
                confidence_percent,
                evidence,
                place,
            } => self.completed(line, confidence_percent, evidence, place),
            PricedBy::LegRule | PricedBy::Matrix | PricedBy::ZoneTicket => self.travel(line, ""),
            PricedBy::Distance { metres } => {
                let over = match self.language {
                    Language::English => format!(" over {metres} m of track"),
                    Language::Chinese => format!("，里程 {metres} 米，"),
                    Language::Korean => format!("(거리 {metres} m)"),
                };
                self.travel(line, &over)
            }
        }
    }

    fn travel(&self, line: &Breakdown, over: &str) -> String {
        let travel = match &line.leg {
            Some(leg) if leg.to.is_none() => self.boarding(line),
            Some(leg) => self.leg(leg),
            None => self.boarding(line),
        };
        let (amount, rule) = (line.price, &line.rule);
        let product = line.product.map(|id| self.product(&id)).unwrap_or_default();
        // A ride whose ticket is the transfer itself has the row of that.
        let by = match self.language {
            _ if !rule.file.ends_with(FeedFile::TransferRules.name()) => "",
            Language::English => " by transfer",
            Language::Chinese => "换乘",
            Language::Korean => " 환승",
        };
        match self.language {
            Language::English => format!("{travel}{over}{by} costs {amount}{product} ({rule})."),
            Language::Chinese => format!("{travel}{over}{by}票价 {amount}{product}（{rule}）。"),
            Language::Korean => {
                format!("{travel}{over}{by} 운임은 {product}{amount}입니다({rule}).")
            }
        }
    }

    fn product(&self, id: &ProductId) -> String {
        let name = self.city.rules().product_name(id);
        match self.language {
            Language::English => format!(" with product \"{name}\""),
            Language::Chinese => format!("，票种“{name}”"),
            Language::Korean => format!("승차권 \"{name}\" 기준 "),
        }
    }

    fn leg(&self, leg: &Leg) -> String {
        let from = self.stop(&leg.from);
        let Some(to) = &leg.to else {
            return from.to_owned();
        };
        let here = *to == leg.from;
        let to = self.stop(to);
        match (self.language, here) {
            (Language::English, true) => format!("Entering and leaving at {from}"),
            (Language::English, false) => format!("Travel from {from} to {to}"),
            (Language::Chinese, true) => format!("在{from}同站进出"),
            (Language::Chinese, false) => format!("从{from}到{to}"),
            (Language::Korean, true) => format!("{from} 같은 역 진출입"),
            (Language::Korean, false) => format!("{from}에서 {to}까지"),
        }
    }

    fn boarding(&self, line: &Breakdown) -> String {
        let tap = &line.tap;
        let stop = self.stop(&tap.stop);
        let route = tap.route.and_then(|id| self.city.route(&id));
        let route = route.map_or("", |route| route.name.as_str());
        let on = tap.kind == TapKind::On;
        let space = if route.is_empty() { "" } else { " " };
        match (self.language, on) {
            (Language::English, true) if route.is_empty() => format!("Boarding at {stop}"),
            (Language::English, true) => format!("Boarding route {route} at {stop}"),
            (Language::English, false) if route.is_empty() => {
                format!("Leaving at {stop} without a tap on")
            }
            (Language::English, false) => {
                format!("Leaving route {route} at {stop} without a tap on")
            }
            (Language::Chinese, true) => format!("在{stop}乘坐{space}{route}{space}"),
            (Language::Chinese, false) => {
                format!("在{stop}离开{space}{route}{space}（无上车刷码）")
            }
            (Language::Korean, true) => format!("{stop}에서 {route}{space}승차"),
            (Language::Korean, false) => format!("{stop}에서 {route}{space}하차(승차 태그 없음)"),
        }
    }

    fn maximum(&self, line: &Breakdown) -> String {
        let missing = match line.status {
            JourneyStatus::Incomplete(missing) => missing,
            JourneyStatus::Complete => MissingTap::NoTapOff,
        };
        let fare = line.price;
        if self.language == Language::English {
            return super::incomplete(self.city, &line.tap, missing, fare);
        }
        let stop = self.stop(&line.tap.stop);
        let minutes = self.city.longest_journey().as_secs().div_euclid(60);
        let rule = &line.rule;
        match (self.language, missing) {
            (Language::Korean, MissingTap::NoTapOff) => format!(
                "{stop}의 승차 태그 뒤 {minutes}분 안에 하차 태그가 없어 최고 운임 {fare}이 \
                 적용됩니다({rule})."
            ),
            (Language::Korean, MissingTap::NoTapOn) => format!(
                "{stop}의 하차 태그 앞 {minutes}분 안에 승차 태그가 없어 최고 운임 {fare}이 \
                 적용됩니다({rule})."
            ),
            (_, MissingTap::NoTapOff) => {
                format!(
                    "在{stop}进站后 {minutes} 分钟内没有出站刷码，按最高票价 {fare} 计（{rule}）。"
                )
            }
            (_, MissingTap::NoTapOn) => {
                format!(
                    "在{stop}出站前 {minutes} 分钟内没有进站刷码，按最高票价 {fare} 计（{rule}）。"
                )
            }
        }
    }

    fn completed(&self, line: &Breakdown, sure: i64, evidence: Evidence, place: usize) -> String {
        let travel = line
            .leg
            .as_ref()
            .map(|leg| self.leg(leg))
            .unwrap_or_default();
        let (amount, rule) = (line.price, &line.rule);
        let why = self
            .city
            .extensions()
            .events
            .get(place)
            .map(|row| row.rule.to_string())
            .unwrap_or_default();
        let from = match (self.language, evidence) {
            (Language::English, Evidence::NextTap) => "the neighbouring tap",
            (Language::English, Evidence::DayEnds) => "where the day's travel began or ended",
            (Language::Chinese, Evidence::NextTap) => "相邻的刷码记录",
            (Language::Chinese, Evidence::DayEnds) => "当天行程的起点或终点",
            (Language::Korean, Evidence::NextTap) => "이어지는 태그로",
            (Language::Korean, Evidence::DayEnds) => "그날 이동의 처음 또는 끝으로",
        };
        match self.language {
            Language::English => format!(
                "A tap is missing; judging by {from}, the journey is taken to be this one, \
                 with a confidence of {sure} % ({why}): {travel}, {amount} ({rule})."
            ),
            Language::Chinese => format!(
                "缺少一次刷码；根据{from}推定行程为{travel}，置信度 {sure}%（{why}）：{amount}（{rule}）。"
            ),
            Language::Korean => format!(
                "태그가 하나 빠졌습니다. {from} 보아 {travel} 이동한 것으로 봅니다, 신뢰도 \
                 {sure}%({why}): {amount}({rule})."
            ),
        }
    }

    fn adjustment(&self, line: &Breakdown, adjustment: &Adjustment) -> String {
        let currency = line.amount.currency();
        let amount = |minor| Amount::new(minor, currency).unwrap_or(Amount::zero(currency));
        let after = amount(adjustment.after);
        let (what, rule) = super::rule_of(self.city, adjustment);
        let rule = rule.map(|rule| rule.to_string()).unwrap_or_default();
        let name = match (&what, self.language) {
            (None, _) => String::new(),
            (Some(name), Language::Chinese) => format!("“{name}”"),
            (Some(name), _) => format!(" \"{name}\""),
        };
        let (subject, makes) = match (adjustment.kind, self.language) {
            (AdjustmentKind::Alone, language) => return cheaper_alone(language, after),
            (kind, Language::English) => english(kind),
            (kind, Language::Chinese) => chinese(kind),
            (kind, Language::Korean) => (korean(kind), " 적용:"),
        };
        match self.language {
            Language::Chinese => format!("{subject}{name}{makes}{after}（{rule}）。"),
            Language::English => format!("{subject}{name}{makes} {after} ({rule})."),
            Language::Korean => format!("{subject}{name}{makes} {after}({rule})."),
        }
    }

    fn stop<'a>(&'a self, id: &'a StopId) -> &'a str {
        super::stop_name(self.city, id)
    }
}

fn cheaper_alone(language: Language, after: Amount) -> String {
    match language {
        Language::English => format!("Without the rider's other media it is cheaper: {after}."),
        Language::Chinese => format!("不与其他介质合并计费更便宜：{after}。"),
        Language::Korean => format!("다른 매체와 합산하지 않으면 더 저렴합니다: {after}."),
    }
}

/// What changed the price and what it did; the rule's name stands in between.
const fn english(kind: AdjustmentKind) -> (&'static str, &'static str) {
    match kind {
        AdjustmentKind::Transfer => ("The transfer", " makes it"),
        AdjustmentKind::Credit => ("What a later ride gives back", " leaves"),
        AdjustmentKind::Concession => ("The concession", " makes it"),
        AdjustmentKind::OverTime => ("Staying too long", " makes it"),
        AdjustmentKind::ZoneTicket => ("The ticket", " bought before covers it:"),
        AdjustmentKind::Window => ("The transfer window", " makes it"),
        AdjustmentKind::HeldPass => ("The pass", " that the rider holds covers it:"),
        AdjustmentKind::EarnedPass => ("The pass", " earned by earlier rides covers it:"),
        AdjustmentKind::Tier => ("The discount for money spent", " makes it"),
        AdjustmentKind::Cap => ("The cap", " leaves"),
        AdjustmentKind::Alone => ("The medium alone", " makes it"),
    }
}

const fn chinese(kind: AdjustmentKind) -> (&'static str, &'static str) {
    match kind {
        AdjustmentKind::Transfer => ("换乘", "后为 "),
        AdjustmentKind::Credit => ("扣除后续行程的返还", "后为 "),
        AdjustmentKind::Concession => ("优惠", "后为 "),
        AdjustmentKind::OverTime => ("超时", "后为 "),
        AdjustmentKind::ZoneTicket => ("已购车票", "有效："),
        AdjustmentKind::Window => ("换乘优惠时段", "内为 "),
        AdjustmentKind::HeldPass => ("所持通票", "有效："),
        AdjustmentKind::EarnedPass => ("累计乘次获得的通票", "有效："),
        AdjustmentKind::Tier => ("累计消费折扣", "后为 "),
        AdjustmentKind::Cap => ("封顶", "后为 "),
        AdjustmentKind::Alone => ("单一介质", "计费为 "),
    }
}

/// The word that stands before "applied", which needs no particle after a name.
const fn korean(kind: AdjustmentKind) -> &'static str {
    match kind {
        AdjustmentKind::Transfer => "환승",
        AdjustmentKind::Credit => "이후 이용의 환급",
        AdjustmentKind::Concession => "할인",
        AdjustmentKind::OverTime => "시간 초과",
        AdjustmentKind::ZoneTicket => "앞서 산 승차권",
        AdjustmentKind::Window => "환승 시간",
        AdjustmentKind::HeldPass => "보유한 정기권",
        AdjustmentKind::EarnedPass => "승차 횟수로 얻은 정기권",
        AdjustmentKind::Tier => "누적 할인",
        AdjustmentKind::Cap => "상한",
        AdjustmentKind::Alone => "단일 매체",
    }
}
