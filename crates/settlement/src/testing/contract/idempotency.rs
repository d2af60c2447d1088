//! Requests that are sent again.

use units::Span;

use super::Factory;
use crate::idempotency::{AnswerStore as _, Asked, Begun, KeptAnswer};
use crate::testing::world::minutes;

pub(super) async fn check<F: Factory>(factory: &F) {
    let store = factory.fresh().await;
    let [first, other_body, other_key] = [(1, 1), (1, 2), (2, 1)].map(|(key, fingerprint)| Asked {
        key: [key; 32],
        fingerprint: [fingerprint; 32],
    });
    let begin = async |asked: &Asked, now| store.begin_request(asked, now).await.unwrap();
    let now = minutes(10);
    assert_eq!(begin(&first, now).await, Begun::First);
    assert_eq!(begin(&first, now).await, Begun::UnderWay);
    assert_eq!(begin(&other_body, now).await, Begun::Different, "under way");
    assert_eq!(
        begin(&other_key, now).await,
        Begun::First,
        "each key by itself"
    );

    let answer = KeptAnswer {
        status: 201,
        body: vec![0, 0xff, b'"'],
    };
    store.end_request(&first, Some(&answer), now).await.unwrap();
    assert_eq!(begin(&first, now).await, Begun::Answered(answer.clone()));
    assert_eq!(begin(&other_body, now).await, Begun::Different, "answered");
    // An answer is kept for a day to the microsecond.
    let day_later = now.plus(Span::from_secs(86_400));
    let moment_before = day_later.minus(Span::from_micros(1));
    assert_eq!(begin(&first, moment_before).await, Begun::Answered(answer));
    assert_eq!(
        begin(&other_body, day_later).await,
        Begun::First,
        "forgotten"
    );

    // What is worked on for two minutes has died.
    let later = minutes(5_000);
    assert_eq!(begin(&other_key, later).await, Begun::First);
    let moment_before = minutes(5_002).minus(Span::from_micros(1));
    assert_eq!(begin(&other_key, moment_before).await, Begun::UnderWay);
    assert_eq!(begin(&other_key, minutes(5_002)).await, Begun::First);
    // What had no answer worth keeping is worked on again.
    store
        .end_request(&other_key, None, minutes(5_002))
        .await
        .unwrap();
    assert_eq!(begin(&other_key, minutes(5_002)).await, Begun::First);
}
