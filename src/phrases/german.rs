//! German.

use super::Meaning;
use super::table::{Apostrophe, List, Said, Table};

pub(super) static GERMAN: Table = Table {
    apostrophe: Apostrophe::Joins,
    hesitations: List("ah; ahm; aehm; oh; hm; eh"),
    sets: SETS,
    fillers: List(
        "bitte; bitte schon; jetzt; sofort; hallo; guten tag; ja; nein; danke; vielen dank; danke schon; \
         dankeschon; also; und; aber; dann; ok; okay; gut; endlich; einfach; ich sagte; herr; frau; \
         schnell; fur alles; fur die hilfe; fur ihre hilfe; wiederhoren; doch",
    ),
    denials: List("nicht; nie; niemals; kein; keine; keinen; keinem; ohne"),
    bridges: List("mehr; so; wirklich; unbedingt; erst; gerne; gern; ganz; sehr; mich; zu; mit"),
    asked: List(
        "warum nicht; kann ich nicht; konnte ich nicht; konnen sie mich nicht; kann man nicht; \
         darf ich nicht",
    ),
    reversals: List("nicht; nie; kein; keine; keinen; ohne; wenig"),
    meanings: &[WANTS_PERSON, ANGER, THANKS, GOODBYE, YES, NO, EMERGENCY, GREETING, NOT_UNDERSTOOD],
    moods: &[],
};

const SETS: &[(&str, List)] = &[
    (
        "ein",
        List(
            "einem ihrer; einen ihrer; einer ihrer; irgendeinem; irgendeinen; irgendeiner; einen; einem; \
             einer; eine; ein; nen; nem; ner; ne",
        ),
    ),
    ("der", List("dem; den; der; die; das; ihrem; ihren; ihrer; ihre; meinem; meiner")),
    (
        "kind",
        List(
            "echten; echter; echte; echtem; richtigen; richtiger; richtige; lebenden; lebendigen; \
             menschlichen; menschliche; menschlicher; anderen; anderer; andere; zustandigen; zustandige; \
             realen; reale",
        ),
    ),
    (
        "role",
        List(
            "mensch; menschen; person; mitarbeiter; mitarbeiterin; mitarbeitern; berater; beraterin; \
             kundenberater; kundenberaterin; kundenbetreuer; kundenbetreuerin; agent; agenten; agentin; \
             operator; vorgesetzten; vorgesetzter; vorgesetzte; chef; chefin; manager; managerin; techniker; \
             technikerin; sachbearbeiter; sachbearbeiterin; ansprechpartner; ansprechpartnerin; \
             servicemitarbeiter; servicemitarbeiterin; filialleiter; experten; spezialisten; telefonistin",
        ),
    ),
    (
        "someone",
        List(
            "jemandem; jemanden; jemand; irgendjemandem; irgendjemanden; irgendjemand; dem kundenservice; \
             dem kundendienst; der vermittlung; der zentrale; kundenservice; kundendienst",
        ),
    ),
    (
        "speak",
        List(
            "sprechen; reden; telefonieren; verbinden; verbunden werden; verbunden; weiterverbinden; \
             weiterverbunden; durchstellen; durchgestellt; zu sprechen; zu reden; unterhalten; weiterleiten",
        ),
    ),
    (
        "order",
        List(
            "verbinden sie mich; verbinde mich; verbind mich; stellen sie mich; stell mich; leiten sie mich; \
             ich mochte verbunden werden",
        ),
    ),
    ("give", List("geben sie mir; gib mir; gebt mir; holen sie mir; hol mir; holen sie")),
    (
        "want",
        List(
            "will; mochte; brauche; hatte gerne; hatte gern; wunsche; verlange; wollte; benotige; bevorzuge; \
             kriege ich; bekomme ich; kann ich",
        ),
    ),
    // What a person is wanted for, when not for us: the verb comes last.
    (
        "thing",
        List(
            "hinzufugen; anmelden; melden; eintragen; loschen; entfernen; andern; mitnehmen; loben; nummer; \
             abmelden; mehr; einladen; hinzu; zu meinem; in meinem; beschweren; werden; anzeigen",
        ),
    ),
    ("machine", List("maschine; computer; roboter; bot; automaten; ki; band")),
];

const WANTS_PERSON: Said = Said {
    meaning: Meaning::WantsPerson,
    anywhere: &[
        "mit @ein|@der? @kind* @role ..5 @speak",
        "mit @someone ..5 @speak",
        "zu @ein|@der? @kind* @role durchstellen|weiterleiten|durchgestellt",
        "sprechen|reden mit @ein|@der? @kind* @role",
        "sprechen|reden mit @someone",
        "@order bitte|sofort|jetzt|direkt|endlich? mit|zu @ein|@der? @kind* @role",
        "@order bitte|sofort|jetzt|direkt|endlich? mit|zu @someone",
        "@give bitte|sofort|jetzt? @ein|@der? @kind* @role !@thing",
        "@give bitte|sofort|jetzt? jemanden|jemand",
        "@want bitte|jetzt|sofort|endlich? @ein @kind* @role !@thing",
        "@ein|@der? @kind* @role sprechen",
        "jemanden sprechen",
        "@ein? @kind* @role bitte",
        "stellen sie mich durch",
        "stell mich durch",
        "verbinden sie mich bitte|jetzt /",
        "verbinden sie mich /",
        "= nicht mit @ein|@der? @machine sprechen|reden",
        "= mit keiner|keinem @machine sprechen|reden",
        ", mitarbeiter|mensch|berater|operator $",
        "gibt es jemanden mit dem ich ..2 sprechen",
    ],
    alone: List(
        "@ein? @kind* @role; kundenservice; kundendienst; vermittlung; zentrale; \
         @ein? echter|echten mensch|menschen",
    ),
    except: List("person hinzu; person melden"),
    told: List("bevor ich; statt; anstatt; habe; hatte; muss ich; nachdem ich"),
};

const ANGER: Said = Said {
    meaning: Meaning::Anger,
    anywhere: &[
        "lacherlich|unverschamt|unverschamtheit|inakzeptabel|unfassbar|unertraglich",
        "frechheit|katastrophe|inkompetent",
        "wutend|stinksauer|sauer|verargert|genervt",
        "= scheisse|scheiss|verdammt|verdammte|verdammter|mist|arsch|arschloch|verarschen|verarscht|kacke",
        "= schnauze voll",
        "= nase voll",
        "= reicht mir|es jetzt|langsam|endlich",
        "= jetzt reicht",
        "= mir reichts",
        "betrug|betruger|abzocke|abzocker",
        "= wollen sie mich veraergern",
        "= zum dritten|vierten|funften|zehnten|letzten mal",
        "= wie oft muss|soll",
        "meine zeit",
        "mein anwalt",
        "verklagen|verklage",
        "dumme|dummer|blode|bloder|bloder maschine|computer|roboter|bot",
        "schlechtester|schlimmster|schlechteste|mieser service",
        "= danke fur nichts",
    ],
    alone: List("idiot; idioten; mist"),
    except: List("mein anwalt hat|sagt; saure sahne"),
    told: List(""),
};

const THANKS: Said = Said {
    meaning: Meaning::Thanks,
    anywhere: &[
        "danke|dankeschon|dankesehr",
        "vielen|besten|herzlichen|schonen dank",
        "ich bedanke mich",
        "bin ..3 dankbar",
    ],
    alone: List(""),
    except: List("nein danke; danke fur nichts"),
    told: List(""),
};

const GOODBYE: Said = Said {
    meaning: Meaning::Goodbye,
    anywhere: &[
        "^ tschuss|tschuess|tschau|wiederhoren|wiedersehen",
        "tschuss|tschuess|tschau|wiederhoren|wiedersehen $",
        "auf wiederhoren|wiedersehen",
        "schonen tag|abend noch?",
        "schones wochenende",
        "bis bald|dann|spater /",
        "^ das war|ware alles|es",
        "^ das wars",
    ],
    alone: List(
        "tschuss; tschau; ciao; das war alles; das wars; das ist alles; auf wiederhoren; mach gut; \
         gute nacht; servus; nichts weiter; sonst nichts",
    ),
    except: List("war das alles; das war alles was"),
    told: List(""),
};

const YES: Said = Said {
    meaning: Meaning::Yes,
    anywhere: &[
        "^ ja|jawohl|jap|jep",
        "^ genau|richtig|korrekt|naturlich|klar /",
        "^ auf jeden fall",
        "^ das stimmt",
    ],
    alone: List(
        "ja; jawohl; genau; richtig; korrekt; stimmt; das stimmt; naturlich; klar; na klar; gerne; gern; \
         sicher; ok; okay; in ordnung; einverstanden; auf jeden fall; passt; perfekt; \
         selbstverstandlich; ich denke schon; bitte ja; mach das",
    ),
    except: List("ja oder nein; ja und nein"),
    told: List(""),
};

const NO: Said = Said {
    meaning: Meaning::No,
    anywhere: &["^ nein|nee|ne", "^ auf keinen fall", "^ naturlich|gar|sicher|uberhaupt nicht"],
    alone: List(
        "nein; nee; nein danke; auf keinen fall; nicht wirklich; gar nicht; uberhaupt nicht; noch nicht; \
         jetzt nicht; lieber nicht; ich glaube nicht; niemals; falsch",
    ),
    except: List("nein oder ja; ne mail"),
    told: List(""),
};

const EMERGENCY: Said = Said {
    meaning: Meaning::Emergency,
    anywhere: &[
        "= ist ein notfall",
        "= habe|haben einen? notfall",
        "medizinischer notfall",
        "rufen|ruf|rufe|schicken|brauche|brauchen ..3 krankenwagen|rettungswagen|notarzt",
        "rufen|ruf|rufe|schicken|brauche|brauchen ..3 feuerwehr|polizei|112",
        "herzinfarkt|herzstillstand|schlaganfall|herzanfall",
        "= keine luft",
        "= nicht atmen",
        "= atmet nicht|kaum",
        "= nicht mehr atmen",
        "brustschmerzen",
        "schmerzen in der brust",
        "umbringen",
        "selbstmord|suizid",
        "das leben nehmen",
        "= will|mochte sterben",
        "= will|mochte nicht mehr leben",
        "uberdosis",
        "bewusstlos|ohnmachtig",
        "blutet|blute stark|sehr",
        "viel blut",
        "es brennt",
        "haus|wohnung|kuche brennt",
        "feuer in",
        "gasleck",
        "riecht nach gas|rauch",
        "einbrecher",
        "bricht|brechen ..3 ein",
        "hat ein|eine messer|pistole|waffe",
        "liegt|liege im sterben",
        "lebensgefahr",
    ],
    alone: List("notfall; ein notfall; hilfe hilfe; 112; 110; 911; krankenwagen"),
    except: List("kein notfall; nicht ein notfall; fur den notfall; im notfall; falls"),
    told: List(""),
};

const GREETING: Said = Said {
    meaning: Meaning::Greeting,
    anywhere: &["^ hallo|hi|hey|servus|moin", "^ guten tag|morgen|abend", "^ gruss gott|dich", "^ grussgott"],
    alone: List("tag; ist da jemand; morgen zusammen"),
    except: List(""),
    told: List(""),
};

const NOT_UNDERSTOOD: Said = Said {
    meaning: Meaning::NotUnderstood,
    anywhere: &[
        "= habe|hab das|sie|dich|es|ihre|ihr|dies? leider|akustisch|jetzt? nicht ganz|richtig|gut|genau? verstanden",
        "= habe|hab ich sie|das|es|dich? leider? nicht ganz|richtig|gut|genau? verstanden",
        "= verstehe sie|dich|das|es? leider? nicht /",
        "= konnte sie|das|dich leider? nicht ganz|richtig|gut? verstehen|horen",
        "konnen|konnten|wurden|kannst|konntest sie|du das|es|ihre|die? frage|anfrage? bitte? noch? einmal|mal|anders? \
         wiederholen|formulieren",
        "konnen|konnten|wurden|kannst sie|du das|es bitte? noch einmal|mal sagen",
        "konnen|konnten|wurden|kannst sie|du das|es bitte? nochmal|nochmals sagen",
        "wiederholen sie bitte|das|es|ihre",
        "bitte wiederholen sie",
        "= das war|ist nicht das? was? ich gefragt|gesagt|gemeint|wollte|meinte",
        "= das habe|hab ich doch? schon|bereits gesagt|beantwortet",
        "= das habe|hab ich nicht gefragt|gemeint|gesagt",
        "= sie verstehen mich nicht",
        "= sie horen mir? nicht zu",
        "was meinen sie damit",
    ],
    alone: List("wie bitte; bitte was; was; hah; wie; nochmal bitte"),
    except: List(""),
    told: List(""),
};
