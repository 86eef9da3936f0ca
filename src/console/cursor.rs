//! Where a list goes on: signed, so that nobody can make one up and none has to be stored.

use axum::http::StatusCode;
use serde::Deserialize;
use utoipa::IntoParams;

use super::problem::Problem;
use crate::store::pages::Place;
use crate::token::{Keyring, Purpose};

const USUAL: u32 = 50;
const MOST: u32 = 200;

/// Which part of a list.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct Page {
    /// At most so many, 1 to 200.
    #[param(minimum = 1, maximum = 200, default = 50)]
    limit: Option<u32>,
    /// Where to go on: `next` of the page before.
    cursor: Option<String>,
}

impl Page {
    /// How many, and behind which row.
    pub(super) fn read(&self, keyring: &Keyring) -> Result<(u32, Option<Place>), Problem> {
        read(self.limit, self.cursor.as_deref(), keyring)
    }
}

pub(super) fn read(
    limit: Option<u32>,
    cursor: Option<&str>,
    keyring: &Keyring,
) -> Result<(u32, Option<Place>), Problem> {
    let limit = limit.unwrap_or(USUAL);
    if !(1..=MOST).contains(&limit) {
        return Err(Problem::new(StatusCode::BAD_REQUEST, "limit: expected 1 to 200"));
    }
    let place = cursor.map(|cursor| {
        let place = keyring.open::<Place>(Purpose::Cursor, cursor);
        place.ok_or_else(|| {
            Problem::new(StatusCode::BAD_REQUEST, "cursor: expected `next` of an earlier page")
        })
    });
    Ok((limit, place.transpose()?))
}

/// The cursor behind the last of these, if there may be more.
pub(super) fn next<T>(
    items: &mut Vec<T>,
    limit: u32,
    keyring: &Keyring,
    place: impl Fn(&T) -> Place,
) -> Option<String> {
    // One more than asked for was read.
    let more = items.len() > limit as usize;
    items.truncate(limit as usize);
    items.last().filter(|_| more).map(|last| keyring.seal(Purpose::Cursor, &place(last)))
}
