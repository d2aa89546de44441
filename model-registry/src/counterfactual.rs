//! The smallest change that turns a refusal into a grant, searched on a lattice.
//!
//! What can be moved is a [`Lever`]: so many whole steps down and up from where it stands.
//! Bounds, steps and directions therefore hold by construction, whoever asks. What a position
//! means in raw values, and its probability of default, is the caller's: positions are handed
//! over in a few large batches, because computing features costs nearly the same for one
//! application as for a hundred.
//!
//! "Smallest" is the least [`Lever::cost`]: a fixed cost per lever that moves, so that few
//! changes go before many, plus what each step costs. A probability of default is not monotone
//! in any feature, so nothing is inferred between two positions: what is proposed has been
//! computed. On a lattice of at most [`Effort::grid`] positions the answer is the true minimum.
//! On a larger one every lever alone is tried at each of its positions (exact up to
//! [`Effort::line`] of them), then pairs at a few marks each, then, if still nothing is found,
//! more levers at once; at last each proposal is walked back, lever by lever.
//!
//! Everything is enumerated in a fixed order: the same levers and answers, the same proposals.

use std::collections::{BTreeMap, BTreeSet};

/// Something that can be moved in whole steps.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Lever {
    /// Steps it can go down.
    pub down: u32,
    /// Steps it can go up.
    pub up: u32,
    /// Cost of moving it at all.
    pub fixed_cost: f64,
    /// Cost of each step; above 0.
    pub step_cost: f64,
}

/// Steps of each lever from where it stands; 0 is unmoved.
pub type Position = Vec<i32>;

/// How thoroughly to search.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Effort {
    /// A lattice of at most this many positions is computed as a whole.
    pub grid: usize,
    /// Positions of one lever alone, each way.
    pub line: usize,
    /// Positions of a lever, each way, in company of another.
    pub marks: usize,
    /// Times that proposals are walked back.
    pub rounds: usize,
    /// The most proposals.
    pub proposals: usize,
}

impl Default for Effort {
    fn default() -> Self {
        Self {
            grid: 512,
            line: 1_200,
            marks: 8,
            rounds: 3,
            proposals: 3,
        }
    }
}

/// A position whose probability of default is below the threshold.
#[derive(Debug, Clone, PartialEq)]
pub struct Proposal {
    pub position: Position,
    /// As the caller computed it.
    pub pd: f64,
    /// Sum of the levers' costs.
    pub cost: f64,
}

/// What a search found, and how much it looked at.
#[derive(Debug, Clone, PartialEq)]
pub struct Findings {
    /// Probability of default where nothing is moved.
    pub start: f64,
    /// Cheapest first; none asks for most of what a cheaper one asks for. Empty: none was
    /// found.
    pub proposals: Vec<Proposal>,
    /// Positions computed.
    pub tried: usize,
    /// Batches they were computed in.
    pub batches: usize,
    /// Every position there is was computed: that none was found means that there is none.
    pub exhaustive: bool,
}

/// A lever that goes this share less far than in another proposal asks for something else.
const SPARED: f64 = 0.25;
/// A proposal that shares more than this part of a cheaper one's cost is the same advice.
const MOSTLY: f64 = 0.5;
/// Depths of a lever among three or more.
const DEPTHS: usize = 3;
/// Levers tried together in threes.
const TRIPLES_OF: usize = 6;
/// Positions of a lever in one round of walking back.
const WALK: usize = 24;

impl Lever {
    /// Cost of moving it by so many steps.
    #[must_use]
    pub fn cost(&self, steps: i32) -> f64 {
        if steps == 0 {
            0.0
        } else {
            self.fixed_cost + self.step_cost * f64::from(steps.unsigned_abs())
        }
    }

    fn positions(&self) -> usize {
        self.down as usize + self.up as usize + 1
    }
}

/// Searches for the cheapest positions whose probability of default is below `threshold`.
///
/// `pd_of` computes a batch, in its order; a value that is no number says that the position
/// cannot be (and is never proposed).
pub fn search<E>(
    levers: &[Lever],
    threshold: f64,
    effort: Effort,
    pd_of: impl FnMut(&[Position]) -> Result<Vec<f64>, E>,
) -> Result<Findings, E> {
    let mut search = Search {
        levers,
        threshold,
        effort,
        pd_of,
        known: BTreeMap::new(),
        batches: 0,
    };
    let whole = levers
        .iter()
        .try_fold(1_usize, |size, lever| size.checked_mul(lever.positions()))
        .filter(|size| *size <= effort.grid);
    let start = vec![0; levers.len()];
    if whole.is_some() {
        let all = search.grid();
        search.ask(all)?;
    } else {
        let mut lines = vec![start.clone()];
        for lever in 0..levers.len() {
            lines.extend(search.line(lever));
        }
        search.ask(lines)?;
        let useful = search.useful();
        search.ask(search.pairs(&useful))?;
        if search.choose().is_empty() {
            search.ask(search.larger_sets(&useful))?;
        }
        for _ in 0..effort.rounds {
            let closer = search.closer(&search.choose());
            if !search.ask(closer)? {
                break;
            }
        }
    }
    Ok(Findings {
        start: search.known[&start],
        proposals: search.choose(),
        tried: search.known.len(),
        batches: search.batches,
        exhaustive: whole.is_some(),
    })
}

/// One direction of one lever that lowers the probability of default by itself.
#[derive(Clone, Copy)]
struct Useful {
    lever: usize,
    /// -1 or 1.
    sign: i32,
    /// Probability of default at the best position of the lever alone.
    best: f64,
}

struct Search<'a, F> {
    levers: &'a [Lever],
    threshold: f64,
    effort: Effort,
    pd_of: F,
    known: BTreeMap<Position, f64>,
    batches: usize,
}

impl<F, E> Search<'_, F>
where
    F: FnMut(&[Position]) -> Result<Vec<f64>, E>,
{
    /// Computes those positions that are not known yet; false when all are.
    fn ask(&mut self, positions: Vec<Position>) -> Result<bool, E> {
        let new: BTreeSet<Position> = positions
            .into_iter()
            .filter(|position| !self.known.contains_key(position))
            .collect();
        if new.is_empty() {
            return Ok(false);
        }
        let new: Vec<Position> = new.into_iter().collect();
        let answers = (self.pd_of)(&new)?;
        self.batches += 1;
        self.known.extend(new.into_iter().zip(answers));
        Ok(true)
    }
}

impl<F> Search<'_, F> {
    fn reach(&self, lever: usize, sign: i32) -> u32 {
        if sign < 0 {
            self.levers[lever].down
        } else {
            self.levers[lever].up
        }
    }

    fn moved(&self, lever: usize, steps: i32) -> Position {
        let mut position = vec![0; self.levers.len()];
        position[lever] = steps;
        position
    }

    fn cost(&self, position: &[i32]) -> f64 {
        let levers = self.levers.iter().zip(position);
        levers.map(|(lever, &steps)| lever.cost(steps)).sum()
    }

    /// Every position there is.
    fn grid(&self) -> Vec<Position> {
        let mut all = vec![Vec::new()];
        for lever in self.levers {
            let steps = -(lever.down as i32)..=lever.up as i32;
            all = all
                .iter()
                .flat_map(|position: &Position| {
                    steps.clone().map(|step| {
                        let mut longer = position.clone();
                        longer.push(step);
                        longer
                    })
                })
                .collect();
        }
        all
    }

    /// One lever alone, both ways.
    fn line(&self, lever: usize) -> Vec<Position> {
        let mut line = Vec::new();
        for sign in [-1, 1] {
            let steps = marks(self.reach(lever, sign), self.effort.line);
            line.extend(steps.into_iter().map(|step| self.moved(lever, sign * step)));
        }
        line
    }

    /// The directions that help by themselves, the most helpful first.
    fn useful(&self) -> Vec<Useful> {
        let start = self.known[&vec![0; self.levers.len()]];
        let mut useful = Vec::new();
        for lever in 0..self.levers.len() {
            for sign in [-1, 1] {
                let best = self
                    .line(lever)
                    .into_iter()
                    .filter(|position| position[lever].signum() == sign)
                    .map(|position| self.known[&position])
                    .fold(f64::INFINITY, f64::min);
                if best < start {
                    useful.push(Useful { lever, sign, best });
                }
            }
        }
        useful.sort_by(|a, b| a.best.total_cmp(&b.best));
        useful
    }

    /// Positions of some levers together, each at a few depths.
    fn together(&self, set: &[Useful], depths: usize) -> Vec<Position> {
        let mut all = vec![vec![0; self.levers.len()]];
        for useful in set {
            let steps = marks(self.reach(useful.lever, useful.sign), depths);
            all = all
                .iter()
                .flat_map(|position: &Position| {
                    steps.iter().map(|step| {
                        let mut further = position.clone();
                        further[useful.lever] = useful.sign * step;
                        further
                    })
                })
                .collect();
        }
        all
    }

    fn pairs(&self, useful: &[Useful]) -> Vec<Position> {
        let mut pairs = Vec::new();
        for (at, one) in useful.iter().enumerate() {
            for other in &useful[at + 1..] {
                if one.lever != other.lever {
                    pairs.extend(self.together(&[*one, *other], self.effort.marks));
                }
            }
        }
        pairs
    }

    /// The most helpful levers in threes; then the most helpful four, five and so on.
    fn larger_sets(&self, useful: &[Useful]) -> Vec<Position> {
        // The better way of a lever that helps both ways.
        let mut best: Vec<Useful> = Vec::new();
        for one in useful {
            if best.iter().all(|other| other.lever != one.lever) {
                best.push(*one);
            }
        }
        let mut sets = Vec::new();
        let few = best.len().min(TRIPLES_OF);
        for first in 0..few {
            for second in first + 1..few {
                for third in second + 1..few {
                    let set = [best[first], best[second], best[third]];
                    sets.extend(self.together(&set, DEPTHS));
                }
            }
        }
        for many in 4..=best.len() {
            // The depths of the levers with the longest way vary, the others go all the way:
            // these are mostly things that are done or not.
            let mut set = best[..many].to_vec();
            set.sort_by_key(|one| std::cmp::Reverse(self.reach(one.lever, one.sign)));
            let (varied, whole) = set.split_at(3);
            for mut position in self.together(varied, DEPTHS) {
                for one in whole {
                    position[one.lever] = one.sign * self.reach(one.lever, one.sign) as i32;
                }
                sets.push(position);
            }
        }
        sets
    }

    /// The cheapest position of each set of levers that is below the threshold, and of these
    /// the cheapest that are really different.
    fn choose(&self) -> Vec<Proposal> {
        let mut best: BTreeMap<Vec<i32>, Proposal> = BTreeMap::new();
        for (position, &pd) in &self.known {
            if pd < self.threshold && position.iter().any(|&steps| steps != 0) {
                let signs = position.iter().map(|steps| steps.signum()).collect();
                let cost = self.cost(position);
                let cheapest = best.get(&signs).is_none_or(|known| cost < known.cost);
                if cheapest {
                    let position = position.clone();
                    best.insert(signs, Proposal { position, pd, cost });
                }
            }
        }
        let mut all: Vec<Proposal> = best.into_values().collect();
        all.sort_by(|a, b| a.cost.total_cmp(&b.cost));
        let mut chosen: Vec<Proposal> = Vec::new();
        for proposal in all {
            if chosen.len() == self.effort.proposals {
                break;
            }
            if !chosen.iter().any(|other| self.repeats(&proposal, other)) {
                chosen.push(proposal);
            }
        }
        chosen
    }

    /// Whether a proposal asks for most of what a cheaper one asks for all over again.
    fn repeats(&self, proposal: &Proposal, cheaper: &Proposal) -> bool {
        let shared: f64 = self
            .levers
            .iter()
            .zip(proposal.position.iter().zip(&cheaper.position))
            .filter(|(_, (own, others))| {
                let spared = f64::from(own.abs()) <= (1.0 - SPARED) * f64::from(others.abs());
                own.signum() == others.signum() && !spared
            })
            .map(|(lever, (_, others))| lever.cost(*others))
            .sum();
        shared > MOSTLY * cheaper.cost
    }

    /// Positions between each proposal and where its levers stand, one lever at a time: those
    /// not further than the nearest that is known not to do.
    fn closer(&self, proposals: &[Proposal]) -> Vec<Position> {
        let mut closer = Vec::new();
        for proposal in proposals {
            for (lever, &steps) in proposal.position.iter().enumerate() {
                let at = |step: u32| {
                    let mut position = proposal.position.clone();
                    position[lever] = steps.signum() * step as i32;
                    position
                };
                let last = steps.unsigned_abs();
                let nearest = (0..last)
                    .rev()
                    .find(|&step| self.known.contains_key(&at(step)));
                let first = nearest.map_or(0, |step| step + 1);
                let gap = last - first;
                let stride = (gap as usize).div_ceil(WALK).max(1);
                // The one just before it is always among them, so that a round ends the walk
                // of a lever or moves it.
                closer.extend((first..last).rev().step_by(stride).map(at));
                if stride > 1 {
                    closer.push(at(first));
                }
            }
        }
        closer
    }
}

/// At most `count` of the steps 1 to `reach`, the last among them, denser where they are small:
/// the steps where they are few, else the squares of evenly spaced roots.
fn marks(reach: u32, count: usize) -> Vec<i32> {
    if reach as usize <= count {
        return (1..=reach as i32).collect();
    }
    let share = |mark: usize| (mark as f64 / count as f64).powi(2) * f64::from(reach);
    let mut marks: Vec<i32> = (1..=count)
        .map(|mark| (share(mark).round() as i32).max(1))
        .collect();
    marks.dedup();
    marks
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::convert::Infallible;

    fn lever(down: u32, up: u32, step_cost: f64) -> Lever {
        Lever {
            down,
            up,
            fixed_cost: 0.5,
            step_cost,
        }
    }

    /// A bumpy made-up probability of default: waves and an interaction over a slope.
    fn bumpy(weights: &[f64], waves: f64, position: &[i32]) -> f64 {
        let mut margin = 0.5;
        for (at, (&weight, &steps)) in weights.iter().zip(position).enumerate() {
            let steps = f64::from(steps);
            margin += weight * steps + waves * (steps * (at as f64 + 1.3)).sin();
        }
        if let [first, second, ..] = position {
            margin += 0.03 * f64::from(first * second);
        }
        1.0 / (1.0 + (-margin).exp())
    }

    /// Runs a search and keeps every position that was asked for.
    fn run(
        levers: &[Lever],
        threshold: f64,
        effort: Effort,
        pd: impl Fn(&[i32]) -> f64,
    ) -> (Findings, Vec<Position>) {
        let mut asked = Vec::new();
        let findings = search(levers, threshold, effort, |batch| {
            asked.extend_from_slice(batch);
            Ok::<_, Infallible>(batch.iter().map(|position| pd(position)).collect())
        });
        let Ok(findings) = findings;
        (findings, asked)
    }

    /// The least cost over the whole lattice, by looking at all of it.
    fn brute_force(levers: &[Lever], threshold: f64, pd: impl Fn(&[i32]) -> f64) -> Option<f64> {
        fn walk(levers: &[Lever], position: &mut Position, seen: &mut dyn FnMut(&[i32])) {
            if position.len() == levers.len() {
                return seen(position);
            }
            let lever = levers[position.len()];
            for steps in -(lever.down as i32)..=lever.up as i32 {
                position.push(steps);
                walk(levers, position, seen);
                position.pop();
            }
        }
        let mut least: Option<f64> = None;
        walk(levers, &mut Vec::new(), &mut |position| {
            if pd(position) < threshold && position.iter().any(|&steps| steps != 0) {
                let cost = levers.iter().zip(position).map(|(l, &s)| l.cost(s)).sum();
                least = Some(least.map_or(cost, |known: f64| known.min(cost)));
            }
        });
        least
    }

    fn any_levers() -> impl Strategy<Value = Vec<Lever>> {
        prop::collection::vec(
            (0_u32..6, 0_u32..6, 0.01_f64..1.0).prop_map(|(down, up, cost)| lever(down, up, cost)),
            1..4,
        )
    }

    fn any_weights() -> impl Strategy<Value = Vec<f64>> {
        prop::collection::vec(-0.6_f64..0.6, 3)
    }

    const HEURISTIC: Effort = Effort {
        grid: 0,
        line: 1_200,
        marks: 8,
        rounds: 3,
        proposals: 3,
    };

    proptest! {
        #[test]
        fn what_is_asked_and_proposed_stays_on_the_lattice_and_below_the_threshold(
            levers in any_levers(), weights in any_weights(), waves in 0.0_f64..0.5,
            threshold in 0.05_f64..0.6, whole in any::<bool>(),
        ) {
            let effort = if whole { Effort::default() } else { HEURISTIC };
            let (findings, asked) = run(&levers, threshold, effort, |p| bumpy(&weights, waves, p));
            for position in asked.iter().chain(findings.proposals.iter().map(|p| &p.position)) {
                prop_assert_eq!(position.len(), levers.len());
                for (lever, &steps) in levers.iter().zip(position) {
                    prop_assert!(-(lever.down as i32) <= steps && steps <= lever.up as i32);
                }
            }
            for proposal in &findings.proposals {
                prop_assert!(proposal.pd < threshold);
                prop_assert_eq!(proposal.pd.to_bits(), bumpy(&weights, waves, &proposal.position).to_bits());
                prop_assert!(asked.contains(&proposal.position));
            }
            prop_assert!(findings.proposals.len() <= 3);
            prop_assert!(findings.proposals.is_sorted_by(|a, b| a.cost <= b.cost));
            prop_assert_eq!(findings.tried, asked.len(), "nothing is computed twice");
        }

        #[test]
        fn on_a_small_lattice_the_first_proposal_is_the_cheapest_there_is(
            levers in any_levers(), weights in any_weights(), waves in 0.0_f64..0.5,
            threshold in 0.05_f64..0.6,
        ) {
            let effort = Effort { grid: 2_000, ..Effort::default() };
            let pd = |p: &[i32]| bumpy(&weights, waves, p);
            let (findings, _) = run(&levers, threshold, effort, pd);
            prop_assert!(findings.exhaustive);
            let found = findings.proposals.first().map(|proposal| proposal.cost);
            prop_assert_eq!(found, brute_force(&levers, threshold, pd));
        }

        #[test]
        fn one_lever_alone_is_found_at_its_least_step_however_bumpy_the_way(
            reach in 20_u32..900, weight in 0.002_f64..0.05, waves in 0.0_f64..1.0,
            threshold in 0.05_f64..0.6,
        ) {
            // A second lever that only harms keeps the lattice large.
            let levers = [lever(reach, 0, 0.01), lever(0, 40, 0.01)];
            let weights = [weight, 0.4];
            let pd = |p: &[i32]| bumpy(&weights, waves * weight, p);
            let (findings, _) = run(&levers, threshold, HEURISTIC, pd);
            let least = (1..=reach as i32).find(|&steps| pd(&[-steps, 0]) < threshold);
            let found = findings.proposals.iter().find(|p| p.position[1] == 0);
            prop_assert_eq!(found.map(|p| -p.position[0]), least);
        }

        #[test]
        fn no_lever_of_a_proposal_can_be_walked_back_by_one_step(
            weights in prop::collection::vec(0.01_f64..0.05, 3), threshold in 0.1_f64..0.5,
        ) {
            let levers = [lever(60, 0, 0.02), lever(40, 0, 0.03), lever(50, 0, 0.01)];
            let effort = Effort { rounds: 12, ..HEURISTIC };
            let pd = |p: &[i32]| bumpy(&weights, 0.0, p);
            let (findings, _) = run(&levers, threshold, effort, pd);
            for proposal in &findings.proposals {
                for at in 0..levers.len() {
                    let mut back = proposal.position.clone();
                    back[at] += i32::from(back[at] < 0);
                    prop_assert!(back == proposal.position || pd(&back) >= threshold || back.iter().all(|s| *s == 0),
                        "{:?} at {}", proposal.position, at);
                }
            }
        }
    }

    #[test]
    fn nothing_is_proposed_where_nothing_helps_and_an_exhaustive_search_says_so() {
        let levers = [lever(3, 3, 0.1), lever(0, 1, 0.1)];
        let (findings, asked) = run(&levers, 0.2, Effort::default(), |_| 0.3);
        assert!(findings.proposals.is_empty() && findings.exhaustive);
        assert_eq!(asked.len(), 14);
        let (findings, _) = run(&levers, 0.2, HEURISTIC, |_| 0.3);
        assert!(findings.proposals.is_empty() && !findings.exhaustive);
    }

    #[test]
    fn without_a_lever_there_is_nothing_to_try() {
        let (findings, asked) = run(&[], 0.2, Effort::default(), |_| 0.3);
        assert!(findings.proposals.is_empty() && findings.exhaustive);
        assert_eq!(asked, [Vec::<i32>::new()]);
    }

    #[test]
    fn a_position_that_cannot_be_is_never_proposed() {
        let levers = [lever(10, 0, 0.1)];
        let pd = |p: &[i32]| if p[0] > -5 { f64::NAN } else { 0.1 };
        for effort in [Effort::default(), HEURISTIC] {
            let (findings, _) = run(&levers, 0.2, effort, pd);
            assert_eq!(findings.proposals[0].position, [-5]);
        }
    }

    #[test]
    fn two_levers_do_together_what_none_does_alone() {
        let levers = [lever(500, 0, 0.01), lever(0, 400, 0.01), lever(0, 1, 0.1)];
        let pd = |p: &[i32]| 0.30 + 1e-4 * f64::from(p[0]) - 1e-4 * f64::from(p[1]);
        let (findings, _) = run(&levers, 0.24, Effort::default(), pd);
        let first = &findings.proposals[0].position;
        assert!(first[0] < 0 && first[1] > 0 && first[2] == 0, "{first:?}");
        assert!(pd(first) < 0.24);
        assert!(findings.batches <= 6);
    }

    #[test]
    fn all_levers_together_are_tried_when_pairs_do_not_do() {
        let levers = [
            lever(100, 0, 0.01),
            lever(0, 100, 0.01),
            lever(0, 1, 0.1),
            lever(0, 1, 0.1),
            lever(0, 1, 0.1),
        ];
        let pd =
            |p: &[i32]| 0.5 - 0.001 * f64::from(-p[0] + p[1]) - 0.1 * f64::from(p[2] + p[3] + p[4]);
        let (findings, _) = run(&levers, 0.05, Effort::default(), pd);
        let first = &findings.proposals[0].position;
        assert!(first.iter().all(|&steps| steps != 0), "{first:?}");
        assert!(pd(first) < 0.05);
    }

    #[test]
    fn alternatives_are_different_advice_not_more_of_the_same() {
        let levers = [lever(20, 20, 0.1), lever(0, 1, 0.2), lever(0, 1, 0.2)];
        let ways = |passing: &'static [[i32; 3]]| {
            let pd = |p: &[i32]| {
                if passing.iter().any(|way| way == p) {
                    0.1
                } else {
                    0.3
                }
            };
            let effort = Effort {
                grid: 2_000,
                ..Effort::default()
            };
            let (findings, _) = run(&levers, 0.2, effort, pd);
            let found = findings
                .proposals
                .into_iter()
                .map(|proposal| proposal.position);
            found.collect::<Vec<_>>()
        };
        // Less far with one more thing done; the other way; something else altogether.
        assert_eq!(ways(&[[-10, 0, 0], [-8, 1, 0]]), [[-10, 0, 0]]);
        assert_eq!(ways(&[[-10, 0, 0], [-7, 1, 0]]).len(), 2);
        assert_eq!(ways(&[[-10, 0, 0], [10, 0, 0]]).len(), 2);
        assert_eq!(ways(&[[0, 1, 0], [0, 0, 1]]).len(), 2);
        // One paper in place of the other beside the same large change.
        assert_eq!(ways(&[[-10, 1, 0], [-10, 0, 1]]).len(), 1);
    }

    #[test]
    fn marks_are_dense_near_the_start_and_reach_the_end() {
        assert_eq!(marks(4, 8), [1, 2, 3, 4]);
        assert_eq!(marks(100, 5), [4, 16, 36, 64, 100]);
        assert_eq!(marks(0, 5), Vec::<i32>::new());
        assert_eq!(marks(10, 9).last(), Some(&10));
    }

    #[test]
    fn the_same_question_has_the_same_answer() {
        let levers = [lever(300, 0, 0.01), lever(200, 200, 0.01), lever(0, 1, 0.2)];
        let ask = || {
            run(&levers, 0.3, Effort::default(), |p| {
                bumpy(&[0.01, -0.02, -0.1], 0.2, p)
            })
            .0
        };
        assert_eq!(ask(), ask());
    }

    #[test]
    fn a_caller_that_fails_ends_the_search() {
        let failed = search(&[lever(1, 1, 0.1)], 0.5, Effort::default(), |_| Err("no"));
        assert_eq!(failed, Err("no"));
    }
}
