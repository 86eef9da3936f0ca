//! Tool calls arrive in pieces. They are joined by index, never by arrival: providers interleave them.

use std::collections::BTreeMap;

use crate::chat::ToolCall;

/// How many calls one answer may hold. What goes beyond is dropped.
const MOST_CALLS: usize = 16;
/// How long the arguments of one call may be, in bytes. A longer one is cut, and so fails its schema.
const LONGEST_ARGUMENTS: usize = 32 * 1024;

/// One piece of a tool call.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Fragment {
    /// Which call of the answer. Some compatible servers leave it out; then the id tells.
    pub index: Option<u32>,
    /// Sent once, with the first piece; some servers repeat it.
    pub id: Option<String>,
    /// Sent once, with the first piece; some servers repeat it.
    pub name: Option<String>,
    /// The next characters of the arguments.
    pub arguments: Option<String>,
}

/// The tool calls of one answer while they arrive.
#[derive(Debug, Default)]
pub struct ToolCallAssembly {
    calls: BTreeMap<u32, Partial>,
    latest: u32,
}

#[derive(Debug, Default)]
struct Partial {
    id: Option<String>,
    name: Option<String>,
    arguments: String,
}

impl ToolCallAssembly {
    /// Takes the next piece.
    pub fn push(&mut self, fragment: Fragment) {
        let index = fragment.index.unwrap_or_else(|| self.index_of(fragment.id.as_deref()));
        if !self.calls.contains_key(&index) && self.calls.len() == MOST_CALLS {
            return;
        }
        self.latest = index;
        let call = self.calls.entry(index).or_default();
        let filled = |text: &String| !text.is_empty();
        if call.id.is_none() {
            call.id = fragment.id.filter(filled);
        }
        if call.name.is_none() {
            call.name = fragment.name.filter(filled);
        }
        let more = fragment.arguments.unwrap_or_default();
        if call.arguments.len() + more.len() <= LONGEST_ARGUMENTS {
            call.arguments.push_str(&more);
        }
    }

    /// Whether no piece has come.
    pub fn is_empty(&self) -> bool {
        self.calls.is_empty()
    }

    /// The calls in the order of the answer.
    pub fn finish(self) -> Vec<ToolCall> {
        let complete = |(index, call): (u32, Partial)| ToolCall {
            id: call.id.unwrap_or_else(|| format!("call_{index}")),
            name: call.name.unwrap_or_default(),
            arguments: call.arguments.into(),
        };
        self.calls.into_iter().map(complete).collect()
    }

    /// Where a piece without an index belongs: to the call with its id, a new one, or the latest.
    fn index_of(&self, id: Option<&str>) -> u32 {
        let next = self.calls.last_key_value().map_or(0, |(index, _)| index.saturating_add(1));
        match id.filter(|id| !id.is_empty()) {
            Some(id) => {
                let known = self.calls.iter().find(|(_, call)| call.id.as_deref() == Some(id));
                known.map_or(next, |(index, _)| *index)
            }
            None => self.latest,
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn call(id: &str, name: &str, arguments: &str) -> ToolCall {
        ToolCall { id: id.into(), name: name.into(), arguments: arguments.into() }
    }

    fn piece(index: u32, arguments: &str) -> Fragment {
        Fragment { index: Some(index), arguments: Some(arguments.into()), ..Fragment::default() }
    }

    #[test]
    fn pieces_without_an_index_follow_their_id() {
        let mut assembly = ToolCallAssembly::default();
        for (id, name, arguments) in [
            (Some("a"), Some("first"), "{\"x\":"),
            (None, None, "1}"),
            (Some("b"), Some("second"), "{"),
            (Some("b"), Some("second"), "}"),
        ] {
            assembly.push(Fragment {
                index: None,
                id: id.map(str::to_owned),
                name: name.map(str::to_owned),
                arguments: Some(arguments.into()),
            });
        }
        assert_eq!(assembly.finish(), [call("a", "first", "{\"x\":1}"), call("b", "second", "{}")]);
    }

    #[test]
    fn endless_arguments_and_calls_stay_bounded() {
        let mut assembly = ToolCallAssembly::default();
        for _ in 0..100 {
            assembly.push(piece(0, &"x".repeat(1024)));
        }
        for index in 0..1000 {
            assembly.push(piece(index, "{}"));
        }
        let calls = assembly.finish();
        assert_eq!(calls.len(), MOST_CALLS);
        assert!(calls[0].arguments.expose().len() <= LONGEST_ARGUMENTS);
    }

    /// Calls, and for each a list of places where its arguments are cut.
    fn answer() -> impl Strategy<Value = Vec<(String, String, Vec<prop::sample::Index>)>> {
        let cuts = prop::collection::vec(any::<prop::sample::Index>(), 0..5);
        prop::collection::vec(("[a-z]{1,6}", "\\PC{0,30}", cuts), 1..5)
    }

    proptest! {
        #[test]
        fn any_cutting_and_interleaving_gives_the_same_calls(
            answer in answer(), order in prop::collection::vec(any::<prop::sample::Index>(), 60),
        ) {
            let mut queues: Vec<Vec<Fragment>> = Vec::new();
            let mut expected = Vec::new();
            for (index, (name, arguments, cuts)) in answer.into_iter().enumerate() {
                let index = u32::try_from(index).unwrap();
                let characters: Vec<char> = arguments.chars().collect();
                let mut at: Vec<usize> = cuts.iter().map(|cut| cut.index(characters.len() + 1)).collect();
                at.extend([0, characters.len()]);
                at.sort_unstable();
                let id = format!("id{index}");
                expected.push(call(&id, &name, &arguments));
                let mut pieces =
                    vec![Fragment { id: Some(id), name: Some(name), ..piece(index, "") }];
                let text = |range: &[usize]| characters[range[0]..range[1]].iter().collect::<String>();
                pieces.extend(at.windows(2).map(|range| piece(index, &text(range))));
                pieces.reverse();
                queues.push(pieces);
            }
            let mut assembly = ToolCallAssembly::default();
            let mut order = order.into_iter().cycle();
            while !queues.is_empty() {
                let chosen = order.next().unwrap().index(queues.len());
                match queues[chosen].pop() {
                    Some(fragment) => assembly.push(fragment),
                    None => drop(queues.swap_remove(chosen)),
                }
            }
            prop_assert_eq!(assembly.finish(), expected);
        }
    }
}
