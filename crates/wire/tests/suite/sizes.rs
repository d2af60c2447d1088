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
