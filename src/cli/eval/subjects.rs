//! Who is measured, as the command line and the settings have it.

use std::path::Path;

use url::Url;

use super::{EvalArgs, Named, Refused};
use crate::app;
use crate::config::{Config, ModelSettings, Vars};
use crate::eval::scenario::Set;
use crate::eval::subject::{self, Asked, Ready, Second, Wanted};
use crate::playbook::Sources;

/// Names a model, where two are compared.
const MODEL: &str = "model:";

/// The subjects: one, or two that are compared.
pub(super) fn subjects(
    args: &EvalArgs,
    named: &Named,
    config: &Config,
    set: &Set,
) -> Result<Vec<Ready>, Refused> {
    let usual = Sources::choose(config.prompts.clone(), config.tools.clone(), Path::new("."));
    let wanted = match &args.compare {
        None => vec![one(args, named, config, None)?],
        Some(both) => {
            both.iter().map(|name| one(args, named, config, Some(name))).collect::<Result<Vec<_>, _>>()?
        }
    };
    wanted
        .into_iter()
        .enumerate()
        .map(|(index, wanted)| {
            let wanted = Wanted { prices: args.prices(index), ..wanted };
            subject::ready(&wanted, set, &usual).map_err(|error| Refused(error.to_string()))
        })
        .collect()
}

fn one(args: &EvalArgs, named: &Named, config: &Config, compared: Option<&str>) -> Result<Wanted, Refused> {
    let mut wanted = Wanted {
        label: String::new(),
        prompts: named.prompts.clone(),
        tools: named.tools.clone(),
        variant: args.variant.clone(),
        model: None,
        prices: None,
    };
    let mut model = args.model.clone();
    match compared {
        None => {}
        Some(name) => match name.strip_prefix(MODEL) {
            Some(other) if !other.trim().is_empty() => model = Some(other.trim().to_owned()),
            Some(_) => return Err(Refused("--compare: expected a name after `model:`".to_owned())),
            None => match subject::folders(name) {
                Some((prompts, tools)) => {
                    wanted.prompts = Some(prompts);
                    wanted.tools = tools.or(wanted.tools);
                }
                None if name.contains(['/', '\\', '.']) => {
                    return Err(Refused(format!(
                        "--compare: `{name}` is no folder with an agent.md; expected a folder of prompts, the name of a \
                         variant, or {MODEL}NAME"
                    )));
                }
                None => wanted.variant = Some(name.to_owned()),
            },
        },
    }
    wanted.model = match (&config.models, &model) {
        (Some(models), _) => {
            let mut settings = models.primary.clone();
            settings.model = model.clone().or(settings.model);
            let name = settings.model.clone();
            Some((asked(settings, config)?, name))
        }
        (None, None) => None,
        (None, Some(name)) => {
            return Err(Refused(format!(
                "the model {name} cannot be asked: OPENAI_API_KEY or OPENAI_BASE_URL says where models are"
            )));
        }
    };
    wanted.label = match compared {
        Some(name) => name.to_owned(),
        None => {
            let folder = wanted.prompts.as_ref().map(|folder| folder.display().to_string());
            let first = wanted.variant.clone().or(folder).or(model);
            first.unwrap_or_else(|| "as configured".to_owned())
        }
    };
    Ok(wanted)
}

/// A second model, beside the one that is measured.
pub(super) fn second(
    option: &str,
    name: Option<&String>,
    base_url: Option<&String>,
    key: Option<&String>,
    (config, vars): (&Config, &impl Vars),
) -> Result<Option<Second>, Refused> {
    let Some(name) = name else { return Ok(None) };
    let usual = config.models.as_ref().map(|models| &models.primary);
    if let Some(url) = base_url
        && !Url::parse(url).is_ok_and(|url| ["http", "https"].contains(&url.scheme()))
    {
        return Err(Refused(format!("--{option}-base-url: expected an http(s) URL")));
    }
    let base_url = base_url.cloned().or_else(|| usual.map(|usual| usual.base_url.clone()));
    let base_url = base_url.ok_or_else(|| {
        Refused(format!(
            "the model {name} cannot be asked: --{option}-base-url or OPENAI_BASE_URL says where it is"
        ))
    })?;
    let key = match key {
        Some(variable) => {
            let value = vars.get(variable).filter(|value| !value.trim().is_empty());
            value.ok_or_else(|| Refused(format!("--{option}-key: {variable} is not set")))?.into()
        }
        None => usual.map(|usual| usual.key.clone()).unwrap_or_default(),
    };
    let settings = ModelSettings { base_url, key, model: Some(name.clone()) };
    Ok(Some((asked(settings, config)?, name.clone())))
}

fn asked(settings: ModelSettings, config: &Config) -> Result<Asked, Refused> {
    app::model_to_measure(settings, config.timings.first_token).map_err(|error| Refused(error.to_string()))
}
