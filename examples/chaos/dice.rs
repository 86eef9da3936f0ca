//! Chance that can be repeated: splitmix64, seeded.
//!
//! <https://prng.di.unimi.it/splitmix64.c>

use std::ops::RangeInclusive;
use std::time::Duration;

/// A generator. The same seed always draws the same.
#[derive(Debug, Clone)]
pub(crate) struct Dice(u64);

impl Dice {
    /// For the call with this number, in the run with this seed.
    pub(crate) fn of_call(seed: u64, number: u64) -> Self {
        let mut dice = Self(seed ^ number.wrapping_mul(0xA076_1D64_78BD_642F));
        // Neighbouring numbers shall not begin alike.
        dice.draw();
        dice
    }

    fn draw(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ (mixed >> 31)
    }

    /// A number of this range.
    pub(crate) fn number(&mut self, range: RangeInclusive<u64>) -> u64 {
        let (first, last) = range.into_inner();
        first + self.draw() % (last - first + 1)
    }

    /// True so many times out of a hundred.
    pub(crate) fn percent(&mut self, percent: u64) -> bool {
        self.number(0..=99) < percent
    }

    /// One of these.
    pub(crate) fn one_of<T: Clone>(&mut self, choices: &[T]) -> T {
        choices[self.number(0..=choices.len() as u64 - 1) as usize].clone()
    }

    /// A time of so many milliseconds.
    pub(crate) fn millis(&mut self, range: RangeInclusive<u64>) -> Duration {
        Duration::from_millis(self.number(range))
    }
}
