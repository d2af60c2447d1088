//! The picture with names on hover, and the same as a table.

use std::fmt::Write as _;

use anyhow::Result;
use units::{Balance, Currency};

use super::super::page::{escape, page as whole_page};
use super::Fares;
use super::draw::title;

const STYLE: &str = "#tip{position:fixed;z-index:2;max-width:22rem;pointer-events:none;\
background:var(--ink);color:var(--ground);padding:.4rem .7rem;border-radius:.4rem;\
font-size:.9rem;display:none}#tip b{display:block}.stop{cursor:pointer}";

/// Says name, fare and reason beside the pointer, or the stop that has the focus.
const SCRIPT: &str = "<script>\
const tip=document.getElementById('tip');\
for(const stop of document.querySelectorAll('.stop')){\
const title=stop.querySelector('title').textContent;\
stop.setAttribute('aria-label',title);\
const show=(x,y)=>{const name=document.createElement('b');name.textContent=title;\
tip.replaceChildren(name,stop.dataset.because);tip.style.display='block';\
tip.style.left=Math.min(x+14,innerWidth-tip.offsetWidth-8)+'px';\
tip.style.top=Math.min(y+14,innerHeight-tip.offsetHeight-8)+'px'};\
stop.addEventListener('pointermove',event=>show(event.clientX,event.clientY));\
stop.addEventListener('click',event=>show(event.clientX,event.clientY));\
stop.addEventListener('pointerleave',()=>tip.style.display='none');\
stop.querySelector('title').remove()}\
</script>";

/// The page around the picture.
pub(super) fn page(fares: &Fares, svg: &str) -> Result<String> {
    let currency = Currency::from_code(&fares.currency).ok();
    let mut body = String::new();
    writeln!(body, "<h1>{}</h1>", escape(&title(fares)))?;
    writeln!(
        body,
        "<figure>{svg}</figure>\n<div id=\"tip\" role=\"status\"></div>"
    )?;
    writeln!(
        body,
        "<h2>The same as a table</h2>\n<div class=\"scroll\" tabindex=\"0\"><table><thead><tr>\
         <th scope=\"col\">to</th><th scope=\"col\">fare</th></tr></thead><tbody>"
    )?;
    let mut stops: Vec<_> = fares.stops.iter().collect();
    stops.sort_by(|a, b| {
        let key = |fare: Option<i64>| (fare.is_none(), fare);
        key(a.fare_minor)
            .cmp(&key(b.fare_minor))
            .then_with(|| a.name.cmp(&b.name))
    });
    for stop in stops {
        let fare = match (stop.fare_minor, currency) {
            (Some(fare), Some(currency)) => Balance::new(fare, currency).to_string(),
            (Some(fare), None) => fare.to_string(),
            (None, _) => "no fare".to_owned(),
        };
        let (name, because) = (escape(&stop.name), escape(&stop.because));
        writeln!(
            body,
            "<tr title=\"{because}\"><th scope=\"row\">{name}</th><td>{fare}</td></tr>"
        )?;
    }
    writeln!(body, "</tbody></table></div>\n{SCRIPT}")?;
    Ok(whole_page(&title(fares), STYLE, &body))
}
