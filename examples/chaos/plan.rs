//! What happens in a call, all of it drawn before the call begins.

use std::time::Duration;

use crate::dice::Dice;

/// One call.
#[derive(Debug, Clone)]
pub(crate) struct Plan {
    /// Its number in the run; the caller names it in every sentence.
    pub(crate) number: u64,
    /// When the caller talks over the greeting; `None` hears it to the end.
    pub(crate) impatient: Option<Duration>,
    /// Whether the platform reports what was played.
    pub(crate) reports: bool,
    /// Everything the caller says, the last of it being what ends the call.
    pub(crate) turns: Vec<Turn>,
    /// What is wrong with the callback after `end`.
    pub(crate) callback: Callback,
    /// Whether the queue refuses the call.
    pub(crate) queue_full: bool,
}

/// One thing the caller says or does, and what goes wrong meanwhile.
#[derive(Debug, Clone)]
pub(crate) struct Turn {
    pub(crate) wish: Wish,
    /// Before the caller speaks.
    pub(crate) pause: Duration,
    /// Before the model's first word.
    pub(crate) thinking: Duration,
    pub(crate) fault: Option<ModelFault>,
    /// Whether the fault meets every request of the turn, or the first alone.
    pub(crate) lasting: bool,
    pub(crate) tool: Option<ToolFault>,
    pub(crate) act: Option<(Moment, Act)>,
}

/// What the caller wants.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Wish {
    /// An answer.
    Answer,
    /// A person, in plain words.
    Person,
    /// A person, by the key.
    Key,
    /// What the model takes to a person by itself.
    Escalation,
    /// What the model takes for the end of the call.
    Goodbye,
    /// To hang up.
    HangUp,
    /// Nothing: the caller is silent.
    Silence,
}

/// What the model does wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ModelFault {
    Status(u16),
    RateLimit(Option<u64>),
    Silent,
    Stall,
    Truncated,
    Disconnect,
    Garbage,
    Empty,
    Filtered,
    Length,
    LengthAtOnce,
    UnknownTool,
    BadArguments,
    BadEscalation,
    ToolLoop,
    TooLong,
    EndlessCall,
}

/// What a tool does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ToolFault {
    Fine,
    Slow,
    Fails,
    Hangs,
    Babbles,
}

/// When something is done in a turn.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Moment {
    /// So long after the caller spoke.
    After(Duration),
    /// After so many frames with words.
    Frames(usize),
}

/// What the caller, the platform or the network does in the middle of a turn.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Act {
    Cough,
    BargeIn,
    Storm(u64),
    Flood(u64),
    Malformed(u64),
    Oversized,
    Key(char),
    Lost,
    /// The same, and the callback comes while the old socket is still open.
    LostUnseen,
    ProviderFailed(u32),
    /// Something befalls the server, and so all calls.
    Weather(Weather),
}

/// What befalls the server as a whole.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Weather {
    /// It is killed and started again.
    Kill,
    /// Nobody listens where the model was, for a while.
    ModelAway,
    /// Somebody else holds the database, for a while.
    StoreLocked,
    /// The folder of the database is gone when the server starts again, for a while.
    StoreGone,
}

/// What is wrong with the callback after `end`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Callback {
    Fine,
    Repeated,
    Foreign,
    Malformed,
    WithoutData,
    WrongState,
}

const MODEL_FAULTS: &[ModelFault] = &[
    ModelFault::Status(500),
    ModelFault::Status(503),
    ModelFault::Status(401),
    ModelFault::Status(400),
    ModelFault::RateLimit(None),
    ModelFault::RateLimit(Some(120)),
    ModelFault::RateLimit(Some(8_000)),
    ModelFault::Silent,
    ModelFault::Silent,
    ModelFault::Stall,
    ModelFault::Truncated,
    ModelFault::Disconnect,
    ModelFault::Garbage,
    ModelFault::Empty,
    ModelFault::Filtered,
    ModelFault::Length,
    ModelFault::LengthAtOnce,
    ModelFault::UnknownTool,
    ModelFault::BadArguments,
    ModelFault::BadEscalation,
    ModelFault::ToolLoop,
    ModelFault::TooLong,
    ModelFault::EndlessCall,
];

const TOOL_FAULTS: &[ToolFault] =
    &[ToolFault::Fine, ToolFault::Slow, ToolFault::Fails, ToolFault::Hangs, ToolFault::Babbles];

const CALLBACKS: &[Callback] = &[
    Callback::Fine,
    Callback::Repeated,
    Callback::Foreign,
    Callback::Malformed,
    Callback::WithoutData,
    Callback::WrongState,
];

/// What happens to the whole server happens in every so manieth call, so that most calls are left to their
/// own trouble.
const WEATHER: &[(u64, Weather)] =
    &[(20, Weather::Kill), (33, Weather::ModelAway), (47, Weather::StoreLocked), (56, Weather::StoreGone)];
const WEATHER_EVERY: u64 = 60;

impl Plan {
    /// Draws the call with this number. Times are divided by `speed`, as the server's are. In fair weather
    /// nothing befalls the server as a whole.
    pub(crate) fn draw(seed: u64, number: u64, speed: u64, fair_weather: bool) -> Self {
        let mut dice = Dice::of_call(seed, number);
        let last = dice.one_of(&[
            Wish::Person,
            Wish::Person,
            Wish::Key,
            Wish::Escalation,
            Wish::Goodbye,
            Wish::HangUp,
            Wish::HangUp,
            Wish::Silence,
        ]);
        let answers = dice.number(1..=3);
        let wishes = (0..answers).map(|_| Wish::Answer).chain([last]);
        let mut turns: Vec<Turn> = wishes.map(|wish| Turn::draw(&mut dice, wish, speed)).collect();
        let weather = WEATHER.iter().find(|(remainder, _)| number % WEATHER_EVERY == *remainder);
        if let Some((_, weather)) = weather.filter(|_| !fair_weather) {
            let turn = dice.number(0..=answers - 1) as usize;
            turns[turn].act = Some((Moment::draw(&mut dice, speed), Act::Weather(*weather)));
        }
        Self {
            number,
            impatient: dice.percent(60).then(|| dice.millis(0..=4_000) / speed as u32),
            reports: !dice.percent(20),
            turns,
            callback: if dice.percent(60) { Callback::Fine } else { dice.one_of(CALLBACKS) },
            queue_full: dice.percent(15),
        }
    }
}

impl Turn {
    fn draw(dice: &mut Dice, wish: Wish, speed: u64) -> Self {
        let act = dice.percent(35).then(|| (Moment::draw(dice, speed), Act::draw(dice)));
        let late = dice.percent(30);
        Self {
            wish,
            pause: dice.millis(0..=1_500) / speed as u32,
            thinking: dice.millis(if late { 500..=3_500 } else { 20..=400 }) / speed as u32,
            fault: dice.percent(33).then(|| dice.one_of(MODEL_FAULTS)),
            lasting: dice.percent(25),
            tool: dice.percent(25).then(|| dice.one_of(TOOL_FAULTS)),
            act: act.filter(|_| !matches!(wish, Wish::HangUp | Wish::Silence)),
        }
    }
}

impl Moment {
    fn draw(dice: &mut Dice, speed: u64) -> Self {
        if dice.percent(50) {
            Self::Frames(dice.number(1..=6) as usize)
        } else {
            Self::After(dice.millis(0..=5_000) / speed as u32)
        }
    }
}

impl Act {
    fn draw(dice: &mut Dice) -> Self {
        let many = dice.number(3..=25);
        dice.one_of(&[
            Self::Cough,
            Self::Cough,
            Self::BargeIn,
            Self::BargeIn,
            Self::Storm(many),
            Self::Flood(many),
            Self::Malformed(many),
            Self::Oversized,
            Self::Key('5'),
            Self::Lost,
            Self::Lost,
            Self::LostUnseen,
            Self::ProviderFailed(64_111),
            Self::ProviderFailed(39_001),
            Self::ProviderFailed(64_101),
        ])
    }
}
