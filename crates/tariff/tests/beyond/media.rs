//! Several phones and cards of one rider: never worse than each alone.

use tariff::{Medium, Tap};

use crate::support::{city, paid, taps};

/// The taps of `text`, each on the phone of its number.
fn on_phones(text: &str, phones: &[u8]) -> Vec<Tap> {
    let mut taps = taps(text);
    assert_eq!(taps.len(), phones.len());
    for (tap, phone) in taps.iter_mut().zip(phones) {
        tap.holder.medium = Some(Medium::from_bytes([*phone; 16]));
    }
    taps
}

#[test]
fn a_second_phone_never_makes_a_ride_dearer() {
    let windows = "window_id,duration_seconds\nh,3600\n";
    let city = city(&[("fare_windows.txt", windows)]);
    let text = "7 08:00 bus; 7 08:50 bus; 7 09:30 bus";
    // One phone: the window of 08:00 covers 08:50, 09:30 opens the next one.
    assert_eq!(paid(&city, &on_phones(text, &[1, 1, 1])), [200, 0, 200]);
    // Phone 2 alone pays 08:50 and not 09:30. Of both ways the lesser counts for each ride.
    assert_eq!(paid(&city, &on_phones(text, &[1, 2, 2])), [200, 0, 0]);
}

#[test]
fn the_first_phone_keeps_its_own_history() {
    let tiers = "tier_id,period,from_amount,to_amount,pay_percent\nt,week,3.00,4.00,50\n";
    let city = city(&[("fare_tiers.txt", tiers)]);
    // Monday 3.00 on phone 1. Tuesday on phone 2: 3.00 spent on both, half of 2.00. Then on phone
    // 1: 4.00 spent on both, the full 2.00; but phone 1 alone has spent 3.00: half.
    let text = "7 08:00 on north; 7 08:20 off centre; 8 08:00 bus; 8 09:00 bus";
    assert_eq!(
        paid(&city, &on_phones(text, &[1, 1, 2, 1])),
        [300, 100, 100]
    );
    assert_eq!(
        paid(&city, &on_phones(text, &[1, 1, 1, 1])),
        [300, 100, 200]
    );
}

#[test]
fn another_phone_is_no_evidence() {
    let events = "event,minutes,evidence,confidence_percent\nauto_completion,900,next_tap,80\n";
    let city = city(&[("journey_events.txt", events)]);
    let text = "7 08:00 on north; 7 18:00 on centre; 7 18:20 off south";
    assert_eq!(paid(&city, &on_phones(text, &[1, 1, 1])), [300, 400]);
    assert_eq!(paid(&city, &on_phones(text, &[1, 2, 2])), [900, 400]);
}

#[test]
fn in_by_one_phone_and_out_by_another_is_one_journey() {
    let city = city(&[]);
    let text = "7 08:00 on north; 7 08:20 off centre";
    assert_eq!(paid(&city, &on_phones(text, &[1, 2])), [300]);
}
