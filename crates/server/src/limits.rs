//! How often one client may ask: counted in Redis for all servers of a city together, and in this
//! process where there is no Redis or it does not answer.
//!
//! What gates upload is never limited: it is signed by a registered device, and a depot that comes
//! back after an outage has much to send. So nothing that Redis says, or forgets, reaches money.

use std::collections::BTreeMap;
use std::fmt;
use std::net::{IpAddr, Ipv6Addr, SocketAddr};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use api::{Problem, ProblemCode};
use axum::Router;
use axum::extract::{Request, State};
use axum::http::header::{AUTHORIZATION, RETRY_AFTER};
use axum::http::{HeaderMap, HeaderValue, Method};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse as _, Response};
use hot_redis::{Hot, Limit, Pace};
use sha2::{Digest as _, Sha256};

use crate::{ApiError, Clock};

/// All limits count over this time.
const WITHIN: Duration = Duration::from_mins(1);

/// Requests of one address. A phone needs a few a minute; behind one address of a mobile network
/// are some thousands of phones.
const OF_ADDRESS: Limit = Limit {
    times: 6_000,
    within: WITHIN,
};

/// Challenges and registrations of one address: each makes work and rows. A phone needs one of
/// each, once.
const OF_REGISTRATION: Limit = Limit {
    times: 240,
    within: WITHIN,
};

/// Attempts of one address to sign in as staff. A token has 256 bits and is not to be guessed;
/// this keeps whoever tries off the database.
const OF_SIGN_IN: Limit = Limit {
    times: 20,
    within: WITHIN,
};

/// Requests of one session: a rider's page asks every few seconds, a page of staff for several
/// things at once.
const OF_SESSION: Limit = Limit {
    times: 300,
    within: WITHIN,
};

/// Clients counted in this process at a time, some 10 MB.
const COUNTED_HERE_MAX: usize = 100_000;

/// Whose connection a request came over.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Peer(pub(crate) SocketAddr);

/// Counts what clients ask.
pub struct Limits {
    hot: Option<Hot>,
    proxies: Vec<IpAddr>,
    clock: Clock,
    here: Mutex<BTreeMap<[u8; 32], Window>>,
}

#[derive(Clone, Copy)]
struct Window {
    /// Microseconds since 1970.
    began: i64,
    count: u32,
}

impl Limits {
    /// Counts in `hot` where it is given. Requests from `proxies` count for the client that they
    /// name last in `X-Forwarded-For`.
    #[must_use]
    pub fn new(hot: Option<Hot>, proxies: Vec<IpAddr>, clock: Clock) -> Self {
        Self {
            hot,
            proxies,
            clock,
            here: Mutex::default(),
        }
    }

    /// Counts one request for everything it is counted by. `Some`: not before this has passed.
    async fn count(&self, asked: &[(String, Limit)]) -> Option<Duration> {
        for (who, limit) in asked {
            let shared = match &self.hot {
                Some(hot) => hot.pace(who, *limit).await,
                None => Pace::Unknown,
            };
            let wait = match shared {
                Pace::Within => None,
                Pace::TooOften { wait } => Some(wait),
                Pace::Unknown => self.count_here(who, *limit),
            };
            if wait.is_some() {
                return wait;
            }
        }
        None
    }

    fn count_here(&self, who: &str, limit: Limit) -> Option<Duration> {
        let now = (self.clock)().as_micros();
        let key = Sha256::digest(who).into();
        let mut here = self.here.lock().unwrap_or_else(PoisonError::into_inner);
        if here.len() >= COUNTED_HERE_MAX && !here.contains_key(&key) {
            here.retain(|_, window| window.left(now, WITHIN).is_some());
            if here.len() >= COUNTED_HERE_MAX {
                // More clients than are remembered: all begin anew rather than memory grow.
                here.clear();
            }
        }
        let window = here.entry(key).or_insert(Window {
            began: now,
            count: 0,
        });
        if window.left(now, limit.within).is_none() {
            *window = Window {
                began: now,
                count: 0,
            };
        }
        window.count = window.count.saturating_add(1);
        let left = window.left(now, limit.within);
        left.filter(|_| window.count > limit.times)
    }

    /// The client's address, as far as it names one client: of IPv6 the network of 64 bits.
    fn address(&self, peer: Option<&Peer>, headers: &HeaderMap) -> String {
        let Some(Peer(peer)) = peer else {
            return "unknown".to_owned();
        };
        let mut client = peer.ip().to_canonical();
        if self.proxies.contains(&client) {
            let named = headers.get_all("x-forwarded-for").iter();
            let named = named.filter_map(|value| value.to_str().ok());
            let named: Vec<IpAddr> = named
                .flat_map(|value| value.split(','))
                .filter_map(|one| one.trim().parse().ok())
                .map(|one: IpAddr| one.to_canonical())
                .collect();
            // Each proxy adds who asked it: what stands further left is the client's own word.
            let mut from_the_last = named.iter().rev();
            if let Some(named) = from_the_last.find(|one| !self.proxies.contains(one)) {
                client = *named;
            }
        }
        match client {
            IpAddr::V4(address) => address.to_string(),
            IpAddr::V6(address) => {
                let network = u128::from(address) >> 64 << 64;
                Ipv6Addr::from(network).to_string()
            }
        }
    }

    fn counted_by(&self, request: &Request) -> Vec<(String, Limit)> {
        let path = request.uri().path();
        if path == "/v1/taps" {
            return Vec::new();
        }
        let headers = request.headers();
        let address = self.address(request.extensions().get(), headers);
        let mut counted = vec![(format!("address {address}"), OF_ADDRESS)];
        let posts = request.method() == Method::POST;
        let registers = matches!(path, "/v1/challenges" | "/v1/devices");
        if registers && posts {
            counted.push((format!("registration {address}"), OF_REGISTRATION));
        }
        if path == "/v1/operator/session" && posts {
            counted.push((format!("sign-in {address}"), OF_SIGN_IN));
        }
        if let Some(session) = headers.get(AUTHORIZATION).and_then(|it| it.to_str().ok()) {
            counted.push((format!("session {session}"), OF_SESSION));
        }
        counted
    }
}

impl Window {
    /// What is left of it; `None` when it is over, or the clock went back behind its begin.
    fn left(self, now: i64, within: Duration) -> Option<Duration> {
        let passed = u64::try_from(now.checked_sub(self.began)?).ok()?;
        let left = within.checked_sub(Duration::from_micros(passed))?;
        Some(left).filter(|left| !left.is_zero())
    }
}

impl fmt::Debug for Limits {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut shown = f.debug_struct("Limits");
        shown.field("hot", &self.hot).finish_non_exhaustive()
    }
}

/// The same routes, behind `limits`: who asks too often gets 429 and when to come again.
pub fn limited(router: Router, limits: Limits) -> Router {
    router.layer(middleware::from_fn_with_state(Arc::new(limits), limit))
}

async fn limit(State(limits): State<Arc<Limits>>, request: Request, next: Next) -> Response {
    let counted = limits.counted_by(&request);
    match limits.count(&counted).await {
        Some(wait) => too_often(wait),
        None => next.run(request).await,
    }
}

fn too_often(wait: Duration) -> Response {
    let seconds = wait.as_secs().saturating_add(1);
    let detail = format!("too many requests came from here; ask again in {seconds} s");
    let problem = Problem::new(ProblemCode::TooManyRequests, detail);
    let mut response = ApiError::from(problem).into_response();
    // RFC 9110 section 10.2.3: whole seconds.
    let headers = response.headers_mut();
    headers.insert(RETRY_AFTER, HeaderValue::from(seconds));
    response
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicI64, Ordering};

    use units::Timestamp;

    use super::*;

    const PROXY: &str = "192.0.2.1";

    fn limits() -> (Limits, Arc<AtomicI64>) {
        let clock = Arc::new(AtomicI64::new(1_546_819_200_000_000));
        let reading = Arc::clone(&clock);
        let now: Clock = Arc::new(move || Timestamp::from_micros(reading.load(Ordering::Relaxed)));
        (Limits::new(None, vec![PROXY.parse().unwrap()], now), clock)
    }

    #[test]
    fn a_window_ends_and_begins_anew_also_where_the_clock_goes_back() {
        let (limits, clock) = limits();
        let limit = Limit {
            times: 2,
            within: WITHIN,
        };
        let count = |who| limits.count_here(who, limit);
        assert_eq!([count("ann"), count("ann")], [None, None]);
        assert_eq!(count("ann"), Some(WITHIN));
        clock.fetch_add(59_000_000, Ordering::Relaxed);
        assert_eq!(count("ann"), Some(Duration::from_secs(1)));
        assert_eq!(count("bob"), None);
        clock.fetch_add(1_000_000, Ordering::Relaxed);
        assert_eq!([count("ann"), count("ann")], [None, None]);
        assert!(count("ann").is_some());
        clock.fetch_sub(3_600_000_000, Ordering::Relaxed);
        assert_eq!(count("ann"), None);
    }

    #[tokio::test]
    async fn whoever_guesses_tokens_is_stopped_and_others_are_not() {
        let (limits, clock) = limits();
        let ask = async |method: Method, path: &str, from: u8| {
            let request = Request::builder().method(method).uri(path);
            let mut request = request.body(axum::body::Body::empty()).unwrap();
            let peer = Peer(SocketAddr::from(([198, 51, 100, from], 7)));
            request.extensions_mut().insert(peer);
            limits.count(&limits.counted_by(&request)).await
        };
        let sign_in = "/v1/operator/session";
        for _ in 0..20 {
            assert_eq!(ask(Method::POST, sign_in, 1).await, None);
        }
        assert_eq!(ask(Method::POST, sign_in, 1).await, Some(WITHIN));
        assert_eq!(ask(Method::POST, sign_in, 2).await, None);
        assert_eq!(ask(Method::DELETE, sign_in, 1).await, None);
        assert_eq!(ask(Method::GET, "/v1/operator/me", 1).await, None);
        clock.fetch_add(60_000_000, Ordering::Relaxed);
        assert_eq!(ask(Method::POST, sign_in, 1).await, None);
    }

    #[test]
    fn more_clients_than_are_remembered_take_no_more_memory() {
        let (limits, _) = limits();
        for client in 0..=COUNTED_HERE_MAX {
            let _ = limits.count_here(&client.to_string(), OF_ADDRESS);
        }
        assert!(limits.here.lock().unwrap().len() <= COUNTED_HERE_MAX);
    }

    #[test]
    fn a_proxy_of_ours_is_believed_who_asked_it_and_nobody_else_is() {
        let (limits, _) = limits();
        let check = |peer: &str, forwarded: &[&str], expected: &str| {
            let mut headers = HeaderMap::new();
            for value in forwarded {
                headers.append("x-forwarded-for", HeaderValue::from_str(value).unwrap());
            }
            let peer = Peer(SocketAddr::new(peer.parse().unwrap(), 7));
            assert_eq!(
                limits.address(Some(&peer), &headers),
                expected,
                "{forwarded:?}"
            );
        };
        check("198.51.100.7", &[], "198.51.100.7");
        check("198.51.100.7", &["203.0.113.9"], "198.51.100.7");
        check(PROXY, &["203.0.113.9"], "203.0.113.9");
        check(PROXY, &["10.0.0.1, 203.0.113.9"], "203.0.113.9");
        check(
            PROXY,
            &["10.0.0.1", "203.0.113.9, 192.0.2.1"],
            "203.0.113.9",
        );
        check(PROXY, &[], PROXY);
        check(PROXY, &["nobody"], PROXY);
        check("::ffff:198.51.100.7", &[], "198.51.100.7");
        check("2001:db8:1:2:3:4:5:6", &[], "2001:db8:1:2::");
    }
}
