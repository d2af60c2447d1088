//! `faregate charge profile` and `top-up`: what staff write down about one rider.

use anyhow::{Context as _, Result, bail};
use provider::Kind;
use serde_json::json;
use settlement::charging::{
    Mandate, Means, PayWindow, PaymentProfile, PaymentStore as _, PrepaidBook as _, TopUp,
};
use settlement::ids;
use units::{AccountId, Amount, ServiceDay};

use super::arguments::{ProfileArguments, TopUpArguments};
use super::read_config;
use crate::folder;
use crate::output::Reader;
use crate::world::system_now;

/// Characters of a mandate's reference (SEPA, `Max35Text`).
const MANDATE_CHARS_MAX: usize = 35;

pub(crate) async fn profile(arguments: &ProfileArguments) -> Result<bool> {
    let account = AccountId::parse(&arguments.account).context("account")?;
    let store = arguments.turn.books.database.open_existing().await?;
    let charging = read_config(&arguments.turn.charging, store.clone())?;
    let name = &arguments.provider;
    let means = match (charging.providers.named(name), &arguments.customer) {
        (None, _) => bail!("--provider: {name} is not configured"),
        (Some(Kind::Prepaid), None) if arguments.mandate.is_none() => Means::Balance,
        (Some(Kind::Stripe(..)), Some(customer)) => Means::Customer(customer.clone()),
        (Some(Kind::Invoice(_)), None) => Means::Mandate(mandate(arguments)?),
        (Some(_), _) => bail!("a customer is for stripe, a mandate for invoices"),
    };
    let profile = PaymentProfile {
        account,
        provider: ids::provider_of_name(name),
        window: PayWindow::parse(&arguments.window).context("--window")?,
        means,
    };
    store.set_profile(&profile, system_now()).await?;
    let value = json!({ "account_id": account.to_string(), "provider": name });
    let lines = format!("{account} pays through {name} from now on\n");
    Reader::of(arguments.turn.json).print(&value, &lines)?;
    Ok(true)
}

fn mandate(arguments: &ProfileArguments) -> Result<Mandate> {
    let (Some(reference), Some(signed), Some(name), Some(iban)) = (
        &arguments.mandate,
        &arguments.signed,
        &arguments.name,
        &arguments.iban,
    ) else {
        bail!("invoices need --mandate, --signed, --name and --iban");
    };
    if reference.chars().count() > MANDATE_CHARS_MAX {
        bail!("--mandate: at most {MANDATE_CHARS_MAX} characters");
    }
    Ok(Mandate {
        reference: reference.clone(),
        signed: ServiceDay::parse(signed).context("--signed")?,
        name: name.clone(),
        iban: iban.clone(),
    })
}

pub(crate) async fn top_up(arguments: &TopUpArguments) -> Result<bool> {
    let account = AccountId::parse(&arguments.account).context("account")?;
    let city = folder::load_city(arguments.turn.books.city.as_deref())?;
    let store = arguments.turn.books.database.open_existing().await?;
    let charging = read_config(&arguments.turn.charging, store.clone())?;
    let name = &arguments.provider;
    if !matches!(charging.providers.named(name), Some(Kind::Prepaid)) {
        bail!("--provider: {name} is no prepaid provider of the configuration");
    }
    if charging.providers.named(&arguments.through).is_some() {
        bail!(
            "--through: {} is a provider that collects by itself",
            arguments.through
        );
    }
    let now = system_now();
    let top_up = TopUp {
        account,
        prepaid: ids::provider_of_name(name),
        through: ids::provider_of_name(&arguments.through),
        reference: arguments.reference.clone(),
        amount: Amount::new(arguments.minor, city.currency())?,
        day: city.service_day(now),
        at: now,
    };
    let new = store.top_up(&top_up).await?;
    let left = store.prepaid_minor(account, city.currency()).await?;
    let value = json!({ "new": new, "balance_minor": left });
    let said = if new { "added" } else { "was added before" };
    let lines = format!("{} {said}; {left} minor units are left\n", top_up.amount);
    Reader::of(arguments.turn.json).print(&value, &lines)?;
    Ok(true)
}
