//! Files between the city and its providers: settlement files in, invoices out, bank's words in.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::path::Path;

use anyhow::{Context as _, Result, bail, ensure};
use provider::Kind;
use provider::invoice::{self, Creditor, Invoice, Mandate};
use provider::stripe::file;
use serde_json::json;
use settlement::charging::{
    BankWord, InvoiceBook as _, InvoicedOrder, Means, Payment, PaymentStore as _, What, ours,
    reconcile as compare, wake,
};
use settlement::ids;
use store::Store;
use units::{PaymentId, ProviderId, ServiceDay};

use super::arguments::{InvoiceArguments, InvoiceFormat, ReconcileArguments, StatementArguments};
use super::read_config;
use crate::output::Reader;
use crate::progress;
use crate::world::system_now;

/// Payments read at a time.
const PER_PAGE: u32 = 1_000;

/// Invoices in one file: what banks take, and a file that is held in memory.
const INVOICES_MAX: u32 = 100_000;

/// Characters of a file's number (SEPA, `Max35Text`).
const NUMBER_CHARS_MAX: usize = 35;

pub(crate) async fn reconcile(arguments: &ReconcileArguments) -> Result<bool> {
    let store = arguments.turn.books.database.open_existing().await?;
    let charging = read_config(&arguments.turn.charging, store.clone())?;
    let name = &arguments.provider;
    ensure!(
        charging.providers.named(name).is_some(),
        "--provider: {name} is not configured"
    );
    let from = day(arguments.from.as_deref(), i32::MIN).context("--from")?;
    let through = day(arguments.through.as_deref(), i32::MAX).context("--through")?;
    let mut lines = Vec::new();
    for path in &arguments.files {
        let bytes = std::fs::read(path);
        let bytes = bytes.with_context(|| format!("cannot read {}", path.display()))?;
        let report = file::read(&bytes).with_context(|| path.display().to_string())?;
        lines.extend(report.lines);
    }
    let provider = ids::provider_of_name(name);
    let payments = payments(&store, provider, (from, through)).await?;
    let known: BTreeSet<PaymentId> = payments.iter().map(|payment| payment.id).collect();
    let found = compare(&lines, &ours(&payments), |id| known.contains(&id));
    let mut woken = 0u64;
    let by_id: BTreeMap<PaymentId, &Payment> = payments
        .iter()
        .map(|payment| (payment.id, payment))
        .collect();
    let differing: BTreeSet<PaymentId> = found.iter().filter_map(|line| line.payment).collect();
    for payment in differing.iter().filter_map(|id| by_id.get(id)) {
        let looked_at = wake(payment, system_now());
        woken += u64::from(store.save(&looked_at, &[]).await?);
    }
    let told: Vec<String> = found.iter().map(ToString::to_string).collect();
    let mut text = told
        .iter()
        .fold(String::new(), |text, line| text + line + "\n");
    writeln!(
        text,
        "{} lines, {} payments, {} differences; {woken} payments will be looked up",
        lines.len(),
        payments.len(),
        found.len()
    )?;
    let value = json!({
        "lines": lines.len(),
        "payments": payments.len(),
        "differences": told,
        "woken": woken,
    });
    Reader::of(arguments.turn.json).print(&value, &text)?;
    Ok(found.is_empty())
}

fn day(text: Option<&str>, else_days: i32) -> Result<ServiceDay> {
    let parsed = text.map(ServiceDay::parse).transpose()?;
    Ok(parsed.unwrap_or(ServiceDay::from_days(else_days)))
}

/// The provider's payments of the windows between the two days.
async fn payments(
    store: &Store,
    provider: ProviderId,
    (from, through): (ServiceDay, ServiceDay),
) -> Result<Vec<Payment>> {
    let counter = progress::counter("reading payments");
    let mut found = Vec::new();
    let mut after = None;
    loop {
        let page = store.payments_page(after, PER_PAGE).await?;
        let Some(last) = page.last() else { break };
        after = Some((last.account, last.id));
        counter.inc(u64::try_from(page.len())?);
        found.extend(page.into_iter().filter(|payment| {
            payment.provider == provider && (from..=through).contains(&payment.window)
        }));
    }
    counter.finish_and_clear();
    Ok(found)
}

pub(crate) async fn invoice(arguments: &InvoiceArguments) -> Result<bool> {
    let store = arguments.turn.books.database.open_existing().await?;
    let charging = read_config(&arguments.turn.charging, store.clone())?;
    let name = &arguments.provider;
    let Some(Kind::Invoice(creditor)) = charging.providers.named(name) else {
        bail!("--provider: {name} is no invoice provider of the configuration");
    };
    let number = &arguments.number;
    let length = number.chars().count();
    ensure!(
        (1..=NUMBER_CHARS_MAX).contains(&length),
        "--number: 1 to {NUMBER_CHARS_MAX} characters"
    );
    let is_sepa = arguments.format == InvoiceFormat::Pain008;
    ensure!(!(is_sepa && arguments.credits), "--credits: csv only");
    let creditor = match (is_sepa, creditor) {
        (true, None) => bail!("provider {name} has no creditor, which pain008 needs"),
        (true, Some(creditor)) => Some(creditor),
        (false, _) => None,
    };
    let collect_on = ServiceDay::parse(&arguments.collect_on).context("--collect-on")?;
    let what = if arguments.credits {
        What::GiveBack
    } else {
        What::Collect
    };
    let taken = store.take_file(number, what, INVOICES_MAX).await?;
    ensure!(!taken.is_empty(), "there is nothing to write");
    let invoices = invoices(&store, &taken).await?;
    let bytes = write(creditor, number, &invoices, collect_on)?;
    save(&arguments.out, &bytes)?;
    let value = json!({ "number": number, "invoices": invoices.len() });
    let out = arguments.out.display();
    let lines = format!("{} invoices in {out}, file {number}\n", invoices.len());
    Reader::of(arguments.turn.json).print(&value, &lines)?;
    Ok(true)
}

fn write(
    creditor: Option<&Creditor>,
    number: &str,
    invoices: &[Invoice],
    collect_on: ServiceDay,
) -> Result<Vec<u8>> {
    Ok(match creditor {
        Some(creditor) => {
            let made = system_now();
            invoice::pain008(creditor, number, invoices, collect_on, made)?.into_bytes()
        }
        None => invoice::csv(invoices)?,
    })
}

/// The orders with their riders' mandates.
async fn invoices(store: &Store, taken: &[InvoicedOrder]) -> Result<Vec<Invoice>> {
    let bar = progress::bar("reading mandates", u64::try_from(taken.len())?);
    let mut invoices = Vec::with_capacity(taken.len());
    for order in taken {
        let profile = store.profile(order.account).await?;
        let mandate = profile.and_then(|profile| match profile.means {
            Means::Mandate(mandate) => Some(mandate),
            Means::Balance | Means::Customer(_) => None,
        });
        let payment = store.payment(order.payment).await?;
        let payment = payment.context("an invoice of no payment")?;
        invoices.push(Invoice {
            payment: order.payment,
            request: order.number,
            amount: order.amount,
            window: payment.window,
            mandate: mandate.unwrap_or(Mandate {
                reference: payment.payer.clone().unwrap_or_default(),
                signed: payment.window,
                name: String::new(),
                iban: String::new(),
            }),
        });
        bar.inc(1);
    }
    bar.finish_and_clear();
    Ok(invoices)
}

/// The file appears whole or not at all.
fn save(path: &Path, bytes: &[u8]) -> Result<()> {
    let said = || format!("cannot write {}", path.display());
    let folder = path
        .parent()
        .filter(|folder| !folder.as_os_str().is_empty());
    let mut file =
        tempfile::NamedTempFile::new_in(folder.unwrap_or(Path::new("."))).with_context(said)?;
    std::io::Write::write_all(&mut file, bytes).with_context(said)?;
    file.as_file().sync_all().with_context(said)?;
    file.persist(path).with_context(said)?;
    Ok(())
}

pub(crate) async fn statement(arguments: &StatementArguments) -> Result<bool> {
    let store = arguments.turn.books.database.open_existing().await?;
    let path = &arguments.file;
    let mut reader =
        csv::Reader::from_path(path).with_context(|| format!("cannot read {}", path.display()))?;
    let counter = progress::counter("reading the bank's words");
    let (mut known, mut strange) = (0u64, Vec::new());
    for (row, record) in (1u64..).zip(reader.records()) {
        let record = record.with_context(|| path.display().to_string())?;
        let cell = |index| record.get(index).unwrap_or_default().trim();
        let word = BankWord::parse(cell(1), cell(2));
        let word = word.with_context(|| format!("{} row {row}", path.display()))?;
        let ours = match invoice::parse_reference(cell(0)) {
            Some((id, number)) if store.bank_says(id, number, &word).await? => {
                look_up(&store, id).await?;
                true
            }
            _ => false,
        };
        known += u64::from(ours);
        if !ours {
            strange.push(format!("row {row}: {} is no invoice of ours", cell(0)));
        }
        counter.inc(1);
    }
    counter.finish_and_clear();
    let mut lines = strange
        .iter()
        .fold(String::new(), |text, line| text + line + "\n");
    writeln!(
        lines,
        "{known} invoices, {} that are not ours",
        strange.len()
    )?;
    let value = json!({ "invoices": known, "strangers": strange });
    Reader::of(arguments.turn.json).print(&value, &lines)?;
    Ok(strange.is_empty())
}

/// Makes the payment due, so that the next turn sees what the bank says.
async fn look_up(store: &Store, id: PaymentId) -> Result<()> {
    if let Some(payment) = store.payment(id).await? {
        store.save(&wake(&payment, system_now()), &[]).await?;
    }
    Ok(())
}
