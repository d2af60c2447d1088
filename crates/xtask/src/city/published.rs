//! The committed tables of Hangzhou against facts that others published.

use std::collections::BTreeSet;

use super::fares::{Distances, distances, yuan};
use super::network::Network;
use super::{HANGZHOU, root};

fn hangzhou() -> Network {
    Network::read(&root().join(HANGZHOU)).unwrap()
}

fn fare(all: &Distances, from: &str, to: &str) -> u32 {
    let metres = all.get(from).and_then(|row| row.get(to));
    yuan(*metres.unwrap_or_else(|| panic!("no way from {from} to {to}")))
}

/// Single fares that Hangzhou Metro's own ticket inquiry answered in September 2026
/// (<https://www.hzmetro.com/api/operation/fare>, as kept by github.com/Naptie/openmetro in
/// `data/cn-hangzhou/fares.json`), between stations of January 2019 that no line opened since
/// brings closer together. The tables were fitted to these and to 1,100 more such fares.
#[test]
fn fares_are_those_of_the_ticket_inquiry() {
    let all = distances(&hangzhou(), "metro");
    for (from, to, published) in [
        ("hz-longxiangqiao", "hz-wulin-square", 2),
        ("hz-xinfeng", "hz-jingfang", 2),
        ("hz-xiasha-jiangbin", "hz-south-wenhai-road", 2),
        ("hz-longxiangqiao", "hz-fengqi-road", 2),
        ("hz-binhe-road", "hz-yongjiang-road", 3),
        ("hz-pengbu", "hz-coach-center", 3),
        ("hz-pengbu", "hz-citizen-center", 3),
        ("hz-longxiangqiao", "hz-jiangjin-road", 3),
        ("hz-binhe-road", "hz-dingan-road", 3),
        ("hz-north-jianguo-road", "hz-yingfeng-road", 3),
        ("hz-longxiangqiao", "hz-east-railway-station", 4),
        ("hz-xiasha-jiangbin", "hz-west-xiasha", 4),
        ("hz-xianghu", "hz-wujiang-road", 4),
        ("hz-longxiangqiao", "hz-binkang-road", 4),
        ("hz-chaoyang", "hz-yingfeng-road", 5),
        ("hz-xianghu", "hz-jingfang", 5),
        ("hz-north-jianguo-road", "hz-dunxiang-street", 5),
        ("hz-chaoyang", "hz-qianjiang-road", 5),
        ("hz-chaoyang", "hz-qingchun-square", 6),
        ("hz-xinfeng", "hz-nanyuan", 6),
        ("hz-lianzhuang", "hz-jiuhe-road", 6),
        ("hz-nanxingqiao", "hz-qiaosi", 6),
        ("hz-xialongwei", "hz-xianghu", 7),
        ("hz-binkang-road", "hz-jinshahu", 7),
        ("hz-linping", "hz-north-zhonghe-road", 7),
        ("hz-linping", "hz-xiasha-jiangbin", 7),
        ("hz-chaoyang", "hz-fengtan-road", 7),
        ("hz-xianghu", "hz-liangzhu", 8),
        ("hz-baiyang", "hz-hangfachang", 8),
        ("hz-linping", "hz-zhejiang-chinese-medical-university", 8),
        ("hz-xiasha-jiangbin", "hz-hangfachang", 8),
        ("hz-caojiaqiao", "hz-dufucun", 8),
    ] {
        assert_eq!(fare(&all, from, to), published, "{from} to {to}");
    }
}

/// Where a line opened since is a shorter way, the fare of 2026 is lower, never higher.
#[test]
fn lines_opened_since_only_made_rides_cheaper() {
    let all = distances(&hangzhou(), "metro");
    for (from, to, published_2026) in [
        ("hz-linping", "hz-xianghu", 7),
        ("hz-xianghu", "hz-caojiaqiao", 4),
        ("hz-linping", "hz-chaoyang", 8),
        ("hz-lianzhuang", "hz-west-xiasha", 6),
        ("hz-xialongwei", "hz-caojiaqiao", 7),
        ("hz-baiyang", "hz-peoples-square", 7),
    ] {
        assert!(fare(&all, from, to) > published_2026, "{from} to {to}");
    }
}

/// What newspapers and guides of the years before said of the highest fares.
#[test]
fn the_highest_fares_are_those_in_the_newspapers() {
    let network = hangzhou();
    let all = distances(&network, "metro");
    let highest = |stops: &[&str]| {
        let pairs = stops
            .iter()
            .flat_map(|from| stops.iter().map(move |to| (from, to)));
        pairs.map(|(from, to)| fare(&all, from, to)).max()
    };
    let of_line = |id: &str| -> BTreeSet<&str> {
        let line = network.lines.iter().find(|line| line.id == id).unwrap();
        line.sections()
            .flat_map(|section| [section.from, section.to])
            .collect()
    };
    // "distance-based fares up to ¥ 9.—" (en.trackingchina.com/metro/hangzhou).
    let every: Vec<&str> = all.keys().map(String::as_str).collect();
    assert_eq!(highest(&every), Some(9));
    // Line 1, "2 RMB to 8 RMB" (echinacities.com, 2013).
    let line: Vec<&str> = of_line("1").into_iter().collect();
    assert_eq!(highest(&line), Some(8));
    // Line 2, "from CNY 2 to CNY 9" (travelchinaguide.com, 2020).
    let line: Vec<&str> = of_line("2").into_iter().collect();
    assert_eq!(highest(&line), Some(9));
    // Line 2 as it opened, Chaoyang to Qianjiang Road: "2 yuan to 5 yuan" (Shanghai Daily,
    // 19 November 2014).
    assert_eq!(fare(&all, "hz-chaoyang", "hz-qianjiang-road"), 5);
    // Qianjiang Century City to lines 1, 2 and 4 as of 28 April 2016: ¥2 to ¥7
    // (zjnews.zjol.com.cn, on its opening).
    let line_1 = of_line("1")
        .into_iter()
        .map(|to| fare(&all, "hz-qianjiang-century-city", to));
    assert_eq!(line_1.max(), Some(7));
    let neighbour = fare(&all, "hz-qianjiang-century-city", "hz-yingfeng-road");
    assert_eq!(neighbour, 2);
}

/// Station counts of January 2019; Xianing Bridge opened on 30 June 2020. The gate records of
/// that month have 80 station numbers in use because Fengqi Road has one on each line.
#[test]
fn the_network_is_that_of_january_2019() {
    let network = hangzhou();
    let count = |id: &str| {
        let line = network.lines.iter().find(|line| line.id == id).unwrap();
        let stops: BTreeSet<&str> = line
            .sections()
            .flat_map(|section| [section.from, section.to])
            .collect();
        stops.len()
    };
    assert_eq!([count("1"), count("2"), count("4")], [34, 32, 18]);
    assert_eq!(distances(&network, "metro").len(), 34 + 32 + 18 - 5);
    assert!(!network.stops.contains_key("hz-xianing-bridge"));
    let of = |id: &str| -> BTreeSet<&str> {
        let line = network.lines.iter().find(|line| line.id == id).unwrap();
        line.sections()
            .flat_map(|section| [section.from, section.to])
            .collect()
    };
    let shared = |a: &str, b: &str| -> Vec<&str> { of(a).intersection(&of(b)).copied().collect() };
    assert_eq!(shared("1", "2"), ["hz-fengqi-road"]);
    assert_eq!(shared("2", "4"), ["hz-qianjiang-road"]);
    assert_eq!(
        shared("1", "4"),
        ["hz-east-railway-station", "hz-jinjiang", "hz-pengbu"]
    );
}

/// Fares are the same both ways, and no detour over a third station is shorter.
#[test]
fn distances_are_a_metric() {
    let all = distances(&hangzhou(), "metro");
    for (from, row) in &all {
        assert_eq!(row[from], 0);
        assert_eq!(
            yuan(row[from]),
            2,
            "leaving where one entered costs the lowest fare"
        );
        for (to, metres) in row {
            assert_eq!(*metres, all[to][from], "{from} and {to}");
            for (by, first) in row {
                assert!(*metres <= first + all[by][to], "{from} to {to} over {by}");
            }
        }
    }
}

/// Lengths of the lines between their last stations, against the published lengths of the lines,
/// which have some track behind the last stations: within 3 % and 500 m.
#[test]
fn lines_are_as_long_as_published() {
    let network = hangzhou();
    for (line, published) in [("1", 34_820 + 5_700 + 11_700), ("2", 42_920), ("4", 20_800)] {
        let line = network.lines.iter().find(|known| known.id == line).unwrap();
        let metres: u32 = line.sections().map(|section| section.metres).sum();
        let off = metres.abs_diff(published);
        assert!(off <= published * 4 / 100, "{}: {metres}", line.id);
    }
}
