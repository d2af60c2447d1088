//! `faregate charge run`: one turn, and a sweep before it.

use anyhow::Result;
use serde_json::json;
use units::Span;

use super::arguments::TurnArguments;
use super::read_config;
use crate::output::Reader;
use crate::world::system_now;
use crate::{folder, progress};

/// How far back the sweep looks: a turn by hand or by a timer is made once a day at least.
const SWEEP: Span = Span::from_secs(86_400);

pub(crate) async fn run(arguments: &TurnArguments) -> Result<bool> {
    let city = folder::load_city(arguments.books.city.as_deref())?;
    let store = arguments.books.database.open_existing().await?;
    let charging = read_config(&arguments.charging, store)?;
    let now = system_now();
    let swept = server::sweep(&charging, &city, (now.minus(SWEEP), now)).await?;
    let counter = progress::counter("riders and payments");
    let turn = server::turn(&charging, &city, now, |seen| counter.inc(seen)).await?;
    counter.finish_and_clear();
    let worked = turn.worked;
    let (denied, allowed) = (turn.denied + swept.denied, turn.allowed + swept.allowed);
    let value = json!({
        "planned": turn.planned,
        "refused": turn.refused,
        "payments": worked.taken,
        "requests": worked.sent,
        "unavailable": worked.unavailable,
        "unpostable": worked.unpostable,
        "woken": swept.woken,
        "denied": denied,
        "allowed": allowed,
    });
    let lines = format!(
        "{} riders planned, {} payments worked on, {} requests sent, {} look-ups unanswered\n\
         {denied} riders on the deny list, {allowed} off it\n\
         to look at: {} riders' charges, {} payments\n",
        turn.planned,
        worked.taken,
        worked.sent,
        worked.unavailable,
        turn.refused,
        worked.unpostable,
    );
    Reader::of(arguments.json).print(&value, &lines)?;
    Ok(turn.refused == 0 && worked.unpostable == 0)
}
