//! Why a rider pays what they pay for a journey: the price, then each rule that changed it.

use units::{Amount, ProductId, StopId};

use super::Language;
use crate::ext::Evidence;
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
                        format!("Entering and leaving soon at {stop} costs {amount} ({rule}).")
                    }
                    Language::Chinese => format!("在{stop}同站短时进出，费用 {amount}（{rule}）。"),
                    Language::Korean => {
                        format!(
                            "{stop}에서 짧은 시간 안에 들어왔다 나온 운임은 {amount}입니다({rule})."
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
                    Language::Korean => format!(" {metres} m"),
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
        match self.language {
            Language::English => format!("{travel}{over} costs {amount}{product} ({rule})."),
            Language::Chinese => format!("{travel}{over}票价 {amount}{product}（{rule}）。"),
            Language::Korean => format!("{travel}{over} 운임은 {amount}입니다{product}({rule})."),
        }
    }

    fn product(&self, id: &ProductId) -> String {
        let name = self.city.rules().product_name(id);
        match self.language {
            Language::English => format!(" with product \"{name}\""),
            Language::Chinese => format!("，票种“{name}”"),
            Language::Korean => format!(", 승차권 \"{name}\" "),
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
            (Language::Korean, Evidence::NextTap) => "이어지는 태그",
            (Language::Korean, Evidence::DayEnds) => "그날 이동의 처음 또는 끝",
        };
        match self.language {
            Language::English => format!(
                "A tap is missing; from {from} the journey is taken as {travel}, with a \
                 confidence of {sure} % ({why}): {amount} ({rule})."
            ),
            Language::Chinese => format!(
                "缺少一次刷码；根据{from}推定行程为{travel}，置信度 {sure}%（{why}）：{amount}（{rule}）。"
            ),
            Language::Korean => format!(
                "태그가 하나 빠졌습니다. {from}(으)로 보아 {travel} 이동한 것으로 봅니다, 신뢰도 \
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
        let (en, zh, ko) = match adjustment.kind {
            AdjustmentKind::Transfer => ("The transfer makes it", "换乘后为", "환승을 반영하면"),
            AdjustmentKind::Concession => {
                ("The concession makes it", "优惠后为", "할인을 반영하면")
            }
            AdjustmentKind::OverTime => ("Staying too long makes it", "超时后为", "시간 초과로"),
            AdjustmentKind::ZoneTicket => (
                "The ticket bought before covers it",
                "已购车票有效",
                "앞서 산 승차권으로",
            ),
            AdjustmentKind::Window => (
                "The transfer window makes it",
                "优惠时段内为",
                "환승 시간 안이므로",
            ),
            AdjustmentKind::HeldPass => (
                "The pass held covers it",
                "所持通票有效",
                "보유한 정기권으로",
            ),
            AdjustmentKind::EarnedPass => (
                "The pass earned covers it",
                "累计乘次已获免费",
                "적립한 정기권으로",
            ),
            AdjustmentKind::Tier => (
                "The discount for money spent makes it",
                "累计消费折扣后为",
                "누적 할인으로",
            ),
            AdjustmentKind::Cap => ("The cap leaves", "封顶后为", "상한에 따라"),
            AdjustmentKind::Alone => {
                return match self.language {
                    Language::English => {
                        format!("Without the rider's other media it is cheaper: {after}.")
                    }
                    Language::Chinese => format!("不与其他介质合并计费更便宜：{after}。"),
                    Language::Korean => format!("다른 매체와 합산하지 않는 편이 쌉니다: {after}."),
                };
            }
        };
        let name = match (&what, self.language) {
            (None, _) => String::new(),
            (Some(name), Language::Chinese) => format!("“{name}”"),
            (Some(name), _) => format!(" \"{name}\""),
        };
        match self.language {
            Language::English => format!("{en} {after}{} ({rule}).", by(&name)),
            Language::Chinese => format!("{zh} {after}{name}（{rule}）。"),
            Language::Korean => format!("{ko} {after}입니다{name}({rule})."),
        }
    }

    fn stop<'a>(&'a self, id: &'a StopId) -> &'a str {
        super::stop_name(self.city, id)
    }
}

fn by(name: &str) -> String {
    if name.is_empty() {
        String::new()
    } else {
        format!(" by{name}")
    }
}
