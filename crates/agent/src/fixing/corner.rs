//! Corners: the groups of neighbours whose tickets the older routes of v1 take.
//!
//! The agents stand on a torus of 5 by 5. An agent's neighbours, and their places in the tables:
//!
//! ```text
//! −6 −5 −4        0 1 2
//! −1  ·  1        3 · 4
//!  4  5  6        5 6 7
//! ```

use coin::AGENTS;

/// How far the numbers of an agent's neighbours are from its own, around the torus.
const NEIGHBOURS: [isize; 8] = [-6, -5, -4, -1, 1, 4, 5, 6];

/// The corners of 3 neighbours.
pub(crate) const THREE: [[usize; 3]; 4] = [[0, 1, 3], [1, 2, 4], [3, 5, 6], [4, 6, 7]];

/// The same with the neighbour opposite of their middle one.
pub(crate) const FOUR: [[usize; 4]; 4] = [[0, 1, 3, 7], [1, 2, 4, 5], [3, 5, 6, 2], [4, 6, 7, 0]];

/// Agents in a corner of any neighbours.
pub(crate) const FIVE: usize = 5;

/// The places of the neighbours in a pattern of 13 characters, which also has those between the
/// rows of the torus and the agent itself.
const LONG_PATTERN: [usize; 8] = [0, 1, 2, 5, 7, 10, 11, 12];

/// The same in a pattern of 9 characters.
const SHORT_PATTERN: [usize; 8] = [0, 1, 2, 3, 5, 6, 7, 8];

/// Returns the neighbour of an agent in one place of the tables.
fn neighbour(agent: usize, place: usize) -> usize {
    let number = agent as isize + NEIGHBOURS[place];
    number.rem_euclid(AGENTS as isize) as usize
}

/// Tells whether these agents are, in whatever order, a corner of another.
pub(crate) fn is_corner<const N: usize>(
    agent: usize,
    corners: &[[usize; N]],
    mut givers: [usize; N],
) -> bool {
    givers.sort_unstable();
    corners.iter().any(|corner| {
        let mut members = corner.map(|place| neighbour(agent, place));
        members.sort_unstable();
        members == givers
    })
}

/// Reads a pattern such as `p.pp0p..p` or `ppp..p0p.....`, in which `p` stands for those
/// neighbours that gave tickets and `0` for the agent itself. Returns five of them in their order.
pub(crate) fn marked(agent: usize, pattern: &str) -> Option<[usize; FIVE]> {
    let places = match pattern.len() {
        9 => SHORT_PATTERN,
        13 => LONG_PATTERN,
        _ => return None,
    };
    let marks = pattern.as_bytes();
    let is_neighbour = |mark: usize| places.contains(&mark);
    let marked: Vec<usize> = (0..marks.len()).filter(|&mark| marks[mark] == b'p').collect();
    if !marked.iter().copied().all(is_neighbour) || marks[marks.len() / 2] != b'0' {
        return None;
    }
    let place = |mark| places.iter().position(|known| *known == mark);
    let places: Vec<usize> = marked.into_iter().filter_map(place).collect();
    let places: [usize; FIVE] = places.try_into().ok()?;
    Some(places.map(|place| neighbour(agent, place)))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// An agent's row and column on the torus.
    fn at(agent: usize) -> (usize, usize) {
        (agent / 5, agent % 5)
    }

    #[test]
    fn neighbours_are_eight_others_and_the_relation_is_mutual() {
        for agent in 0..AGENTS {
            let mut all: Vec<usize> = (0..8).map(|place| neighbour(agent, place)).collect();
            for (place, &other) in all.iter().enumerate() {
                assert_eq!(neighbour(other, 7 - place), agent);
            }
            all.sort_unstable();
            all.dedup();
            assert!(all.len() == 8 && !all.contains(&agent), "{agent}: {all:?}");
        }
        let inner: Vec<_> = (0..8).map(|place| at(neighbour(12, place))).collect();
        assert_eq!(inner, [(1, 1), (1, 2), (1, 3), (2, 1), (2, 3), (3, 1), (3, 2), (3, 3)]);
        let thirteen: Vec<_> = (0..8).map(|place| neighbour(13, place)).collect();
        assert_eq!(thirteen, [7, 8, 9, 12, 14, 17, 18, 19]);
    }

    #[test]
    fn corners_of_three_touch_one_another_and_those_of_four_add_a_corner_of_the_square() {
        for (three, four) in THREE.iter().zip(FOUR) {
            assert_eq!(three, &four[..3]);
            // The one in the middle is diagonal to the agent, the others touch both.
            let cells = three.map(|place| at(neighbour(12, place)));
            let (rows, columns): (Vec<_>, Vec<_>) = cells.into_iter().unzip();
            let span = |all: &[usize]| all.iter().max().unwrap() - all.iter().min().unwrap();
            assert_eq!((span(&rows), span(&columns)), (1, 1), "{three:?}");
            let diagonal = three.iter().find(|place| [0, 2, 5, 7].contains(*place)).unwrap();
            assert_eq!(four[3], 7 - diagonal);
        }
    }

    #[test]
    fn a_corner_is_known_in_any_order_and_nothing_else_is_one() {
        // What a real client sent to agent 3.
        assert!(is_corner(3, &FOUR, [22, 23, 2, 9]));
        assert!(is_corner(3, &FOUR, [9, 2, 23, 22]));
        assert!(!is_corner(3, &FOUR, [22, 23, 2, 4]));
        assert!(!is_corner(3, &FOUR, [22, 22, 2, 9]));
        assert!(!is_corner(4, &FOUR, [22, 23, 2, 9]));
        assert!(is_corner(12, &THREE, [6, 7, 11]));
        assert!(!is_corner(12, &THREE, [6, 7, 12]));
        assert!(!is_corner(12, &THREE, [6, 7, 8]));
    }

    #[test]
    fn patterns_of_both_lengths_name_five_neighbours() {
        assert_eq!(marked(12, "p.pp0p..p"), Some([6, 8, 11, 13, 18]));
        assert_eq!(marked(12, "ppp..p0p....."), Some([6, 7, 8, 11, 13]));
        assert_eq!(marked(0, "ppp..p0p....."), Some([19, 20, 21, 24, 1]));
        for bad in [
            "",
            "pppp0p...p",
            "pppp.p...",
            "pppp0pp..",
            "ppp.0....",
            "ppppp....",
            "ppppp.0.....",
            "ppppp.0......",
            "é.pp0p..p",
        ] {
            assert_eq!(marked(12, bad), None, "{bad}");
        }
    }

    #[test]
    fn five_of_eight_neighbours_are_56_corners() {
        let short = |mask: u32| -> String {
            let mark = |place: usize| if mask >> place & 1 == 1 { 'p' } else { '.' };
            let marks: String = (0..8).map(mark).collect();
            format!("{}0{}", &marks[..4], &marks[4..])
        };
        let corners = (0..256).filter(|mask| marked(12, &short(*mask)).is_some());
        assert_eq!(corners.count(), 56);
    }
}
