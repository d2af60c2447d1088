//! Why a journey has no fare, in every language.

use super::Language;
use crate::{City, Unpriced};

/// Why `why` leaves a journey of `city` without a fare, in one sentence.
#[must_use]
pub fn no_fare(city: &City, why: &Unpriced, language: Language) -> String {
    let chinese = match language {
        Language::English => return why.to_string(),
        Language::Chinese => true,
        Language::Korean => false,
    };
    let pick = |zh: String, ko: String| if chinese { zh } else { ko };
    match why {
        Unpriced::UnknownStop(stop) => pick(
            format!("gtfs/stops.txt 中没有车站 {stop}，因此没有票价。"),
            format!("gtfs/stops.txt에 정류장 {stop}이(가) 없어 운임이 없습니다."),
        ),
        Unpriced::UnknownRoute(route) => pick(
            format!("gtfs/routes.txt 中没有线路 {route}，因此没有票价。"),
            format!("gtfs/routes.txt에 노선 {route}이(가) 없어 운임이 없습니다."),
        ),
        Unpriced::NoRule { .. } => pick(
            "没有票价：gtfs/fare_leg_rules.txt 中没有匹配的行。".to_owned(),
            "운임이 없습니다: gtfs/fare_leg_rules.txt에 맞는 행이 없습니다.".to_owned(),
        ),
        Unpriced::TooMuch => pick(
            "票价超出可表示的范围。".to_owned(),
            "운임이 표현할 수 있는 범위를 넘습니다.".to_owned(),
        ),
        Unpriced::NoPrice { product } => {
            let name = city.rules().product_name(product);
            pick(
                format!("gtfs/fare_products.txt 中票种“{name}”没有适用于该乘客的价格。"),
                format!(
                    "gtfs/fare_products.txt에 승차권 \"{name}\"의 이 승객에게 맞는 가격이 없습니다."
                ),
            )
        }
    }
}
