use super::*;
use crate::random::Purpose;

fn store(eviction: Eviction) -> Store {
    Store::new(eviction, Stream::new(1, "cache", Purpose::Eviction))
}

fn fill(store: &mut Store, key: u32, capacity: u32) {
    let value = Value {
        seen: Seen::NOTHING,
        lifetime: 100,
        load: 0,
    };
    store.fill(key, 0, value, Some(capacity));
}

fn read(store: &mut Store, key: u32) {
    let place = store.find(key).unwrap();
    store.read(place);
}

/// Returns the keys, the next victim last.
fn keys(store: &Store) -> Vec<u32> {
    store.first(usize::MAX).map(|entry| entry.key).collect()
}

#[test]
fn the_least_recently_used_leaves_first() {
    let mut store = store(Eviction::Lru);
    for key in [1, 2, 3] {
        fill(&mut store, key, 3);
    }
    read(&mut store, 1);
    fill(&mut store, 4, 3);
    assert_eq!(keys(&store), [4, 1, 3], "2 was used longest ago");
    fill(&mut store, 3, 3);
    assert_eq!(keys(&store), [3, 4, 1], "a fill is a use");
    assert_eq!(
        (store.evictions, store.fills, store.never_read()),
        (1, 5, 4)
    );
}

#[test]
fn the_oldest_leaves_first_however_much_it_was_used() {
    let mut store = store(Eviction::Fifo);
    for key in [1, 2, 3] {
        fill(&mut store, key, 3);
    }
    read(&mut store, 1);
    fill(&mut store, 1, 3);
    fill(&mut store, 4, 3);
    assert_eq!(keys(&store), [4, 3, 2]);
}

#[test]
fn the_least_often_used_leaves_first_and_of_equals_the_least_recently_used() {
    let mut store = store(Eviction::Lfu);
    for key in [1, 2, 3] {
        fill(&mut store, key, 3);
    }
    for key in [1, 1, 3] {
        read(&mut store, key);
    }
    fill(&mut store, 4, 3);
    assert_eq!(keys(&store), [1, 3, 4], "2 was never used");
    fill(&mut store, 5, 3);
    assert_eq!(keys(&store), [1, 3, 5], "nor was 4, and 3 was once");
    read(&mut store, 5);
    fill(&mut store, 6, 3);
    assert_eq!(
        keys(&store),
        [1, 5, 6],
        "3 and 5 were used as often, 3 longer ago"
    );
}

/// The example of the paper (Zhang et al., NSDI 2024, its first diagram): A and B and G were
/// visited.
#[test]
fn sieve_spares_who_was_used_since_its_hand_passed() {
    let mut store = store(Eviction::Sieve);
    let [a, b, c, d, e, f, g] = [1, 2, 3, 4, 5, 6, 7];
    // From old to new: G F E D C B A, capacity 7.
    for key in [g, f, e, d, c, b, a] {
        fill(&mut store, key, 7);
    }
    for key in [a, b, g] {
        read(&mut store, key);
    }
    let h = 8;
    fill(&mut store, h, 7);
    assert_eq!(keys(&store), [h, a, b, c, d, e, g], "G is spared, F goes");
    // A is used again, D is used, then I is added: the hand is at E.
    read(&mut store, a);
    read(&mut store, d);
    let i = 9;
    fill(&mut store, i, 7);
    assert_eq!(keys(&store), [i, h, a, b, c, d, g], "E goes");
    read(&mut store, b);
    let j = 10;
    fill(&mut store, j, 7);
    assert_eq!(keys(&store), [j, i, h, a, b, d, g], "D is spared, C goes");
}

#[test]
fn at_random_everybody_leaves_equally_often() {
    let mut store = store(Eviction::Random);
    let mut stayed = [0u32; 10];
    for _ in 0..5_000 {
        store.clear();
        for key in 0..11 {
            fill(&mut store, key, 10);
        }
        (0..10).for_each(|key| stayed[key as usize] += u32::from(store.find(key).is_some()));
    }
    assert!(
        stayed.iter().all(|times| (4_420..4_580).contains(times)),
        "{stayed:?}"
    );
}

#[test]
fn places_are_used_again_and_orders_survive_a_change() {
    for eviction in Eviction::ALL {
        let mut store = store(*eviction);
        for key in 0..1000 {
            fill(&mut store, key, 10);
            if key % 3 == 0 {
                read(&mut store, key);
            }
        }
        assert_eq!((store.len(), store.entries.len() <= 11), (10, true));
        for other in Eviction::ALL {
            store.set_eviction(*other);
            for key in 2000..2020 {
                fill(&mut store, key, 10);
            }
            let place = store.find(2019).unwrap();
            store.remove(place);
            let mut all = keys(&store);
            all.sort_unstable();
            assert_eq!(all.len(), 9, "{other:?} after {eviction:?}");
            all.dedup();
            assert_eq!((all.len(), store.len(), store.live(50)), (9, 9, 9));
            assert_eq!(store.live(100), 0);
        }
    }
}
