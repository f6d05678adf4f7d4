//! The solver against brute force on problems small enough for it, and against its own promises on others.

use proptest::prelude::*;
use proptest::test_runner::RngSeed;

use super::problem::{Bin, Problem, Row, Unit};
use super::state::State;
use super::{Bounds, Question, SAME, sequence, solve};

const GIB: u64 = 1 << 30;

/// Bins of different size, units of different weight, two classes, reservations and replicas.
fn problem(bins: std::ops::Range<usize>, units: std::ops::Range<usize>) -> impl Strategy<Value = Problem> {
    let bins = prop::collection::vec((1_u64..4, 0_u64..20), bins);
    let unit = (1_u64..60, any::<prop::sample::Index>(), 0_u64..50, any::<bool>(), 0_usize..4, any::<bool>());
    (bins, prop::collection::vec(unit, units), any::<u64>()).prop_map(|(bins, units, zone)| {
        let count = bins.len();
        let mut problem = Problem {
            bins: bins
                .iter()
                .map(|(size, base)| Bin { total: size * GIB, load: base * GIB / 100, ceiling: u64::MAX })
                .collect(),
            ..Problem::default()
        };
        problem.allowed = vec![vec![true; count], (0..count).map(|bin| zone >> bin & 1 == 1).collect()];
        problem.rows.push(Row { room: bins.iter().map(|(size, _)| size * GIB).collect(), used: vec![0; count] });
        problem.rows.extend((0..2).map(|_| Row { room: vec![1; count], used: vec![0; count] }));
        for (weight, home, reserved, zoned, service, group) in units {
            let home = home.index(count);
            let mut needs = vec![(0, reserved * GIB / 100)];
            needs.retain(|(_, amount)| *amount > 0);
            // Replicas of a service: one per bin, or as many as the most crowded has.
            needs.extend((service < 2).then_some((1 + service, 1)));
            for (row, amount) in &needs {
                problem.rows[*row].used[home] += amount;
            }
            let (weight, restarts) = (weight * GIB / 100, if group { 2 } else { 1 });
            problem.bins[home].load += weight;
            problem.units.push(Unit { weight, slack: 0, home, restarts, class: usize::from(zoned), needs });
        }
        for row in &mut problem.rows[1..] {
            let crowd = row.used.iter().copied().max().unwrap_or(1).max(1);
            row.room = vec![crowd; count];
        }
        problem
    })
}

/// The lowest peak of every assignment that can be reached one move at a time.
fn brute(problem: &Problem, restarts: u32) -> f64 {
    fn go(state: &mut State<'_>, unit: usize, restarts: u32, best: &mut f64) {
        if state.restarts > restarts {
            return;
        }
        let problem = state.problem;
        if unit == problem.units.len() {
            if state.peak() < *best - SAME && feasible(state) && sequence(problem, &state.at).1.is_empty() {
                *best = state.peak();
            }
            return;
        }
        let home = problem.units[unit].home;
        for bin in 0..problem.bins.len() {
            if bin == home || problem.allowed[problem.units[unit].class][bin] {
                state.put(unit, bin);
                go(state, unit + 1, restarts, best);
                state.put(unit, home);
            }
        }
    }
    let mut state = State::new(problem);
    let mut best = state.peak();
    go(&mut state, 0, restarts, &mut best);
    best
}

/// Whether no row that gained anything is overfull, counted afresh.
fn feasible(state: &State<'_>) -> bool {
    let problem = state.problem;
    (0..problem.rows.len()).all(|row| {
        (0..problem.bins.len()).all(|bin| {
            let limits = &problem.rows[row];
            let amount = |unit: &usize| {
                problem.units[*unit].needs.iter().find(|(other, _)| *other == row).map_or(0, |(_, amount)| *amount)
            };
            let units = 0..problem.units.len();
            let was: u64 =
                units.clone().filter(|unit| problem.units[*unit].home == bin).map(|unit| amount(&unit)).sum();
            let is: u64 = units.filter(|unit| state.at[*unit] == bin).map(|unit| amount(&unit)).sum();
            limits.used[bin] - was + is <= limits.room[bin].max(limits.used[bin])
        })
    })
}

fn asked(problem: &Problem, restarts: u32) -> super::Found {
    let question = Question { restarts, enough: 0.0, looks: 300_000 };
    solve(problem, &Bounds::new(problem), &question, &[])
}

proptest! {
    // How good a search is, is a matter of the sample: the same one each time.
    #![proptest_config(ProptestConfig { cases: 150, rng_seed: RngSeed::Fixed(1), ..ProptestConfig::default() })]

    #[test]
    fn plans_of_one_or_two_restarts_are_the_best(problem in problem(2..5, 1..7)) {
        for restarts in [1, 2] {
            let found = asked(&problem, restarts);
            let best = brute(&problem, restarts);
            prop_assert!(found.peak <= best + 10.0 * SAME, "{restarts}: {} instead of {best}", found.peak);
        }
    }

    #[test]
    fn longer_plans_are_close_to_the_best(problem in problem(2..4, 1..7)) {
        let (found, best) = (asked(&problem, 5), brute(&problem, 5));
        prop_assert!(found.peak <= best + 0.02 + SAME, "{} instead of {best}", found.peak);
    }

    #[test]
    fn no_plan_beats_the_bound(problem in problem(2..4, 1..7)) {
        let bounds = Bounds::new(&problem);
        for restarts in 0..5 {
            let best = brute(&problem, restarts);
            prop_assert!(bounds.peak(restarts) <= best + SAME, "{restarts}: {} above {best}", bounds.peak(restarts));
            prop_assert!(bounds.restarts(best + SAME).is_some_and(|needed| needed <= restarts));
        }
    }

    #[test]
    fn plans_keep_every_promise(problem in problem(2..12, 1..60), restarts in 0_u32..30) {
        let found = asked(&problem, restarts);
        let mut state = State::new(&problem);
        state.restore(&found.at);
        prop_assert!(state.restarts <= restarts && state.restarts == found.restarts);
        prop_assert!(feasible(&state));
        prop_assert!(found.peak <= problem.peak() + SAME);
        prop_assert!((state.peak() - found.peak).abs() < SAME);
        prop_assert_eq!(sequence(&problem, &found.at).1, Vec::<usize>::new());
        prop_assert_eq!(asked(&problem, restarts).at, found.at);
        for (unit, bin) in state.moves() {
            prop_assert!(problem.allowed[problem.units[unit].class][bin]);
        }
    }
}

#[test]
fn a_swap_needs_room_for_one_of_them_first() {
    // Two bins whose reserved memory is full: their units can't change places one after the other.
    let unit = |home, weight| Unit { weight, slack: 0, home, restarts: 1, class: 0, needs: vec![(0, 10)] };
    let problem = Problem {
        urgent: Vec::new(),
        bins: vec![Bin { total: 100, load: 90, ceiling: u64::MAX }, Bin { total: 100, load: 10, ceiling: u64::MAX }],
        units: vec![unit(0, 60), unit(1, 5)],
        rows: vec![Row { room: vec![10, 10], used: vec![10, 10] }],
        allowed: vec![vec![true, true]],
    };
    assert_eq!(sequence(&problem, &[1, 0]).1.len(), 2);
    assert_eq!(asked(&problem, 2).at, [0, 1]);
}

#[test]
fn nothing_to_move_is_no_plan() {
    let problem = Problem { bins: vec![Bin { total: 10, load: 9, ceiling: u64::MAX }], ..Problem::default() };
    assert!(asked(&problem, 3).at.is_empty());
    assert!((Bounds::new(&problem).peak(3) - 0.9).abs() < SAME);
}
