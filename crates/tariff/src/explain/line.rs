//! One sentence for each line of an itinerary's fare: legs, rule, product, transfer.

use std::ops::Range;

use super::Language;
use crate::fares::{Ambiguity, Bought, Fares, Leg, Line, LineKind, Place};
use crate::feed::{ProductIx, TransferType};

/// Why a line costs what it costs, in a sentence that names the legs (counted from 1), the file and
/// row of the rule, the product, and the transfer.
///
/// `legs` are those that were priced. Names of stops, products and fares are told as the feed
/// spells them, ids where it has no name.
#[must_use]
pub fn line(fares: &Fares, legs: &[Leg<'_>], line: &Line, language: Language) -> String {
    let rule = Rule {
        place: format!("{} row {}", line.file.name(), line.row),
        legs: span(&line.legs, language),
        amount: line.amount.to_string(),
        is_free: line.amount.as_minor() == 0,
        bought: bought(fares, line.bought, language),
    };
    match line.kind {
        LineKind::Leg => rule.leg(travel(fares, legs, &line.legs, language), language),
        LineKind::Itinerary => rule.itinerary(language),
        LineKind::Transfer(kind) => {
            let instead = kind == TransferType::TransferOnly && line.legs.len() > 1;
            if instead {
                rule.instead(language)
            } else if kind == TransferType::FromPlusTransferPlusTo {
                rule.surcharge(language)
            } else {
                rule.transfer(language)
            }
        }
    }
}

/// Why a leg has no fare.
#[must_use]
pub fn unpriced(fares: &Fares, leg: usize, language: Language) -> String {
    let legs = span(&(leg..leg.saturating_add(1)), language);
    let file = if fares.feed().is_v2() {
        "fare_leg_rules.txt"
    } else {
        "fare_rules.txt"
    };
    match language {
        Language::English => {
            format!("{legs} has no fare for this rider: no row of {file} prices it.")
        }
        Language::Chinese => format!("{legs}没有适用于该乘客的票价：{file} 中没有匹配的行。"),
        Language::Korean => {
            format!("{legs}: 이 승객에게 적용되는 운임이 없습니다. {file}에 맞는 행이 없습니다.")
        }
    }
}

/// Why there is no total.
#[must_use]
pub const fn ambiguous(why: Ambiguity, language: Language) -> &'static str {
    match (why, language) {
        (Ambiguity::Currencies, Language::English) => {
            "The prices that apply are in several currencies, so they have no sum."
        }
        (Ambiguity::Currencies, Language::Chinese) => "适用的价格使用了多种货币，无法求和。",
        (Ambiguity::Currencies, Language::Korean) => {
            "적용되는 가격의 통화가 여러 가지라서 합계를 낼 수 없습니다."
        }
        (Ambiguity::RiderCategory, Language::English) => {
            "The price depends on the rider's category, which is not known."
        }
        (Ambiguity::RiderCategory, Language::Chinese) => "价格取决于乘客类别，而乘客类别未知。",
        (Ambiguity::RiderCategory, Language::Korean) => {
            "가격이 승객 유형에 따라 다른데, 승객 유형을 알 수 없습니다."
        }
        (Ambiguity::Overflow, Language::English) => "The total is too large for an amount.",
        (Ambiguity::Overflow, Language::Chinese) => "总额超出了可表示的范围。",
        (Ambiguity::Overflow, Language::Korean) => "합계가 표현할 수 있는 범위를 넘습니다.",
    }
}

/// The parts of a sentence.
struct Rule {
    place: String,
    legs: String,
    amount: String,
    is_free: bool,
    bought: String,
}

impl Rule {
    fn leg(&self, travel: Option<String>, language: Language) -> String {
        let Self {
            place,
            legs,
            amount,
            bought,
            ..
        } = self;
        let travel = travel.unwrap_or_default();
        match language {
            Language::English => format!("{legs}{travel} costs {amount}{bought} ({place})."),
            Language::Chinese => format!("{legs}{travel}票价 {amount}{bought}（{place}）。"),
            Language::Korean => format!("{legs}{travel} 운임은 {bought}{amount}입니다({place})."),
        }
    }

    fn transfer(&self, language: Language) -> String {
        let Self {
            place,
            legs,
            amount,
            bought,
            ..
        } = self;
        match (language, self.is_free) {
            (Language::English, true) => {
                format!("The transfer to {} is free{bought} ({place}).", low(legs))
            }
            (Language::English, false) => {
                format!(
                    "The transfer to {} costs {amount}{bought} ({place}).",
                    low(legs)
                )
            }
            (Language::Chinese, true) => format!("换乘{legs}免费{bought}（{place}）。"),
            (Language::Chinese, false) => format!("换乘{legs}需 {amount}{bought}（{place}）。"),
            (Language::Korean, true) => format!("{legs} 환승은 {bought}무료입니다({place})."),
            (Language::Korean, false) => {
                format!("{legs} 환승 운임은 {bought}{amount}입니다({place}).")
            }
        }
    }

    fn surcharge(&self, language: Language) -> String {
        let Self {
            place,
            legs,
            amount,
            bought,
            ..
        } = self;
        match language {
            Language::English => format!(
                "The transfer to {} changes the fare by {amount}{bought} ({place}).",
                low(legs)
            ),
            Language::Chinese => format!("换乘{legs}使票价变动 {amount}{bought}（{place}）。"),
            Language::Korean => {
                format!("{legs} 환승으로 운임이 {bought}{amount} 달라집니다({place}).")
            }
        }
    }

    fn instead(&self, language: Language) -> String {
        let Self {
            place,
            legs,
            amount,
            bought,
            ..
        } = self;
        match language {
            Language::English => {
                format!("{legs} with the transfer between cost {amount}{bought} ({place}).")
            }
            Language::Chinese => format!("{legs}连同换乘合计 {amount}{bought}（{place}）。"),
            Language::Korean => {
                format!("{legs}: 환승을 포함한 운임은 {bought}{amount}입니다({place}).")
            }
        }
    }

    fn itinerary(&self, language: Language) -> String {
        let Self {
            place,
            legs,
            amount,
            bought,
            ..
        } = self;
        match language {
            Language::English => format!("{legs}: the fare is {amount}{bought} ({place})."),
            Language::Chinese => format!("{legs}票价 {amount}{bought}（{place}）。"),
            Language::Korean => format!("{legs}: 운임은 {bought}{amount}입니다({place})."),
        }
    }
}

/// `Leg 2`, or `Legs 2 to 4`.
fn span(legs: &Range<usize>, language: Language) -> String {
    let (first, last) = (legs.start.saturating_add(1), legs.end);
    match (language, legs.len() > 1) {
        (Language::English, false) => format!("Leg {first}"),
        (Language::English, true) => format!("Legs {first} to {last}"),
        (Language::Chinese, false) => format!("第 {first} 程"),
        (Language::Chinese, true) => format!("第 {first} 至 {last} 程"),
        (Language::Korean, false) => format!("{first}번째 구간"),
        (Language::Korean, true) => format!("{first}~{last}번째 구간"),
    }
}

/// In the middle of an English sentence.
fn low(legs: &str) -> String {
    legs.replace("Leg", "leg")
}

/// Where the legs go, if the feed names both ends.
fn travel(
    fares: &Fares,
    legs: &[Leg<'_>],
    range: &Range<usize>,
    language: Language,
) -> Option<String> {
    let legs = legs.get(range.clone())?;
    let from = place(fares, &legs.first()?.from)?;
    let Some(to) = &legs.last()?.to else {
        return Some(match language {
            Language::English => format!(", boarding at {from},"),
            Language::Chinese => format!("（在 {from} 上车）"),
            Language::Korean => format!("({from} 승차)"),
        });
    };
    let to = place(fares, to)?;
    Some(match language {
        Language::English => format!(" from {from} to {to}"),
        Language::Chinese => format!("（{from} 至 {to}）"),
        Language::Korean => format!("({from}–{to})"),
    })
}

fn place<'a>(fares: &'a Fares, place: &Place<'_>) -> Option<&'a str> {
    let feed = fares.feed();
    let stop = place.stop?;
    let name = feed.stop(stop).map_or("", |row| &*row.name);
    let name = if name.is_empty() {
        feed.ids.stops.text(stop)
    } else {
        name
    };
    (!name.is_empty()).then_some(name)
}

fn bought(fares: &Fares, bought: Bought, language: Language) -> String {
    let name = match bought {
        Bought::Nothing => return String::new(),
        Bought::Product(product) => product_name(fares, product),
        Bought::Fare(fare) => fares.feed().ids.fares.text(fare),
    };
    match (language, bought) {
        (Language::English, Bought::Fare(_)) => format!(" by fare \"{name}\""),
        (Language::English, _) => format!(" with product \"{name}\""),
        (Language::Chinese, _) => format!("，票种“{name}”"),
        (Language::Korean, _) => format!("승차권 \"{name}\" 기준 "),
    }
}

/// The name of the first row that has one.
fn product_name(fares: &Fares, product: ProductIx) -> &str {
    let feed = fares.feed();
    let mut rows = feed.products.iter().filter(|row| row.product == product);
    rows.find(|row| !row.name.is_empty())
        .map_or_else(|| feed.ids.products.text(product), |row| &row.name)
}
