//! What the callers of a load do, and the chance that decides between it.

use std::time::Duration;

use super::mark::MOST;

/// What every caller does.
#[derive(Debug, Clone, PartialEq)]
pub struct Plan {
    /// How many calls go on at the same time.
    pub calls: usize,
    /// In which time they begin.
    pub ramp: Duration,
    /// How long it is measured once all of them go on.
    pub seconds: Duration,
    /// How long they go on before that.
    pub warm_up: Duration,
    /// How many questions a call asks before it ends and another takes its place; 0 for as many as there is time.
    pub turns: u16,
    /// Whether a call that has asked its questions is not replaced; the load ends with the last one.
    pub once: bool,
    /// How long a caller thinks between an answer and the next question, on average.
    pub think: Duration,
    /// Of how many words an answer is to be.
    pub words: u16,
    /// How many partial prompts come before a final one.
    pub partials: u8,
    /// Which share of the answers is interrupted, from 0 to 1.
    pub interrupts: f64,
    /// Which share of the questions asks for a person, from 0 to 1.
    pub escalations: f64,
    /// How long words may be on their way after an interrupt.
    pub grace: Duration,
    /// How long a caller waits for the next word.
    pub patience: Duration,
    /// Whether callers only hold the line.
    pub idle: bool,
    /// What chance is drawn from.
    pub seed: u64,
}

impl Default for Plan {
    fn default() -> Self {
        Self {
            calls: 100,
            ramp: Duration::from_secs(2),
            seconds: Duration::from_secs(10),
            warm_up: Duration::from_secs(2),
            turns: 0,
            once: false,
            think: Duration::from_millis(500),
            words: 60,
            partials: 0,
            interrupts: 0.0,
            escalations: 0.0,
            grace: Duration::from_millis(500),
            patience: Duration::from_secs(15),
            idle: false,
            seed: 1,
        }
    }
}

impl Plan {
    /// What makes no sense about it.
    ///
    /// # Errors
    ///
    /// When it cannot be carried out; says why.
    pub fn check(&self) -> Result<(), String> {
        let share = |value: f64| (0.0..=1.0).contains(&value);
        if self.calls == 0 {
            Err("no calls".to_owned())
        } else if self.words == 0 || self.words >= MOST {
            Err(format!("an answer has from 1 to {} tokens", MOST - 1))
        } else if self.turns >= MOST {
            Err(format!("a call has fewer than {MOST} turns"))
        } else if !share(self.interrupts) || !share(self.escalations) {
            Err("a share is a number from 0 to 1".to_owned())
        } else {
            Ok(())
        }
    }
}

/// Chance that can be repeated: splitmix64, seeded. <https://prng.di.unimi.it/splitmix64.c>
#[derive(Debug, Clone)]
pub struct Dice(u64);

impl Dice {
    /// The same seed and number always draw the same.
    pub fn new(seed: u64, number: u64) -> Self {
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

    /// From 0 up to and without 1.
    pub fn share(&mut self) -> f64 {
        (self.draw() >> 11) as f64 / (1_u64 << 53) as f64
    }

    /// From 0 up to and without `end`, which is above 0.
    pub fn below(&mut self, end: usize) -> usize {
        (self.share() * end as f64) as usize
    }

    /// True in this share of all draws.
    pub fn happens(&mut self, share: f64) -> bool {
        self.share() < share
    }

    /// From half of `time` to one and a half of it.
    pub fn about(&mut self, time: Duration) -> Duration {
        time.mul_f64(0.5 + self.share())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_plan_that_cannot_be_carried_out_says_why() {
        assert_eq!(Plan::default().check(), Ok(()));
        let refused = |plan: Plan| plan.check().unwrap_err();
        assert_eq!(refused(Plan { calls: 0, ..Plan::default() }), "no calls");
        assert!(refused(Plan { words: 2_000, ..Plan::default() }).contains("1023"));
        assert!(refused(Plan { interrupts: 1.5, ..Plan::default() }).contains("from 0 to 1"));
    }

    #[test]
    fn chance_keeps_within_its_bounds_and_can_be_repeated() {
        let mut dice = Dice::new(1, 2);
        let time = Duration::from_secs(2);
        let mut happened = 0;
        for _ in 0..10_000 {
            assert!((Duration::from_secs(1)..=Duration::from_secs(3)).contains(&dice.about(time)));
            assert!(dice.below(5) < 5);
            happened += u32::from(dice.happens(0.25));
        }
        assert!((2_300..2_700).contains(&happened), "{happened}");
        assert_eq!(Dice::new(3, 4).draw(), Dice::new(3, 4).draw());
        assert_ne!(Dice::new(3, 4).draw(), Dice::new(3, 5).draw());
    }
}
