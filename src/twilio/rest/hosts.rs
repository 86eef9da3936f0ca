//! Where Twilio's products are.
//!
//! <https://www.twilio.com/docs/global-infrastructure/using-the-twilio-rest-api-in-a-non-us-region>

/// A product with a host of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Product {
    /// Calls, recordings, numbers.
    Api,
    /// Tasks, workflows, queues.
    TaskRouter,
    /// Interactions.
    Flex,
}

/// Where to ask.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Hosts {
    /// In the United States, which is Twilio's own choice.
    Usual,
    /// In a region, by an edge: hosts name both or neither.
    Region {
        /// Where requests enter Twilio's network, such as `dublin`.
        edge: String,
        /// Where they are processed, such as `ie1`.
        region: String,
    },
    /// All products at one address, such as that of a test.
    At(String),
}

impl Product {
    fn word(self) -> &'static str {
        match self {
            Self::Api => "api",
            Self::TaskRouter => "taskrouter",
            Self::Flex => "flex-api",
        }
    }
}

impl Hosts {
    /// The whole address of a path.
    pub fn address(&self, product: Product, path: &str) -> String {
        let product = product.word();
        match self {
            Self::Usual => format!("https://{product}.twilio.com{path}"),
            Self::Region { edge, region } => format!("https://{product}.{edge}.{region}.twilio.com{path}"),
            Self::At(base) => format!("{}{path}", base.trim_end_matches('/')),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_region_is_named_with_its_edge() {
        let region = Hosts::Region { edge: "dublin".into(), region: "ie1".into() };
        assert_eq!(Hosts::Usual.address(Product::Flex, "/v1/x"), "https://flex-api.twilio.com/v1/x");
        assert_eq!(region.address(Product::Api, "/x"), "https://api.dublin.ie1.twilio.com/x");
        let here = Hosts::At("http://127.0.0.1:1/".into());
        assert_eq!(here.address(Product::TaskRouter, "/v1/x"), "http://127.0.0.1:1/v1/x");
    }
}
