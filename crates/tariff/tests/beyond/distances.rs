//! Distance bands and matrices: both sides of each edge.

use crate::support::{city, costs};

/// North–centre of so many metres, at 1.00 up to 1,000, then 2.00, from 2,000 on 0.30 for each
/// whole 500 more.
fn costs_over(metres: i64) -> Vec<i64> {
    let links = format!("from_stop_id,to_stop_id,distance_meters\nnorth,centre,{metres}\n");
    let bands = "from_meters,to_meters,amount,step_meters,step_amount\n\
                 0,1000,1.00,,\n1001,1999,1.80,,\n2000,,2.00,500,0.30\n";
    let files = [
        ("track_links.txt", links.as_str()),
        ("fare_distance_bands.txt", bands),
    ];
    costs(&city(&files), "7 08:00 on north; 7 08:20 off centre")
}

#[test]
fn both_ends_of_a_band_are_inside() {
    for (metres, fare) in [
        (0, 100),
        (1_000, 100),
        (1_001, 180),
        (1_999, 180),
        (2_000, 200),
        (2_499, 200),
        (2_500, 230),
        (3_000, 260),
    ] {
        assert_eq!(costs_over(metres), [fare], "{metres} m");
    }
    // Of bands and leg rules the least: 2.00 and three steps make 2.90, four 3.20, the rule 3.00.
    assert_eq!(costs_over(3_999), [290]);
    assert_eq!(costs_over(4_000), [300]);
}

#[test]
fn a_cell_of_a_matrix_has_a_direction() {
    let matrix = |both: &str| {
        let matrix =
            format!("from_stop_id,to_stop_id,both_directions,a\nnorth,centre,{both},1.00\n");
        city(&[
            ("fare_od_classes.txt", "column\na\n"),
            ("fare_od_matrix.csv", &matrix),
        ])
    };
    let there_and_back =
        "7 08:00 on north; 7 08:20 off centre; 7 09:00 on centre; 7 09:20 off north";
    assert_eq!(costs(&matrix(""), there_and_back), [100, 300]);
    assert_eq!(costs(&matrix("0"), there_and_back), [100, 300]);
    assert_eq!(costs(&matrix("1"), there_and_back), [100, 100]);
}
