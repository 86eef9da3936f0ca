//! How a builder gets its attributes: one method each, named after the vendor's camelCase name.

use std::fmt;

/// Declares the attribute methods of a builder around an `Element`: `method = "wireName": type`.
macro_rules! attribute_methods {
    ($builder:ident { $($(#[$doc:meta])+ $method:ident = $name:literal: $value:ty,)+ }) => {
        impl $builder {
            $($(#[$doc])+
            pub fn $method(mut self, value: $value) -> Self {
                self.0.set($name, value);
                self
            })+
        }

        #[cfg(test)]
        impl $crate::twiml::vectors::ByName for $builder {
            fn by_name(self, name: &str, value: &str) -> Option<Self> {
                match name {
                    $($name => Some(self.$method($crate::twiml::vectors::FromText::from_text(value)?)),)+
                    _ => None,
                }
            }
        }
    };
}

pub(super) use attribute_methods;

/// The HTTP method of a request that Twilio makes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Method {
    /// Parameters in the query; Twilio may cache what it got.
    Get,
    /// Parameters in a form; the default nearly everywhere.
    Post,
}

impl fmt::Display for Method {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Get => "GET",
            Self::Post => "POST",
        })
    }
}
