//! What the report says. Expected sentences follow the reference, section by section.

use super::{read, told, whole};

#[test]
fn a_whole_feed_has_nothing_to_tell() {
    let feed = read(&whole()).unwrap();
    assert!(feed.warnings().warnings().is_empty(), "{}", feed.warnings());
    let ids = &feed.ids;
    // Platforms are in the areas of their station unless they have their own; exits are in none.
    let areas = |stop: &str| -> Vec<&str> {
        let stop = ids.stops.find(stop).unwrap();
        feed.areas_of(stop)
            .iter()
            .map(|area| ids.areas.text(*area))
            .collect()
    };
    assert_eq!(
        (areas("p1"), areas("p2"), areas("s")),
        (vec!["x"], vec!["y"], vec!["x"])
    );
    assert!(areas("e").is_empty());
    let amounts: Vec<i64> = feed
        .products
        .iter()
        .map(|row| row.amount.as_minor())
        .collect();
    assert_eq!(amounts, [200, 100, -50]);
    let times: Vec<(u32, u32)> = feed
        .timeframes
        .iter()
        .map(|row| (row.start_s, row.end_s))
        .collect();
    assert_eq!(times, [(25_200, 34_200), (0, 86_400)]);
    let rows: Vec<u32> = feed.leg_rules.iter().map(|rule| rule.row).collect();
    assert_eq!(rows, [2, 3]);
}

#[test]
fn services_run_by_week_and_exception() {
    let feed = read(&whole()).unwrap();
    let runs = |service: &str, day: &str| {
        let service = &feed.services[feed.ids.services.find(service).unwrap().index()];
        service.runs_on(units::ServiceDay::parse(day).unwrap())
    };
    // 2026-01-05 is a Monday, taken out; 2026-01-10 a Saturday, added.
    let expect = [
        ("w", "2026-01-01", true),
        ("w", "2026-01-03", false),
        ("w", "2026-01-05", false),
        ("w", "2026-01-06", true),
        ("w", "2026-01-10", true),
        ("w", "2025-12-31", false),
        ("w", "2026-12-31", true),
        ("w", "2027-01-01", false),
        ("h", "2026-02-11", true),
        ("h", "2026-02-12", false),
    ];
    for (service, day, expect) in expect {
        assert_eq!(runs(service, day), expect, "{service} {day}");
    }
}

#[test]
fn money_has_the_decimals_of_its_currency() {
    let check = |amount: &str, currency: &str, expect: Option<i64>| {
        let text = format!("fare_product_id,amount,currency\np,{amount},{currency}\n");
        let read = read(&super::files(&[("fare_products.txt", &text)]));
        let minor = read.ok().map(|feed| feed.products[0].amount.as_minor());
        assert_eq!(minor, expect, "{amount} {currency}");
    };
    check("250", "JPY", Some(250));
    check("250.00", "JPY", Some(250));
    check("250.5", "JPY", None);
    check("2.50", "USD", Some(250));
    check("2.5", "USD", Some(250));
    check("2", "USD", Some(200));
    check("-0.50", "USD", Some(-50));
    check("2.505", "USD", None);
    check("1.250", "KWD", Some(1250));
    check("92233720368547758.07", "USD", Some(i64::MAX));
    check("92233720368547758.08", "USD", None);
    check("-92233720368547758.08", "USD", Some(i64::MIN));
    for bad in [
        "", "-", ".50", "2.", "2,50", "+2.00", "1e2", "２.00", "2.0 0",
    ] {
        check(bad, "USD", None);
    }
    check("2.00", "usd", None);
    check("2.00", "ZZZ", None);
}

#[test]
fn every_defect_of_every_file_in_one_run() {
    insta::assert_snapshot!(told(&[
        (
            "agency.txt",
            "agency_id,agency_name,agency_timezone\na,A,Asia/Tokio\na,B,Asia/Tokyo\n"
        ),
        (
            "stops.txt",
            "stop_id,location_type,parent_station,stop_lat,stop_lon\ns,1,,91,0\ns,0,,,\nq,7,,,\n\
             p,0,t,,\n",
        ),
        ("routes.txt", "route_id,agency_id,network_id\nr,b,n\n"),
        ("networks.txt", "network_id\nm\nm\n"),
        ("route_networks.txt", "network_id,route_id\nm,r\nm,r\nk,x\n"),
        ("areas.txt", "area_id\n\"x\"\n"),
        ("stop_areas.txt", "area_id,stop_id\nx,s\nx,s\ny,s\nx,u\n"),
        (
            "calendar.txt",
            "service_id,monday,tuesday,wednesday,thursday,friday,saturday,sunday,start_date,\
             end_date\n\
             w,1,1,1,1,1,0,2,20260230,20261231\nv,1,1,1,1,1,0,0,20260201,20260101\n",
        ),
        (
            "calendar_dates.txt",
            "service_id,date,exception_type\nw,20260101,3\nw,20260102,1\nw,20260102,2\n"
        ),
        (
            "timeframes.txt",
            "timeframe_group_id,start_time,end_time,service_id\n\
             t,07:00:00,,v\nt,08:00:00,24:00:01,v\nt,22:00:00,02:00:00,v\nt,06:00:00,08:00:00,v\n\
             t,07:59:59,09:00:00,v\nt,,,z\n",
        ),
        ("fare_media.txt", "fare_media_id,fare_media_type\nm,9\n"),
        (
            "rider_categories.txt",
            "rider_category_id,rider_category_name,is_default_fare_category\nc,C,1\nd,D,1\n",
        ),
        (
            "fare_products.txt",
            "fare_product_id,rider_category_id,fare_media_id,amount,currency\n\
             p,c,m,1.00,EUR\np,d,m,1.00,EUR\np,c,m,2.00,EUR\np,c,m,1.005,EUR\nq,k,,1.00,XYZ\n",
        ),
        (
            "fare_leg_rules.txt",
            "network_id,from_area_id,from_timeframe_group_id,fare_product_id,rule_priority\n\
             o,w,u,p,-1\nn,x,t,r,1\nn,x,t,p,1\nn,x,t,p,2\n",
        ),
        (
            "fare_leg_join_rules.txt",
            "from_network_id,to_network_id,from_stop_id,to_stop_id\nn,,,\nn,n,s,\n",
        ),
        (
            "fare_transfer_rules.txt",
            "from_leg_group_id,to_leg_group_id,transfer_count,duration_limit,duration_limit_type,\
             fare_transfer_type,fare_product_id\n\
             g,g,,,,0,\ng,h,1,60,,0,\ng,h,0,0,4,3,\ng,h,,,1,0,z\n",
        ),
        (
            "fare_attributes.txt",
            "fare_id,price,currency_type,payment_method,transfers,transfer_duration\n\
             f,-1,EUR,2,4,-1\nf,1.5,EUR,0,,\n",
        ),
        (
            "fare_rules.txt",
            "fare_id,route_id,origin_id\ne,r,z\nf,x,\n"
        ),
    ]));
}

#[test]
fn what_is_no_text_is_told_with_its_byte() {
    let bad: [(&str, &[u8]); 6] = [
        ("areas.txt", b"area_id,area_name\na,Caf\xE9\n"),
        ("networks.txt", b"\xFF\xFEn\0e\0"),
        ("stops.txt", b"stop_id\nx\0\n"),
        ("routes.txt", b"route_id\rr1\rr2\r"),
        (
            "fare_media.txt",
            b"fare_media_id,fare_media_type\n\"a\nb\",1\n",
        ),
        (
            "fare_products.txt",
            b"fare_product_id,amount,currency,amount\n",
        ),
    ];
    let files = bad
        .map(|(name, bytes)| (name.to_owned(), bytes.to_vec()))
        .into();
    insta::assert_snapshot!(read(&files).unwrap_err());
}

#[test]
fn lines_are_counted_as_an_editor_counts_them() {
    // A byte order mark, CRLF, blank lines and rows of empty cells before the bad row 7.
    let text = "\u{feff}area_id\r\n\r\na\r\n,\r\n\r\n\n a \r\n";
    let expect = "areas.txt, row 7, area_id: expected an id that no earlier row has, got \"a\"";
    let report = read(&super::files(&[("areas.txt", text)])).unwrap_err();
    assert_eq!(report.defects()[0].to_string(), expect);
}

#[test]
fn a_forbidden_pair_of_files_is_an_error_only_where_it_contradicts() {
    let networks = ("networks.txt", "network_id\nn\n");
    let empty = told(&[("routes.txt", "route_id,network_id\nr,\n"), networks]);
    assert!(empty.starts_with("0 errors\n1 warning\n  networks.txt: expected no such file"));
    let named = told(&[("routes.txt", "route_id,network_id\nr,n\n"), networks]);
    assert!(
        named.starts_with("1 error\n  networks.txt: expected no such file"),
        "{named}"
    );
}

#[test]
fn unknown_columns_and_files_do_no_harm() {
    let plain = told(&[
        (
            "fare_transfer_rules.txt",
            "fare_transfer_type,filter_fare_product_id\n0,prod\n",
        ),
        ("fares_of_tomorrow.txt", "\u{0}\u{1}"),
        ("areas.txt", "area_id,,colour\na,,red\n"),
    ]);
    assert_eq!(plain, "0 errors");
}
