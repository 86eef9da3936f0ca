//! The business's clock: what time it is there, whether it is open, and moments that are written as text.
//!
//! Time is an argument.

use std::time::Duration;

use jiff::civil::{Date, DateTime, Time};
use jiff::tz::TimeZone;
use jiff::{Timestamp, Zoned};

/// The days, in their order.
pub const DAYS: [&str; 7] = ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"];

/// When a business is open, in its own time zone.
#[derive(Debug, Clone)]
pub struct Hours {
    zone: TimeZone,
    /// The spans of each day in minutes since midnight, the end excluded; none where no day has any, which is
    /// always open.
    open: Option<[Vec<(u16, u16)>; 7]>,
    holidays: Vec<Holiday>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Holiday {
    /// None for every year.
    year: Option<i16>,
    month: i8,
    day: i8,
}

/// A moment as the business sees it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Local {
    /// `open`, `closed` or `holiday`.
    pub hours: &'static str,
    /// One of [`DAYS`].
    pub day: &'static str,
    /// `HH:MM`.
    pub time: String,
    /// `YYYY-MM-DD`.
    pub date: String,
}

impl Hours {
    /// Reads a zone of the IANA database, spans such as `09:00-17:30` for each day, and holidays such as
    /// `2026-12-24` or, for every year, `12-25`.
    ///
    /// # Errors
    ///
    /// Everything that cannot be read.
    pub fn new(zone: &str, days: &[Vec<String>; 7], holidays: &[String]) -> Result<Self, Vec<String>> {
        let mut problems = Vec::new();
        let zone = TimeZone::get(zone).unwrap_or_else(|_| {
            problems.push("zone: expected a name such as Europe/Berlin".to_owned());
            TimeZone::UTC
        });
        let mut open: [Vec<(u16, u16)>; 7] = Default::default();
        for ((spans, texts), day) in open.iter_mut().zip(days).zip(DAYS) {
            match texts.iter().map(|text| span(text)).collect() {
                Some(read) => *spans = read,
                None => problems.push(format!("{day}: expected spans such as \"09:00-17:30\", up to 24:00")),
            }
        }
        let read: Option<Vec<Holiday>> = holidays.iter().map(|text| holiday(text)).collect();
        if read.is_none() {
            problems.push("holidays: expected dates such as \"2026-12-24\" or \"12-25\"".to_owned());
        }
        let any = days.iter().any(|day| !day.is_empty());
        let holidays = read.unwrap_or_default();
        if problems.is_empty() {
            Ok(Self { zone, open: any.then_some(open), holidays })
        } else {
            Err(problems)
        }
    }

    /// What a moment since 1970 is there.
    pub fn at(&self, since_epoch: Duration) -> Local {
        let seconds = i64::try_from(since_epoch.as_secs()).unwrap_or(i64::MAX);
        let local = Timestamp::from_second(seconds).unwrap_or(Timestamp::MAX).to_zoned(self.zone.clone());
        let day = usize::try_from(local.weekday().to_monday_zero_offset()).unwrap_or(0);
        Local {
            hours: self.hours(&local, day),
            day: DAYS[day],
            time: local.strftime("%H:%M").to_string(),
            date: local.date().to_string(),
        }
    }

    fn hours(&self, local: &Zoned, day: usize) -> &'static str {
        let (year, month, date) = (local.year(), local.month(), local.day());
        let today = |holiday: &Holiday| {
            (holiday.month, holiday.day) == (month, date) && holiday.year.is_none_or(|fixed| fixed == year)
        };
        if self.holidays.iter().any(today) {
            return "holiday";
        }
        let minute = minute_of(local.time());
        let within = |(from, to): &(u16, u16)| (*from..*to).contains(&minute);
        let open = self.open.as_ref().is_none_or(|days| days[day].iter().any(within));
        if open { "open" } else { "closed" }
    }
}

/// The moment that a text names, in seconds since 1970: a date with or without a time. Without an offset it is
/// one of UTC.
pub fn moment(text: &str) -> Option<i64> {
    // Figures alone are a number, although they could be read as a date.
    if text.len() > 40 || text.as_bytes().get(4) != Some(&b'-') {
        return None;
    }
    let utc = |civil: DateTime| civil.to_zoned(TimeZone::UTC).ok().map(|zoned| zoned.timestamp());
    let moment = text.parse::<Timestamp>().ok().or_else(|| utc(text.parse().ok()?));
    moment.map(Timestamp::as_second)
}

/// When it was by a `Date` header, in seconds since 1970.
pub fn http_date(text: &str) -> Option<i64> {
    jiff::fmt::rfc2822::parse(text).ok().map(|zoned| zoned.timestamp().as_second())
}

fn minute_of(time: Time) -> u16 {
    let minutes = i16::from(time.hour()) * 60 + i16::from(time.minute());
    u16::try_from(minutes).unwrap_or(0)
}

fn span(text: &str) -> Option<(u16, u16)> {
    let (from, to) = text.split_once('-')?;
    let (from, to) = (clock(from.trim())?, clock(to.trim())?);
    (from < to).then_some((from, to))
}

fn clock(text: &str) -> Option<u16> {
    let (hours, minutes) = text.split_once(':')?;
    let digits = |text: &str| text.len() == 2 && text.bytes().all(|b| b.is_ascii_digit());
    let (hour, minute): (u16, u16) = (hours.parse().ok()?, minutes.parse().ok()?);
    let fits = digits(hours) && digits(minutes) && minute < 60 && hour * 60 + minute <= 24 * 60;
    fits.then_some(hour * 60 + minute)
}

fn holiday(text: &str) -> Option<Holiday> {
    // A leap year, so that every day of any year can be named.
    let (year, rest) = match text.len() {
        5 => (None, format!("2024-{text}")),
        _ => (Some(text.get(..4)?.parse().ok()?), text.to_owned()),
    };
    let date: Date = rest.parse().ok()?;
    (rest.len() == 10).then_some(Holiday { year, month: date.month(), day: date.day() })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn berlin() -> Hours {
        let mut days: [Vec<String>; 7] = Default::default();
        for day in &mut days[..5] {
            *day = vec!["09:00-12:00".into(), "13:00-24:00".into()];
        }
        Hours::new("Europe/Berlin", &days, &["12-25".into(), "2026-07-01".into()]).unwrap()
    }

    fn at(hours: &Hours, text: &str) -> Local {
        hours.at(Duration::from_secs(moment(text).unwrap().try_into().unwrap()))
    }

    #[test]
    fn the_business_has_a_clock_of_its_own() {
        let hours = berlin();
        let local = at(&hours, "2026-01-05T08:00:00Z");
        let expected =
            Local { hours: "open", day: "monday", time: "09:00".into(), date: "2026-01-05".into() };
        assert_eq!(local, expected);
        for (moment, expected) in [
            ("2026-01-05T07:59:59Z", "closed"),
            // Summer time: the same hour of UTC is another one there.
            ("2026-06-01T07:00:00Z", "open"),
            ("2026-06-01T10:00:00Z", "closed"),
            ("2026-06-01T21:59:59Z", "open"),
            ("2026-06-01T22:00:00Z", "closed"),
            ("2026-01-04T10:00:00Z", "closed"),
            ("2026-12-25T10:00:00Z", "holiday"),
            ("2031-12-25T10:00:00Z", "holiday"),
            ("2026-07-01T10:00:00Z", "holiday"),
            ("2027-07-01T11:00:00Z", "open"),
        ] {
            assert_eq!(at(&hours, moment).hours, expected, "{moment}");
        }
        // The night on which clocks are put forward.
        assert_eq!(at(&hours, "2026-03-29T01:00:00Z").time, "03:00");
    }

    #[test]
    fn without_spans_it_is_always_open() {
        let hours = Hours::new("UTC", &Default::default(), &["01-01".into()]).unwrap();
        assert_eq!(at(&hours, "2026-01-04T03:00:00Z").hours, "open");
        assert_eq!(at(&hours, "2026-01-01T03:00:00Z").hours, "holiday");
    }

    #[test]
    fn every_mistake_is_told() {
        let mut days: [Vec<String>; 7] = Default::default();
        for (day, wrong) in
            days.iter_mut().zip(["9-17", "09:00-25:00", "17:00-09:00", "09:60-10:00", "x", "+9:00-10:00"])
        {
            *day = vec![wrong.to_owned()];
        }
        let problems = Hours::new("Mars/Base", &days, &["2026-02-30".into()]).unwrap_err();
        assert_eq!(problems.len(), 8, "{problems:#?}");
    }

    #[test]
    fn a_moment_is_a_date_and_no_number() {
        assert_eq!(moment("2026-01-01"), Some(1_767_225_600));
        assert_eq!(moment("2026-01-01T01:00:00+01:00"), Some(1_767_225_600));
        assert_eq!(moment("2026-01-01T00:00:00"), Some(1_767_225_600));
        for text in ["20260101", "3", "soon", "", "2026-13-01", "éé-é"] {
            assert_eq!(moment(text), None, "{text}");
        }
    }
}
