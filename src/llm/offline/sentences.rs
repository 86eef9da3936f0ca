//! What the agent says, in the languages it has. Short: it is spoken.

use super::language::Tongue;

/// A sentence in both languages.
#[derive(Debug, Clone, Copy)]
pub(super) struct Sentence {
    english: &'static str,
    spanish: &'static str,
}

impl Sentence {
    pub(super) fn within(self, tongue: Tongue) -> &'static str {
        match tongue {
            Tongue::English => self.english,
            Tongue::Spanish => self.spanish,
        }
    }
}

/// What an offer of a person contains, so that a "yes" after it is understood. Also the knowledge files use it.
const OFFER_MARKS: [&str; 2] = ["connect you with a person", "comunique con una persona"];
const ANYTHING_ELSE_MARKS: [&str; 2] = ["anything else", "algo más"];

/// Whether something we said offers a person.
pub(super) fn offers_person(said: &str) -> bool {
    OFFER_MARKS.iter().any(|mark| said.contains(mark))
}

/// Whether something we said asks if the caller wants anything else.
pub(super) fn asks_anything_else(said: &str) -> bool {
    ANYTHING_ELSE_MARKS.iter().any(|mark| said.contains(mark))
}

pub(super) const OFFER: Sentence = Sentence {
    english: "Would you like me to connect you with a person?",
    spanish: "¿Quiere que le comunique con una persona?",
};
pub(super) const ANYTHING_ELSE: Sentence = Sentence {
    english: "Is there anything else I can help you with?",
    spanish: "¿Puedo ayudarle en algo más?",
};
pub(super) const WELCOME: Sentence =
    Sentence { english: "Hello! What can I help you with?", spanish: "¡Hola! ¿En qué puedo ayudarle?" };
pub(super) const IN_YOUR_LANGUAGE: Sentence = Sentence {
    english: "Of course, we can speak English. What can I help you with?",
    spanish: "Por supuesto, podemos hablar en español. ¿En qué puedo ayudarle?",
};
pub(super) const WHAT_WE_ARE: Sentence = Sentence {
    english: "I am an automated assistant. I am not a person, and not a language model either: I follow fixed rules. \
              What can I help you with?",
    spanish: "Soy un asistente automático. No soy una persona, ni tampoco un modelo de lenguaje: sigo reglas fijas. \
              ¿En qué puedo ayudarle?",
};
pub(super) const CAN_TELL: Sentence = Sentence {
    english: "I can tell you about these topics:",
    spanish: "Puedo informarle sobre estos temas:",
};
pub(super) const WHICH_TOPIC: Sentence =
    Sentence { english: "What would you like to know?", spanish: "¿Qué le gustaría saber?" };
pub(super) const AND: Sentence = Sentence { english: "and", spanish: "y" };
pub(super) const SORRY_FOR_TROUBLE: Sentence = Sentence {
    english: "I am sorry for the trouble this has caused you.",
    spanish: "Siento mucho las molestias.",
};
pub(super) const EMERGENCY: Sentence = Sentence {
    english: "If somebody is in danger, please hang up now and call your local emergency number, such as 911 or 112.",
    spanish: "Si alguien está en peligro, cuelgue ahora y llame a su número de emergencias, como el 911 o el 112.",
};
pub(super) const UNKNOWN: Sentence =
    Sentence { english: "I am sorry, I do not know that.", spanish: "Lo siento, eso no lo sé." };
pub(super) const NOTED: Sentence =
    Sentence { english: "Thank you, I noted the number", spanish: "Gracias, he anotado el número" };
pub(super) const CANNOT_LOOK_UP: Sentence = Sentence {
    english: "I cannot look it up myself, but a colleague can.",
    spanish: "Yo no puedo consultarlo, pero un compañero sí.",
};
pub(super) const NUMBER_TOO_LONG: Sentence = Sentence {
    english: "That number is too long for me, so I did not keep it. Please never tell me the number \
              of a card. What can I help you with?",
    spanish: "Ese número es demasiado largo para mí, así que no lo he guardado. No me diga \
              nunca el número de una tarjeta. ¿En qué puedo ayudarle?",
};
pub(super) const YOU_ARE_WELCOME: Sentence = Sentence { english: "You are welcome.", spanish: "De nada." };
pub(super) const GO_AHEAD: Sentence =
    Sentence { english: "Please go ahead.", spanish: "Dígame, por favor." };
pub(super) const ALL_RIGHT: Sentence = Sentence {
    english: "All right. What else can I help you with?",
    spanish: "De acuerdo. ¿En qué más puedo ayudarle?",
};
pub(super) const FAREWELL: Sentence =
    Sentence { english: "Thank you for calling. Goodbye.", spanish: "Gracias por llamar. Adiós." };
pub(super) const TRANSFER: Sentence = Sentence {
    english: "I am connecting you with a person now.",
    spanish: "Le comunico ahora con una persona.",
};
pub(super) const CANNOT_CONNECT: Sentence = Sentence {
    english: "I am sorry, I cannot connect you from here.",
    spanish: "Lo siento, desde aquí no puedo comunicarle.",
};
pub(super) const PRESS: Sentence =
    Sentence { english: "For a person, please press", spanish: "Para hablar con una persona, pulse" };
