//! Invoice files against the rules of pain.008.001.08, written out by hand.

#![expect(clippy::unwrap_used, reason = "a test answers by failing")]

use provider::invoice::{Creditor, Invoice, Mandate, SepaError, csv, pain008, parse_reference};
use units::{Amount, Currency, PaymentId, ServiceDay, Timestamp};

fn invoice(number: u8, minor: i64, currency: &str, name: &str) -> Invoice {
    Invoice {
        payment: PaymentId::from_bytes([number; 16]),
        request: 1,
        amount: Amount::new(minor, Currency::from_code(currency).unwrap()).unwrap(),
        window: ServiceDay::parse("2019-01-07").unwrap(),
        mandate: Mandate {
            reference: format!("FG-{number}"),
            signed: ServiceDay::parse("2018-06-01").unwrap(),
            name: name.to_owned(),
            iban: "NL91ABNA0417164300".to_owned(),
        },
    }
}

fn creditor() -> Creditor {
    Creditor::new(
        "Stadtverkehr",
        "DE89370400440532013000",
        "DE98ZZZ09999999999",
    )
    .unwrap()
}

fn file(invoices: &[Invoice]) -> Result<String, SepaError> {
    let collect_on = ServiceDay::parse("2019-01-10").unwrap();
    // 2019-01-08T10:20:30Z
    let made_at = Timestamp::from_secs(1_546_942_830);
    pain008(&creditor(), "FG-2019-0001", invoices, collect_on, made_at)
}

/// The texts of `element`, in order.
fn texts<'a>(xml: &'a str, element: &str) -> Vec<&'a str> {
    let (open, close) = (format!("<{element}>"), format!("</{element}>"));
    let parts = xml.split(open.as_str()).skip(1);
    parts
        .map(|part| part.split(close.as_str()).next().unwrap().trim())
        .collect()
}

#[test]
fn a_file_of_two_invoices() {
    let invoices = [
        invoice(1, 305, "EUR", "Anna & <Bert>"),
        invoice(2, 12_000, "EUR", "Carl"),
    ];
    let xml = file(&invoices).unwrap();
    assert!(xml.contains("urn:iso:std:iso:20022:tech:xsd:pain.008.001.08"));
    assert_eq!(texts(&xml, "MsgId"), ["FG-2019-0001"]);
    // Group and payment information both count and add up: 3.05 + 120.00.
    assert_eq!(texts(&xml, "NbOfTxs"), ["2", "2"]);
    assert_eq!(texts(&xml, "CtrlSum"), ["123.05", "123.05"]);
    assert_eq!(texts(&xml, "PmtMtd"), ["DD"]);
    assert_eq!(texts(&xml, "ReqdColltnDt"), ["2019-01-10"]);
    assert_eq!(texts(&xml, "MndtId"), ["FG-1", "FG-2"]);
    assert_eq!(texts(&xml, "DtOfSgntr"), ["2018-06-01", "2018-06-01"]);
    let references = ["01".repeat(16) + "1", "02".repeat(16) + "1"];
    assert_eq!(texts(&xml, "EndToEndId"), references);
    assert!(
        xml.contains(r#"<InstdAmt Ccy="EUR">3.05</InstdAmt>"#),
        "{xml}"
    );
    assert!(
        xml.contains(r#"<InstdAmt Ccy="EUR">120.00</InstdAmt>"#),
        "{xml}"
    );
    assert!(xml.contains("2019-01-08T10:20:30"));
    // No name ends its element.
    assert!(!xml.contains("<Bert>"));
    // The order that the schema asks for.
    let order = [
        "GrpHdr>",
        "PmtInfId",
        "PmtMtd",
        "SeqTp",
        "ReqdColltnDt",
        "<Cdtr>",
        "CdtrAcct",
    ];
    let places: Vec<usize> = order.iter().map(|name| xml.find(name).unwrap()).collect();
    assert!(places.is_sorted(), "{places:?}");
    assert_eq!(file(&invoices).unwrap(), xml, "the same file again");
}

#[test]
fn what_no_bank_would_take_makes_no_file() {
    let check = |wrong: Invoice| {
        let error = file(&[invoice(1, 305, "EUR", "Anna"), wrong]).unwrap_err();
        assert!(
            matches!(error, SepaError::Invoice { .. } | SepaError::Rule(_)),
            "{error}"
        );
    };
    check(invoice(2, 305, "CNY", "Anna"));
    check(invoice(2, 0, "EUR", "Anna"));
    let mut other = invoice(2, 305, "EUR", "Anna");
    other.mandate.iban = "NL91ABNA0417164301".to_owned();
    check(other);
    let mut other = invoice(2, 305, "EUR", "Anna");
    other.mandate.reference = "x".repeat(36);
    check(other);
    // The same reference twice is the same invoice twice.
    check(invoice(1, 305, "EUR", "Anna"));
    assert!(csv(&[invoice(1, 305, "EUR", "A"), invoice(1, 305, "EUR", "A")]).is_err());
    assert!(Creditor::new("x", "DE88370400440532013000", "DE98ZZZ09999999999").is_err());
    assert!(Creditor::new("x", "DE89370400440532013000", "DE97ZZZ09999999999").is_err());
}

#[test]
fn references_come_back() {
    let mine = invoice(7, 1, "EUR", "x");
    assert_eq!(parse_reference(&mine.reference()), Some((mine.payment, 1)));
    assert!(mine.reference().len() <= 35);
    let hex = "07".repeat(16);
    for bad in [
        "",
        &hex,
        &format!("{hex}01"),
        &format!("{hex}x"),
        &"AB".repeat(17),
    ] {
        assert_eq!(parse_reference(bad), None, "{bad}");
    }
}

#[test]
fn csv_has_each_currency_s_digits_and_no_formulas() {
    let invoices = [
        invoice(1, 305, "EUR", "=1+1"),
        invoice(2, 305, "JPY", "Anna, \"B\""),
        invoice(3, 305, "KWD", "凤起路"),
    ];
    let text = String::from_utf8(csv(&invoices).unwrap()).unwrap();
    let id = |pair: &str| [4, 2, 2, 2, 6].map(|bytes| pair.repeat(bytes)).join("-");
    let hex = |hex: &str| hex.repeat(16);
    let expected = format!(
        "reference,payment_id,pay_window,amount,currency,mandate,account_holder,iban\n\
         {}1,{},2019-01-07,3.05,EUR,FG-1,'=1+1,NL91ABNA0417164300\n\
         {}1,{},2019-01-07,305,JPY,FG-2,\"Anna, \"\"B\"\"\",NL91ABNA0417164300\n\
         {}1,{},2019-01-07,0.305,KWD,FG-3,凤起路,NL91ABNA0417164300\n",
        hex("01"),
        id("01"),
        hex("02"),
        id("02"),
        hex("03"),
        id("03"),
    );
    assert_eq!(text, expected);
}
