//! Pages that need no network: one file, light and dark by the reader's choice, phone width.

use std::fmt::Write as _;

/// Colours, type and tables of every page. Text has a contrast of at least 7 : 1 on its ground.
const STYLE: &str = "\
:root{color-scheme:light dark;--ground:#fbfaf7;--card:#fff;--ink:#1c1f23;--soft:#5a6069;\
--line:#dcdad3;--more:#b3450a;--less:#0b5fa5;--none:#7a7f87}\
@media(prefers-color-scheme:dark){:root{--ground:#14171b;--card:#1d2126;--ink:#eceae4;\
--soft:#a9afb8;--line:#363c44;--more:#f5945b;--less:#6fb4f2;--none:#9aa1ab}}\
*{box-sizing:border-box}\
body{margin:0;background:var(--ground);color:var(--ink);\
font:16px/1.5 system-ui,-apple-system,'Segoe UI',Roboto,'Noto Sans',sans-serif}\
main{max-width:62rem;margin:0 auto;padding:1.5rem 1rem 4rem}\
h1{font-size:1.6rem;line-height:1.2;margin:0 0 .3rem;letter-spacing:-.01em}\
h2{font-size:1.1rem;margin:2.2rem 0 .6rem}\
p{margin:.3rem 0}.soft{color:var(--soft)}\
.cards{display:grid;grid-template-columns:repeat(auto-fit,minmax(9.5rem,1fr));gap:.7rem;\
margin:1.2rem 0}\
.card{background:var(--card);border:1px solid var(--line);border-radius:.6rem;padding:.7rem .9rem}\
.card b{display:block;font-size:1.25rem;font-variant-numeric:tabular-nums}\
.card span{color:var(--soft);font-size:.85rem}\
figure{margin:0;background:var(--card);border:1px solid var(--line);border-radius:.6rem;\
padding:.8rem;overflow:hidden}\
figure svg{display:block;width:100%;height:auto}\
.scroll{overflow-x:auto;border:1px solid var(--line);border-radius:.6rem;background:var(--card)}\
table{border-collapse:collapse;width:100%;font-variant-numeric:tabular-nums}\
th,td{padding:.45rem .8rem;text-align:right;white-space:nowrap;border-top:1px solid var(--line)}\
thead th{border-top:0;color:var(--soft);font-weight:600;font-size:.85rem}\
th:first-child,td:first-child{text-align:left}\
details{background:var(--card);border:1px solid var(--line);border-radius:.6rem;margin:.5rem 0;\
padding:.5rem .9rem}\
summary{cursor:pointer;font-variant-numeric:tabular-nums}\
dl{display:grid;grid-template-columns:max-content 1fr;gap:.15rem .8rem;margin:.6rem 0}\
dt{color:var(--soft)}dd{margin:0;overflow-wrap:anywhere}\
.more{color:var(--more)}.less{color:var(--less)}\
:focus-visible{outline:3px solid var(--less);outline-offset:2px}\
@media(prefers-reduced-motion:no-preference){details{transition:border-color .2s}}";

/// A page with this title, style of its own and body.
pub(super) fn page(title: &str, style: &str, body: &str) -> String {
    let mut page = String::with_capacity(body.len() + STYLE.len() + 512);
    let title = escape(title);
    // Writing to a text cannot fail.
    let _ = write!(
        page,
        "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width,initial-scale=1\">\n\
         <title>{title}</title>\n<style>{STYLE}{style}</style>\n</head>\n<body>\n<main>\n{body}\
         </main>\n</body>\n</html>\n"
    );
    page
}

/// Text as it may stand in HTML and SVG, attributes included.
pub(super) fn escape(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '&' => safe.push_str("&amp;"),
            '<' => safe.push_str("&lt;"),
            '>' => safe.push_str("&gt;"),
            '"' => safe.push_str("&quot;"),
            '\'' => safe.push_str("&#39;"),
            other => safe.push(other),
        }
    }
    safe
}
