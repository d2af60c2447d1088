//! What a refusal says to its rider, in the languages of the first cities.

use core::fmt::{self, Write as _};

use arrayvec::ArrayString;
use units::Span;

use crate::decision::CodeKind;
use crate::refusal::{NotReady, Refusal};

/// Longest sentence in any language, in bytes of UTF-8.
pub const SENTENCE_BYTES_MAX: usize = 160;

/// A language that gates speak.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default)]
#[non_exhaustive]
pub enum Language {
    /// English.
    #[default]
    English,
    /// Chinese, in simplified characters.
    Chinese,
    /// Korean.
    Korean,
}

impl Language {
    /// The language of a tag like `zh-CN` (BCP 47): its first part decides; English where gates
    /// do not speak it.
    #[must_use]
    pub fn of_tag(tag: &str) -> Self {
        let primary = tag.split(['-', '_']).next().unwrap_or_default();
        if primary.eq_ignore_ascii_case("zh") {
            Self::Chinese
        } else if primary.eq_ignore_ascii_case("ko") {
            Self::Korean
        } else {
            Self::English
        }
    }
}

impl Refusal {
    /// The sentence for the rider in English, the same as `Display` writes.
    #[must_use]
    pub fn sentence(&self) -> ArrayString<SENTENCE_BYTES_MAX> {
        self.sentence_in(Language::English)
    }

    /// The sentence for the rider.
    #[must_use]
    pub fn sentence_in(&self, language: Language) -> ArrayString<SENTENCE_BYTES_MAX> {
        let mut sentence = ArrayString::new();
        // Cannot fail: a test writes every refusal with its longest values in every language.
        let _ = match language {
            Language::English => write!(sentence, "{self}"),
            Language::Chinese => write!(sentence, "{}", InChinese(self)),
            Language::Korean => write!(sentence, "{}", InKorean(self)),
        };
        sentence
    }
}

/// The units of a length of time: seconds, minutes, hours, days, each with what goes before.
type Units = [&'static str; 4];

const CHINESE: Units = ["秒", "分钟", "小时", "天"];
const KOREAN: Units = ["초", "분", "시간", "일"];

/// A length of time in one unit, rounded down; from two of the next unit on, that unit.
pub(crate) struct Length(pub(crate) Span, pub(crate) Units);

impl Length {
    /// As English writes it.
    pub(crate) const fn english(span: Span) -> Self {
        Self(span, [" s", " min", " h", " days"])
    }
}

impl fmt::Display for Length {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [seconds, minutes, hours, days] = self.1;
        let secs = self.0.as_secs();
        match secs {
            ..120 => write!(f, "{secs}{seconds}"),
            120..7200 => write!(f, "{}{minutes}", secs / 60),
            7200..172_800 => write!(f, "{}{hours}", secs / 3600),
            _ => write!(f, "{}{days}", secs / 86_400),
        }
    }
}

struct InChinese<'a>(&'a Refusal);

impl fmt::Display for InChinese<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let length = |span: &Span| Length(*span, CHINESE);
        match self.0 {
            Refusal::NotACode => f.write_str("这不是乘车码：请出示乘车应用里的码。"),
            Refusal::Malformed(_) => f.write_str("此码读不完整：请刷新，放平屏幕并调亮。"),
            Refusal::TooLong { .. } => f.write_str("这不是乘车码，它太长：请出示乘车应用里的码。"),
            Refusal::UnknownIssuer { kid } => {
                write!(
                    f,
                    "本闸机不认识此码的发行方（密钥{kid}）：是其他城市的码吗？"
                )
            }
            Refusal::IssuerKeyNotInForce { kid } => {
                write!(f, "发行方密钥{kid}目前无效：请联网获取新码。")
            }
            Refusal::BadIssuerSignature(_) => {
                f.write_str("此码不是由发行方签发的：请在应用里获取新码。")
            }
            Refusal::BadHolderSignature(_) => {
                f.write_str("此码不是由它所属的手机生成的：请使用那部手机。")
            }
            Refusal::NotYetValid { starts_in } => {
                write!(f, "此码{}后才生效：请届时再来。", length(starts_in))
            }
            Refusal::Expired { ended_ago } => {
                write!(f, "此码已过期{}：请联网获取新码。", length(ended_ago))
            }
            Refusal::Stale { age } => write!(
                f,
                "此码已生成{0}：请刷新。若刚刷新过，则手机时钟慢了{0}：请设为自动。",
                length(age)
            ),
            Refusal::FromTheFuture { ahead } => {
                write!(f, "手机时钟快了{}：请设为自动并刷新此码。", length(ahead))
            }
            Refusal::OtherGate { expected, got } => {
                write!(f, "此码用于闸机{expected}，这里是{got}：请到那里，或刷新。")
            }
            Refusal::LivesTooLong { .. } => f.write_str("此票有效期超出规定：请询问售票处。"),
            Refusal::IssuerNotTakenHere { issuer } => write!(
                f,
                "本线路不接受发行方{}的码：可用线路请看应用。",
                issuer.as_number()
            ),
            Refusal::ProductNotTakenHere { product } => write!(
                f,
                "您的产品{}不适用于本线路或本区：请在应用里换一种。",
                product.as_number()
            ),
            Refusal::CategoryNotTakenHere { category } => write!(
                f,
                "乘客类别{}不能从此通过：请在应用里换一种票。",
                category.as_code()
            ),
            Refusal::PartyTooLarge { max, got } => write!(
                f,
                "此码供{}人使用，此处一次最多{}人：请在应用里分开。",
                got.as_riders(),
                max.as_riders()
            ),
            Refusal::KindNotTakenHere {
                kind: CodeKind::Ticket,
            } => f.write_str("此处不收单程票码：请出示乘车码。"),
            Refusal::KindNotTakenHere {
                kind: CodeKind::OneWay,
            } => f.write_str("请先用应用扫描此闸机的标识，再出示乘车码。"),
            Refusal::KindNotTakenHere {
                kind: CodeKind::GateBound,
            } => f.write_str("此处不收指定闸机的码：请出示普通乘车码。"),
            Refusal::Denied { .. } => f.write_str("此码已被停用：原因和办法请看应用。"),
            Refusal::AlreadyUsed => f.write_str("此码已用过：请刷新后再出示。"),
            Refusal::PartyThrough { wait } => {
                write!(f, "此码的乘客刚才已全部通过：{}后可再用。", length(wait))
            }
            Refusal::GateNotReady(lack) => {
                let lack = match lack {
                    NotReady::NoIssuerKeys => "尚无发行方密钥",
                    NotReady::ReplayMemoryFull => "乘客过多",
                    NotReady::ClockWentBack | NotReady::ClockNotProven => "时钟不准",
                };
                write!(f, "本闸机暂不可用（{lack}）：请换一台或询问工作人员。")
            }
        }
    }
}

struct InKorean<'a>(&'a Refusal);

impl fmt::Display for InKorean<'_> {
    #[expect(clippy::too_many_lines, reason = "one sentence for each refusal")]
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let length = |span: &Span| Length(*span, KOREAN);
        match self.0 {
            Refusal::NotACode => f.write_str("승차 코드가 아닙니다. 승차 앱의 코드를 보여 주세요."),
            Refusal::Malformed(_) => {
                f.write_str("코드를 다 읽지 못했습니다. 새로 고치고 화면을 밝게 해 주세요.")
            }
            Refusal::TooLong { .. } => {
                f.write_str("너무 길어 승차 코드가 아닙니다. 승차 앱의 코드를 보여 주세요.")
            }
            Refusal::UnknownIssuer { kid } => {
                write!(
                    f,
                    "모르는 발행자(키 {kid})의 코드입니다. 다른 도시의 코드인가요?"
                )
            }
            Refusal::IssuerKeyNotInForce { kid } => {
                write!(
                    f,
                    "발행자 키 {kid}는 지금 무효입니다. 온라인에서 새 코드를 받으세요."
                )
            }
            Refusal::BadIssuerSignature(_) => {
                f.write_str("발행자가 만든 코드가 아닙니다. 앱에서 새 코드를 받으세요.")
            }
            Refusal::BadHolderSignature(_) => {
                f.write_str("코드 주인의 휴대폰이 만든 코드가 아닙니다. 그 휴대폰을 쓰세요.")
            }
            Refusal::NotYetValid { starts_in } => {
                write!(
                    f,
                    "{} 뒤부터 쓸 수 있는 코드입니다. 그때 다시 오세요.",
                    length(starts_in)
                )
            }
            Refusal::Expired { ended_ago } => {
                write!(
                    f,
                    "{} 전에 끝난 코드입니다. 온라인에서 새 코드를 받으세요.",
                    length(ended_ago)
                )
            }
            Refusal::Stale { age } => write!(
                f,
                "{0} 전 코드입니다. 새로 고치세요. 새 코드라면 휴대폰 시계가 {0} 느립니다. 자동 \
                 설정하세요.",
                length(age)
            ),
            Refusal::FromTheFuture { ahead } => {
                write!(
                    f,
                    "휴대폰 시계가 {} 빠릅니다. 자동 설정 후 새로 고치세요.",
                    length(ahead)
                )
            }
            Refusal::OtherGate { expected, got } => {
                write!(
                    f,
                    "{expected}번 개찰구용 코드입니다(여기는 {got}). 거기로 가거나 새로 고치세요."
                )
            }
            Refusal::LivesTooLong { .. } => {
                f.write_str("유효 기간이 규정보다 긴 표입니다. 구입처에 문의하세요.")
            }
            Refusal::IssuerNotTakenHere { issuer } => write!(
                f,
                "이 노선에서는 발행자 {}의 코드를 쓸 수 없습니다. 앱에서 노선을 확인하세요.",
                issuer.as_number()
            ),
            Refusal::ProductNotTakenHere { product } => write!(
                f,
                "상품 {}은 이 노선이나 구역에서 쓸 수 없습니다. 앱에서 바꾸세요.",
                product.as_number()
            ),
            Refusal::CategoryNotTakenHere { category } => write!(
                f,
                "승객 유형 {}은 여기를 지날 수 없습니다. 앱에서 다른 표를 고르세요.",
                category.as_code()
            ),
            Refusal::PartyTooLarge { max, got } => write!(
                f,
                "{}명용 코드입니다. 여기는 한 번에 {}명까지입니다. 앱에서 나누세요.",
                got.as_riders(),
                max.as_riders()
            ),
            Refusal::KindNotTakenHere {
                kind: CodeKind::Ticket,
            } => f.write_str("승차권 코드는 여기서 쓸 수 없습니다. 승차 코드를 보여 주세요."),
            Refusal::KindNotTakenHere {
                kind: CodeKind::OneWay,
            } => f.write_str("먼저 앱으로 이 개찰구 표지를 찍은 뒤 코드를 보여 주세요."),
            Refusal::KindNotTakenHere {
                kind: CodeKind::GateBound,
            } => f.write_str("개찰구 지정 코드는 쓸 수 없습니다. 일반 승차 코드를 보여 주세요."),
            Refusal::Denied { .. } => {
                f.write_str("사용이 중지된 코드입니다. 앱에서 이유와 방법을 확인하세요.")
            }
            Refusal::AlreadyUsed => {
                f.write_str("이미 사용한 코드입니다. 새로 고친 코드를 보여 주세요.")
            }
            Refusal::PartyThrough { wait } => write!(
                f,
                "이 코드의 승객이 방금 모두 지났습니다. {} 뒤에 다시 쓸 수 있습니다.",
                length(wait)
            ),
            Refusal::GateNotReady(lack) => {
                let lack = match lack {
                    NotReady::NoIssuerKeys => "발행자 키 없음",
                    NotReady::ReplayMemoryFull => "승객이 너무 많음",
                    NotReady::ClockWentBack | NotReady::ClockNotProven => "시계 이상",
                };
                write!(
                    f,
                    "개찰구 준비 중입니다({lack}). 다른 곳을 쓰거나 직원에게 물어보세요."
                )
            }
        }
    }
}
