//! What a client can move in an application, and what a move means in raw values.
//!
//! The dictionary says which columns are mutable, how far, in which steps and which way
//! ([`crate::dictionary::Bounds`]); here that becomes so many whole steps down and up from the
//! value in one application, and steps become values again. Columns that follow another one
//! (the goods' price and the annuity follow the loan) keep their proportion to it, to the
//! nearest of their own steps; their `min` and `max` hold for them, too, while direction and
//! `max_change_share` speak of what is moved for its own sake.

use serde_json::Value;

use crate::application::RawApplication;
use crate::dictionary::{Bounds, Direction, Entry};
use crate::portfolio::{ColumnKind, Portfolio};

/// The moves that are open in one application.
#[derive(Debug, Clone)]
pub struct Moves {
    own: Vec<Movable>,
    columns: Vec<MovedColumn>,
}

/// A column that can be moved by itself.
#[derive(Debug, Clone, PartialEq)]
pub struct Movable {
    pub column: String,
    /// The value in the application.
    pub start: f64,
    pub step: f64,
    /// Steps it can go down.
    pub down: u32,
    /// Steps it can go up.
    pub up: u32,
    /// Positions among the columns: its own, and those that follow it.
    at: usize,
    followers: Vec<usize>,
}

/// A column that some move changes.
#[derive(Debug, Clone)]
struct MovedColumn {
    name: String,
    start: f64,
    bounds: Bounds,
    whole: bool,
}

impl Movable {
    /// Least and greatest value it can have.
    #[must_use]
    pub fn range(&self) -> (f64, f64) {
        (
            self.start - f64::from(self.down) * self.step,
            self.start + f64::from(self.up) * self.step,
        )
    }
}

impl Moves {
    /// The moves of an application: those of the dictionary that have a value to start from
    /// and room to move.
    #[must_use]
    pub fn of(portfolio: &Portfolio, application: &RawApplication) -> Self {
        let own = &application.content[&portfolio.application().name];
        let mut columns = Vec::new();
        let mut entries = Vec::new();
        for column in &portfolio.application().columns {
            let entry = portfolio.dictionary.entry(&column.name);
            let movable = entry.and_then(|entry| Some((entry, entry.mutable?)));
            let (Some((entry, bounds)), Some(start)) = (movable, own[&column.name].as_f64()) else {
                continue;
            };
            if entry.protected || matches!(column.kind, ColumnKind::Category { .. }) {
                continue;
            }
            columns.push(MovedColumn {
                name: column.name.clone(),
                start,
                bounds,
                whole: column.kind == ColumnKind::Integer,
            });
            entries.push(entry);
        }
        let movable = |at: usize| {
            let entry: &Entry = entries[at];
            let only_follows = entry.follows.as_ref().is_some_and(|follows| follows.only);
            let offered = entry
                .only_where
                .iter()
                .all(|(column, level)| own[column].as_str() == Some(level));
            let MovedColumn { start, bounds, .. } = columns[at];
            let (down, up) = reach(start, bounds);
            let open = offered && !only_follows && down + up > 0;
            open.then(|| Movable {
                column: entry.name.clone(),
                start,
                step: bounds.step,
                down,
                up,
                at,
                followers: (0..entries.len())
                    .filter(|&other| {
                        let follows = entries[other].follows.as_ref();
                        follows.is_some_and(|follows| follows.column == entry.name)
                    })
                    .collect(),
            })
        };
        let own = (0..columns.len()).filter_map(movable).collect();
        Self { own, columns }
    }

    /// What can be moved by itself, in the order of the schema.
    #[must_use]
    pub fn movables(&self) -> &[Movable] {
        &self.own
    }

    /// Names of the columns that [`values`](Self::values) are of, in the order of the schema.
    #[must_use]
    pub fn columns(&self) -> Vec<&str> {
        let names = self.columns.iter();
        names.map(|column| column.name.as_str()).collect()
    }

    /// The values of the application itself.
    #[must_use]
    pub fn start(&self) -> Vec<f64> {
        self.columns.iter().map(|column| column.start).collect()
    }

    /// The values after so many steps of each of [`movables`](Self::movables); `None` where
    /// one of them would be out of its bounds.
    ///
    /// # Panics
    /// When there are fewer steps than movables.
    #[must_use]
    pub fn values(&self, steps: &[i32]) -> Option<Vec<f64>> {
        let mut values = self.start();
        for (at, movable) in self.own.iter().enumerate() {
            if steps[at] == 0 {
                continue;
            }
            let change = f64::from(steps[at]) * movable.step;
            values[movable.at] += change;
            for &follower in &movable.followers {
                let MovedColumn { start, bounds, .. } = self.columns[follower];
                let follow = start * (change / movable.start) / bounds.step;
                values[follower] += follow.round() * bounds.step;
            }
        }
        let within = self.columns.iter().zip(&values).all(|(column, &value)| {
            let Bounds { min, max, .. } = column.bounds;
            value.to_bits() == column.start.to_bits() || (min <= value && value <= max)
        });
        within.then_some(values)
    }

    /// The application with these values.
    ///
    /// # Panics
    /// When there are fewer values than [`columns`](Self::columns).
    #[must_use]
    pub fn moved(
        &self,
        portfolio: &Portfolio,
        application: &RawApplication,
        values: &[f64],
    ) -> RawApplication {
        let mut moved = application.clone();
        for (at, column) in self.columns.iter().enumerate() {
            moved.content[&portfolio.application().name][&column.name] = if column.whole {
                Value::from(values[at] as i64)
            } else {
                Value::from(values[at])
            };
        }
        moved
    }
}

/// Steps down and up that a value has room for.
fn reach(start: f64, bounds: Bounds) -> (u32, u32) {
    let Bounds {
        mut min,
        mut max,
        step,
        direction,
        max_change_share,
    } = bounds;
    if let Some(share) = max_change_share {
        min = min.max(start - share * start.abs());
        max = max.min(start + share * start.abs());
    }
    // A hair more, so that rounding does not take the last step.
    let steps = |room: f64| (room / step + 1e-9).clamp(0.0, 100_000.0).floor() as u32;
    let down = steps(start - min);
    let up = steps(max - start);
    match direction {
        Direction::Down => (down, 0),
        Direction::Up => (0, up),
        Direction::Both => (down, up),
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::json;

    fn application(own: Value) -> RawApplication {
        let mut own = own;
        own["SK_ID_CURR"] = json!(7);
        RawApplication {
            id: 7,
            content: json!({ "application": own }),
        }
    }

    fn cash(credit: f64, goods: f64, annuity: f64, income: f64) -> RawApplication {
        application(json!({
            "NAME_CONTRACT_TYPE": "Cash loans", "AMT_CREDIT": credit, "AMT_GOODS_PRICE": goods,
            "AMT_ANNUITY": annuity, "AMT_INCOME_TOTAL": income,
            "FLAG_EMAIL": 0, "FLAG_PHONE": 1, "CODE_GENDER": "F", "CNT_CHILDREN": 2,
            "DAYS_BIRTH": -12000,
        }))
    }

    fn movable<'a>(moves: &'a Moves, column: &str) -> Option<&'a Movable> {
        moves
            .movables()
            .iter()
            .find(|movable| movable.column == column)
    }

    /// The values after some steps of some columns.
    fn after(moves: &Moves, steps: &[(&str, i32)]) -> Option<Vec<(String, f64)>> {
        let steps: Vec<i32> = moves
            .movables()
            .iter()
            .map(|movable| {
                let step = steps.iter().find(|(column, _)| *column == movable.column);
                step.map_or(0, |(_, step)| *step)
            })
            .collect();
        let columns = moves.columns().into_iter().map(str::to_owned);
        Some(columns.zip(moves.values(&steps)?).collect())
    }

    fn of(values: &[(String, f64)], column: &str) -> f64 {
        values.iter().find(|(name, _)| name == column).unwrap().1
    }

    #[test]
    fn a_smaller_loan_runs_as_long_and_covers_the_same_part_of_the_price() {
        let moves = Moves::of(
            Portfolio::home_credit(),
            &cash(500_000.0, 450_000.0, 25_000.0, 150_000.0),
        );
        let values = after(&moves, &[("AMT_CREDIT", -20)]).unwrap();
        assert_eq!(of(&values, "AMT_CREDIT").to_bits(), 410_000.0_f64.to_bits());
        assert_eq!(
            of(&values, "AMT_GOODS_PRICE").to_bits(),
            369_000.0_f64.to_bits()
        );
        assert!((of(&values, "AMT_ANNUITY") - 20_500.0).abs() <= 22.5);
        let term = of(&values, "AMT_CREDIT") / of(&values, "AMT_ANNUITY");
        assert!((term - 20.0).abs() < 0.03, "{term}");
    }

    #[test]
    fn the_price_of_the_goods_never_moves_by_itself_and_the_annuity_only_of_a_cash_loan() {
        let portfolio = Portfolio::home_credit();
        let mut own = cash(500_000.0, 450_000.0, 25_000.0, 150_000.0);
        let moves = Moves::of(portfolio, &own);
        assert!(movable(&moves, "AMT_GOODS_PRICE").is_none());
        assert_eq!(
            movable(&moves, "AMT_ANNUITY").unwrap().range(),
            (12_535.0, 37_465.0)
        );
        own.content["application"]["NAME_CONTRACT_TYPE"] = json!("Revolving loans");
        let moves = Moves::of(portfolio, &own);
        assert!(movable(&moves, "AMT_ANNUITY").is_none());
        let values = after(&moves, &[("AMT_CREDIT", -50)]).unwrap();
        assert!((of(&values, "AMT_ANNUITY") - 13_750.0).abs() <= 22.5);
    }

    #[test]
    fn what_is_not_there_or_cannot_move_further_is_no_move() {
        let own = application(json!({ "AMT_CREDIT": 45_000.0, "FLAG_EMAIL": 1, "FLAG_PHONE": 0 }));
        let moves = Moves::of(Portfolio::home_credit(), &own);
        let columns: Vec<&str> = moves.movables().iter().map(|m| m.column.as_str()).collect();
        assert_eq!(columns, ["FLAG_PHONE"]);
    }

    #[test]
    fn a_moved_application_is_accepted_and_differs_in_the_moved_columns_alone() {
        let portfolio = Portfolio::home_credit();
        let own = RawApplication::parse(
            portfolio,
            &cash(500_000.0, 450_000.0, 25_000.0, 150_000.0).content,
        )
        .unwrap();
        let moves = Moves::of(portfolio, &own);
        let back = moves.moved(portfolio, &own, &moves.start());
        assert_eq!(back, own, "nothing moved");
        let steps: Vec<i32> = moves
            .movables()
            .iter()
            .map(|m| i32::from(m.up > 0))
            .collect();
        let moved = moves.moved(portfolio, &own, &moves.values(&steps).unwrap());
        assert_eq!(
            RawApplication::parse(portfolio, &moved.content).unwrap(),
            moved
        );
        assert_eq!(moved.content["application"]["FLAG_EMAIL"], json!(1));
        for (column, value) in own.content["application"].as_object().unwrap() {
            let same = moved.content["application"][column] == *value;
            assert_eq!(
                same,
                !["AMT_INCOME_TOTAL", "AMT_ANNUITY", "FLAG_EMAIL"].contains(&column.as_str()),
                "{column}"
            );
        }
    }

    proptest! {
        #[test]
        fn every_value_stays_within_its_bounds_on_its_steps_and_in_its_direction(
            credit in 45_000_u32..2_000_000, cover in 1.0_f64..1.5, term in 8.0_f64..45.0,
            income in 25_000_u32..900_000, shares in prop::collection::vec(-1.0_f64..1.0, 12),
        ) {
            let credit = f64::from(credit);
            let own = cash(credit, (credit / cover).round(), (credit / term).round(), f64::from(income));
            let portfolio = Portfolio::home_credit();
            let moves = Moves::of(portfolio, &own);
            let steps: Vec<i32> = moves.movables().iter().zip(&shares).map(|(movable, share)| {
                let reach = if *share < 0.0 { movable.down } else { movable.up };
                (share * f64::from(reach)) as i32
            }).collect();
            let Some(values) = moves.values(&steps) else { return Ok(()) };
            let changed = moves.columns().into_iter().zip(moves.start()).zip(values);
            for ((column, from), to) in changed {
                let entry = portfolio.dictionary.entry(column).unwrap();
                let bounds = entry.mutable.unwrap();
                prop_assert!(!entry.protected);
                if from.to_bits() == to.to_bits() { continue }
                prop_assert!(bounds.min <= to && to <= bounds.max, "{} {}", column, to);
                let steps = (to - from) / bounds.step;
                prop_assert!((steps - steps.round()).abs() < 1e-6, "{} {}", column, steps);
                match bounds.direction {
                    Direction::Up => prop_assert!(to > from),
                    Direction::Down => prop_assert!(to < from),
                    Direction::Both => {}
                }
                if let (Some(share), None) = (bounds.max_change_share, &entry.follows) {
                    prop_assert!((to - from).abs() <= share * from.abs() + 1e-6);
                }
            }
        }
    }
}
