//! Bars over time, drawn as SVG by the template: its attributes place them, since the policy of pages allows no style in them.

/// What one colour of a chart stands for.
pub(super) struct Series {
    /// The class of its colour.
    pub(super) key: &'static str,
    /// What it is called.
    pub(super) name: String,
}

/// A bar with a value of each series, from the bottom.
pub(super) struct Bar {
    pub(super) label: String,
    pub(super) values: Vec<i64>,
}

/// A piece of a bar.
pub(super) struct Piece {
    pub(super) key: &'static str,
    pub(super) y: i64,
    pub(super) height: i64,
}

/// A chart, in units of a hundredth of its height.
pub(super) struct Chart {
    pub(super) series: Vec<Series>,
    pub(super) bars: Vec<Bar>,
    /// The value at the top.
    pub(super) top: i64,
}

/// Units of the height.
const HEIGHT: i64 = 100;

impl Chart {
    pub(super) fn new(series: Vec<Series>, bars: Vec<Bar>) -> Self {
        let highest = bars.iter().map(|bar| bar.values.iter().sum()).max().unwrap_or(0);
        Self { series, bars, top: rounded(highest) }
    }

    /// The pieces of a bar, from the bottom.
    pub(super) fn pieces(&self, bar: &Bar) -> Vec<Piece> {
        let mut base = 0;
        let mut pieces = Vec::with_capacity(bar.values.len());
        for (series, value) in self.series.iter().zip(&bar.values) {
            let from = HEIGHT * base / self.top;
            base += value;
            let to = HEIGHT * base / self.top;
            if to > from {
                pieces.push(Piece { key: series.key, y: HEIGHT - to, height: to - from });
            }
        }
        pieces
    }

    pub(super) fn is_empty(&self) -> bool {
        self.bars.iter().all(|bar| bar.values.iter().all(|value| *value == 0))
    }
}

/// The next of 10, 20, 50, 100, 200 ...
fn rounded(highest: i64) -> i64 {
    let mut top = 10;
    for factor in [2, 5, 10].iter().cycle() {
        if top >= highest || top > i64::MAX / 10 {
            break;
        }
        // 10, 20, 50 and 100 times the power of ten.
        let power = 10_i64.pow(top.ilog10());
        top = power * factor;
    }
    top
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_top_is_a_round_number_above_all() {
        for (highest, top) in
            [(0, 10), (10, 10), (11, 20), (21, 50), (51, 100), (101, 200), (999, 1_000), (1_001, 2_000)]
        {
            assert_eq!(rounded(highest), top, "{highest}");
        }
    }

    #[test]
    fn the_pieces_of_a_bar_stand_on_each_other() {
        let series = ["a", "b", "c"].map(|key| Series { key, name: key.to_owned() });
        let bar = Bar { label: String::new(), values: vec![10, 0, 30] };
        let chart = Chart::new(series.into(), vec![bar]);
        let pieces: Vec<_> =
            chart.pieces(&chart.bars[0]).iter().map(|piece| (piece.key, piece.y, piece.height)).collect();
        assert_eq!((chart.top, pieces), (50, vec![("a", 80, 20), ("c", 20, 60)]));
    }
}
