//! Reading feeds: what is told of bad ones, that real ones load, and that no bytes do harm.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::print_stdout,
    reason = "helpers of tests stop at what should not happen and say what is absent"
)]

mod damage;
mod limits;
mod real;
mod report;

use std::collections::BTreeMap;

use tariff::{Feed, FeedFiles, LoadReport};

/// Files by name.
type Files = BTreeMap<String, Vec<u8>>;

fn read(files: &Files) -> Result<Feed, LoadReport> {
    let mut borrowed = FeedFiles::new("");
    for (name, bytes) in files {
        borrowed.insert(name, bytes);
    }
    Feed::read(&borrowed)
}

fn files(texts: &[(&str, &str)]) -> Files {
    let owned = texts.iter();
    owned
        .map(|(name, text)| ((*name).to_owned(), text.as_bytes().to_vec()))
        .collect()
}

/// The errors, or else the warnings, one a line.
fn told(texts: &[(&str, &str)]) -> String {
    match read(&files(texts)) {
        Ok(feed) => feed.warnings().to_string(),
        Err(report) => report.to_string(),
    }
}

/// A feed that uses every file and every column that is read.
fn whole() -> Files {
    files(&[
        (
            "agency.txt",
            "agency_id,agency_name,agency_url,agency_timezone\na,A,https://a.example/,Asia/Tokyo\n",
        ),
        (
            "stops.txt",
            "stop_id,stop_name,stop_lat,stop_lon,location_type,parent_station,zone_id,\
             stop_timezone\n\
             p1,Platform 1,35,139,0,s,z1,\np2,Platform 2,35,139,,s,z2,Asia/Seoul\ns,Station,35,\
             139,1,,,\n\
             e,Exit,35,139,2,s,,\n",
        ),
        (
            "routes.txt",
            "route_id,agency_id,route_short_name,route_long_name,route_type\nr1,a,1,One,1\nr2,a,,\
             Two,3\n",
        ),
        (
            "networks.txt",
            "network_id,network_name\nn1,Metro\nn2,Bus\n",
        ),
        ("route_networks.txt", "network_id,route_id\nn1,r1\nn2,r2\n"),
        ("areas.txt", "area_id,area_name\nx,X\ny,Y\n"),
        ("stop_areas.txt", "area_id,stop_id\nx,s\ny,p2\n"),
        (
            "calendar.txt",
            "service_id,monday,tuesday,wednesday,thursday,friday,saturday,sunday,start_date,\
             end_date\n\
             w,1,1,1,1,1,0,0,20260101,20261231\n",
        ),
        (
            "calendar_dates.txt",
            "service_id,date,exception_type\nw,20260105,2\nw,20260110,1\nh,20260211,1\n",
        ),
        (
            "timeframes.txt",
            "timeframe_group_id,start_time,end_time,service_id\npeak,7:00:00,09:30:00,w\nall,,,h\n",
        ),
        (
            "fare_media.txt",
            "fare_media_id,fare_media_name,fare_media_type\ncard,Card,2\n",
        ),
        (
            "rider_categories.txt",
            "rider_category_id,rider_category_name,is_default_fare_category\nadult,Adult,1\n\
             child,Child,0\n",
        ),
        (
            "fare_products.txt",
            "fare_product_id,fare_product_name,rider_category_id,fare_media_id,amount,currency\n\
             single,Single,adult,card,200,JPY\nsingle,Single,child,card,100,JPY\noff,Less,,,-50,\
             JPY\n",
        ),
        (
            "fare_leg_rules.txt",
            "leg_group_id,network_id,from_area_id,to_area_id,from_timeframe_group_id,\
             to_timeframe_group_id,fare_product_id,rule_priority\ng1,n1,x,y,peak,,single,2\ng2,\
             n2,,,,all,single,\n",
        ),
        (
            "fare_leg_join_rules.txt",
            "from_network_id,to_network_id,from_stop_id,to_stop_id\nn1,n1,,\nn1,n2,p1,p2\n",
        ),
        (
            "fare_transfer_rules.txt",
            "from_leg_group_id,to_leg_group_id,transfer_count,duration_limit,duration_limit_type,\
             fare_transfer_type,fare_product_id\ng1,g1,-1,3600,1,0,\ng1,g2,,,,1,off\n",
        ),
        (
            "fare_attributes.txt",
            "fare_id,price,currency_type,payment_method,transfers,agency_id,transfer_duration\n\
             f,150,JPY,1,,a,5400\n",
        ),
        (
            "fare_rules.txt",
            "fare_id,route_id,origin_id,destination_id,contains_id\nf,r1,z1,z2,\n",
        ),
    ])
}
