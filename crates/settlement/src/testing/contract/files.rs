//! Outside files: each bad row is named, nothing else is lost.

use super::{Bench, Factory};
use crate::ingest::csv::RejectedRow;
use crate::ingest::rows::{self, RowsReport};
use crate::testing::shuffle::HEADER;
use crate::testing::world::minutes;

pub(super) async fn check<F: Factory>(factory: &F) {
    rows_are_taken_once(factory).await;
    bad_rows_are_named(factory).await;
}

async fn take<F: Factory>(bench: &Bench<'_, F>, rows: &str) -> (RowsReport, Vec<RejectedRow>) {
    let mut rejected = Vec::new();
    let text = format!("{HEADER}{rows}");
    let now = minutes(2_000);
    let report = rows::store(&bench.store, &bench.city, text.as_bytes(), now, |row| {
        rejected.push(row);
    });
    (report.await.unwrap(), rejected)
}

const RIDE: &str = "1,anna,2019-01-07T08:00:00+08:00,on,north,,g1\n\
                    2,anna,2019-01-07T08:20:00+08:00,off,centre,,g2\n";

async fn rows_are_taken_once<F: Factory>(factory: &F) {
    let bench = Bench::new(factory).await;
    let (report, _) = take(&bench, &format!("{RIDE}{RIDE}")).await;
    assert_eq!((report.rows, report.stored, report.duplicates), (4, 2, 2));
    bench.close().await;
    let before = (bench.counts().await, bench.dump().await);
    // The same instants, written in another zone.
    let elsewhere = "2,anna,2019-01-07T00:20:00Z,off,centre,,g2\n\
                     1,anna,2019-01-07T00:00:00.000Z,on,north,,g1\n";
    let (report, _) = take(&bench, elsewhere).await;
    assert_eq!(
        (report.stored, report.duplicates, report.rejected),
        (0, 2, 0)
    );
    bench.close().await;
    assert_eq!((bench.counts().await, bench.dump().await), before);
    assert_eq!(before.0.charged_minor[&bench.city.currency()], 300);
    bench.check_laws("file").await;
}

async fn bad_rows_are_named<F: Factory>(factory: &F) {
    let bench = Bench::new(factory).await;
    let bad = "3,ben,2019-01-07 08:00,on,north,,\n\
               4,ben,2019-01-07T08:00:00+08:00,in,north,,\n\
               5,ben,2019-01-07T08:00:00+08:00,on,nowhere,,\n\
               6,ben,2019-01-07T08:00:00+08:00,on,north,x9,\n\
               ,ben,2019-01-07T08:00:00+08:00,on,north,,\n\
               1,anna,2019-01-07T08:00:01+08:00,on,north,,g1\n\
               7,ben\n";
    let (report, rejected) = take(&bench, &format!("{RIDE}{bad}")).await;
    assert_eq!((report.rows, report.stored, report.rejected), (9, 2, 7));
    let named: Vec<(u64, &str)> = rejected
        .iter()
        .map(|row| (row.number, row.reason.name()))
        .collect();
    // Parsed rows are stored together at the end of the file, so the conflict is named last.
    let expected = [
        (4, "bad_time"),
        (5, "bad_kind"),
        (6, "unknown_stop"),
        (7, "unknown_route"),
        (8, "bad_id"),
        (10, "field_count"),
        (9, "conflicting_repeat"),
    ];
    assert_eq!(named, expected);
    bench.close().await;
    assert_eq!(
        bench.counts().await.charged_minor[&bench.city.currency()],
        300
    );
    bench.check_laws("bad rows").await;
}
