//! Shows the codes of the kit to validators, as a reader in Rust would.

use units::{CredentialId, GateId, KeyId, Span, Timestamp};
use validator::{
    Acceptance, CodeKind, Companions, Decision, Degraded, Kinds, NetworkCode, Pass, Place, Policy,
    Reading, ReplayMemory, ReplaySlot, SortedDenyList, Trust, Validator, ZoneCode, decision_name,
};
use wire::lists::GatePolicy;
use wire::tap::TapKind;
use wire::{IssuerCode, IssuerKey, PartySize, ProductCode, RiderCategory};

use crate::model::{Kit, Permit, Reader, Rule, Scan};

type Failure = Box<dyn std::error::Error>;

/// What came of a run.
#[derive(Default)]
pub(crate) struct Report {
    /// One line for each scan: `permitted`, or number, name and sentence.
    pub(crate) lines: Vec<String>,
    /// Where the decision is not the expected one.
    pub(crate) mismatches: Vec<String>,
}

/// Runs every case.
///
/// # Errors
/// When the kit itself cannot be used: a key that is none, an unknown reader.
pub(crate) fn run(kit: &Kit) -> Result<Report, Failure> {
    let mut report = Report::default();
    for case in &kit.cases {
        let reader = kit
            .readers
            .get(&case.reader)
            .ok_or_else(|| format!("{}: no reader {}", case.name, case.reader))?;
        let validator = Validator::new(keys(reader)?, policy(reader)?)?.ruled();
        let validator = match &reader.rules {
            Some(listed) => validator.with_rules(rules(listed)?)?,
            None => validator,
        };
        let denied = denied(reader)?;
        let denied = SortedDenyList::new(&denied)?;
        let mut used = ReplayMemory::new(vec![ReplaySlot::EMPTY; reader.replay_slots]);
        for (number, scan) in case.scans.iter().enumerate() {
            let place = place(scan)?;
            let now = reading(scan)?;
            let decision =
                validator.validate(scan.text.as_bytes(), &place, now, &denied, &mut used);
            if let (Decision::Permitted(permit), Some(then)) = (&decision, &scan.then) {
                let known = match then.as_str() {
                    "forget" => used.forget(&permit.passage),
                    "doubt" => used.doubt(&permit.passage),
                    other => return Err(format!("nothing is called {other}").into()),
                };
                if !known {
                    return Err(format!("{}: the tap is not known", case.name).into());
                }
            }
            let found = (
                decision.code(),
                decision_name(decision.code()),
                permit(&decision),
            );
            let expected = &scan.expected;
            let expected = (expected.code, &*expected.name, expected.permit.clone());
            if found != expected {
                let place = format!("{}, scan {}", case.name, number + 1);
                report
                    .mismatches
                    .push(format!("{place}: expected {expected:?}, got {found:?}"));
            }
            report.lines.push(match &decision {
                Decision::Permitted(_) => "permitted".to_owned(),
                Decision::Refused(refusal) => {
                    format!("refused {} {}: {refusal}", refusal.code(), refusal.name())
                }
            });
        }
    }
    Ok(report)
}

fn keys(reader: &Reader) -> Result<Vec<IssuerKey>, Failure> {
    let mut keys = Vec::new();
    for key in &reader.issuer_keys {
        let kid = KeyId::parse(&key.kid)?;
        let from = Timestamp::from_micros(key.not_before_micros);
        let until = Timestamp::from_micros(key.not_after_micros);
        let made = IssuerKey::new(kid, &bytes(&key.public_key)?, from, until)?;
        keys.push(made.of_issuer(IssuerCode::from_number(key.issuer)));
    }
    Ok(keys)
}

fn policy(reader: &Reader) -> Result<Policy, Failure> {
    let micros = &reader.policy;
    let pass = |text: &str| match text {
        "nothing" => Ok(Pass::Nothing),
        "presentations" => Ok(Pass::Presentations),
        "everything" => Ok(Pass::Everything),
        other => Err(format!("no codes are called {other}")),
    };
    Ok(Policy {
        code_life: Span::from_micros(micros.code_life_micros),
        phone_slow_max: Span::from_micros(micros.phone_slow_max_micros),
        phone_fast_max: Span::from_micros(micros.phone_fast_max_micros),
        not_before_tolerance: Span::from_micros(micros.not_before_tolerance_micros),
        expiry_tolerance: Span::from_micros(micros.expiry_tolerance_micros),
        ticket_life_max: Span::from_micros(micros.ticket_life_max_micros),
        passback: Span::from_micros(micros.passback_micros),
        retry: Span::from_micros(micros.retry_micros),
        companions: match micros.companions.as_str() {
            "together" => Companions::Together,
            "one_by_one" => Companions::OneByOne,
            other => return Err(format!("no party goes {other}").into()),
        },
        degraded: Degraded {
            unproven: pass(&micros.pass_unproven)?,
            wrong: pass(&micros.pass_wrong)?,
        },
        kinds: match &micros.kinds {
            None => Kinds::ALL,
            Some(taken) => kinds(taken)?,
        },
    })
}

fn kinds(taken: &[String]) -> Result<Kinds, Failure> {
    let mut modes = 0;
    for kind in taken {
        modes |= match kind.as_str() {
            "one_way" => GatePolicy::ONE_WAY,
            "gate_bound" => GatePolicy::GATE_BOUND,
            "ticket" => GatePolicy::TICKETS,
            other => return Err(format!("no kind is called {other}").into()),
        };
    }
    Ok(Kinds::from_modes(modes).ok_or("no kind is taken")?)
}

fn rules(listed: &[Rule]) -> Result<Vec<Acceptance>, Failure> {
    let rule = |rule: &Rule| {
        let party_max = match rule.party_max {
            None => Acceptance::ANY.party_max,
            Some(riders) => PartySize::new(riders).ok_or("a party of nobody")?,
        };
        Ok(Acceptance {
            issuer: rule.issuer.map(IssuerCode::from_number),
            network: rule.network.map(NetworkCode::from_number),
            zone: rule.zone.map(ZoneCode::from_number),
            product: rule.product.map(ProductCode::from_number),
            category: rule.category.map(RiderCategory::from_code),
            party_max,
            ticket_life_max: rule.ticket_life_max_micros.map(Span::from_micros),
            passback: rule.passback_micros.map(Span::from_micros),
        })
    };
    listed.iter().map(rule).collect()
}

fn reading(scan: &Scan) -> Result<Reading, Failure> {
    let trust = match scan.clock.as_str() {
        "proven" => Trust::Proven,
        "unproven" => Trust::Unproven,
        "wrong" => Trust::Wrong,
        other => return Err(format!("no clock is {other}").into()),
    };
    Ok(Reading {
        trust,
        ..Reading::from(Timestamp::from_micros(scan.clock_micros))
    })
}

fn denied(reader: &Reader) -> Result<Vec<CredentialId>, Failure> {
    let id = |text: &String| Ok(CredentialId::from_bytes(bytes(text)?));
    reader.denied.iter().map(id).collect()
}

fn place(scan: &Scan) -> Result<Place, Failure> {
    let kind = match scan.tap.as_str() {
        "on" => TapKind::On,
        "off" => TapKind::Off,
        other => return Err(format!("no tap is called {other}").into()),
    };
    Ok(Place {
        network: NetworkCode::from_number(scan.network),
        zone: ZoneCode::from_number(scan.zone),
        ..Place::new(GateId::parse(&scan.gate)?, kind)
    })
}

fn permit(decision: &Decision) -> Option<Permit> {
    let Decision::Permitted(permit) = decision else {
        return None;
    };
    let kind = match permit.kind {
        CodeKind::OneWay => "one_way",
        CodeKind::GateBound => "gate_bound",
        CodeKind::Ticket => "ticket",
    };
    Some(Permit {
        kind: kind.to_owned(),
        id: hex::encode(permit.id.as_bytes()),
        kid: permit.kid.to_string(),
        category: permit.entitlement.category.as_code(),
        party: permit.entitlement.party.as_riders(),
        riders: permit.passage.riders,
        issuer: permit.issuer.as_number(),
        again_micros: permit.again.map(Timestamp::as_micros),
        product: permit.entitlement.product.as_number(),
        issued_at_micros: permit.issued_at.map(Timestamp::as_micros),
    })
}

fn bytes<const N: usize>(text: &str) -> Result<[u8; N], Failure> {
    let bytes = hex::decode(text)?;
    let got = bytes.len();
    <[u8; N]>::try_from(bytes).map_err(|_| format!("expected {N} bytes, got {got}").into())
}
