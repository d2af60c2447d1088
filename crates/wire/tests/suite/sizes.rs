//! Sizes: bytes, characters and QR version of every code, within the budget of the profile.

use qrcode::{EcLevel, QrCode, Version};

use crate::objects::{codes, credential};

#[test]
fn codes_fit_their_qr_versions() {
    println!(
        "credential   {:>3} bytes (travels inside presentations)",
        credential().len()
    );
    assert_eq!(credential().len(), 159);
    // Budget: bytes and QR version at level M.
    let budgets = [
        ("one_way", 241, 11),
        ("gate_bound", 251, 12),
        ("ticket", 144, 8),
    ];
    for ((name, bytes), (budget_name, bytes_max, version_max)) in codes().into_iter().zip(budgets) {
        assert_eq!(name, budget_name);
        let text = wire::text::encode(&bytes).unwrap();
        let code = QrCode::with_error_correction_level(text.as_bytes(), EcLevel::M).unwrap();
        let Version::Normal(version) = code.version() else {
            panic!("a normal QR code")
        };
        println!(
            "{name:<12} {:>3} bytes {:>3} characters QR {version}-M",
            bytes.len(),
            text.len()
        );
        assert!(bytes.len() <= bytes_max, "{name}");
        assert!(version <= version_max, "{name}");
    }
    let [one_way, gate_bound, ticket] = codes().map(|(_, bytes)| bytes.len());
    assert_eq!((one_way, gate_bound, ticket), (241, 251, 121));
}

#[test]
fn the_one_way_presentation_fills_11_m_to_the_last_character() {
    // ISO/IEC 18004 table 7: 11-M holds 366 alphanumeric characters.
    let text = wire::text::encode(&codes()[0].1).unwrap();
    assert_eq!(text.len(), 366);
    let longer = format!("{}0", text.as_str());
    let fits = |text: &str| QrCode::with_version(text, Version::Normal(11), EcLevel::M).is_ok();
    assert!(fits(&text) && !fits(&longer));
}

/// The layouts of docs/WIRE.md by hand; `..` is a byte of a value.
#[test]
fn layouts_are_the_documented_ones() {
    let dots = |count: usize| "..".repeat(count);
    let start = format!("8449a201320444{}a0", dots(4));
    let credential_layout = format!(
        "{start}584fa4041a{}0750{}08a101a3010120062158 20{}3a0001000045{}5840{}",
        dots(4),
        dots(16),
        dots(32),
        dots(5),
        dots(64)
    );
    let ticket_layout = format!(
        "{start}5829a4041a{}051a{}0750{}3a0001000044{}5840{}",
        dots(4),
        dots(4),
        dots(16),
        dots(4),
        dots(64)
    );
    let presented = format!("8458a3a201320d{credential_layout}a0");
    let one_way = format!("{presented}47a1061a{}5840{}", dots(4), dots(64));
    let gate_bound = format!(
        "{presented}51a20368{}061a{}5840{}",
        dots(8),
        dots(4),
        dots(64)
    );
    let check = |bytes: &[u8], layout: &str| {
        let layout = layout.replace(' ', "");
        let hex = hex::encode(bytes);
        assert_eq!(hex.len(), layout.len());
        for (at, (got, expected)) in hex.chars().zip(layout.chars()).enumerate() {
            assert!(expected == '.' || got == expected, "byte {}", at / 2);
        }
    };
    check(&credential(), &credential_layout);
    let [(_, first), (_, second), (_, third)] = codes();
    check(&first, &one_way);
    check(&second, &gate_bound);
    check(&third, &ticket_layout);
}
