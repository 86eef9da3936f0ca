//! French.

use super::Meaning;
use super::table::{Apostrophe, List, Said, Table};

pub(super) static FRENCH: Table = Table {
    apostrophe: Apostrophe::Parts,
    hesitations: List("euh; heu; hum; hm; ben; bah"),
    sets: SETS,
    fillers: List(
        "s il vous plait; s il te plait; svp; merci beaucoup; merci bien; merci; maintenant; \
         tout de suite; bonjour; bonsoir; oui; non; alors; et; mais; donc; bon; monsieur; madame; ok; \
         d accord; j ai dit; vite; immediatement; au revoir; pour tout; pour votre aide",
    ),
    denials: List("pas; plus; jamais; sans; ne; ni; n"),
    bridges: List(
        "besoin de; besoin d; envie de; envie d; voulez; veux; voulons; voudrais; souhaite; \
         souhaiterais; aimerais; de; d; me; m; que; que vous me; que vous; oblige de; la peine de; \
         necessaire de; vraiment; ai; avoir; a; tres; du tout; si",
    ),
    asked: List("peux pas; peut pas; pouvez pas; pourrais pas; pourriez pas; pourquoi pas; arrive pas a"),
    reversals: List("pas; plus; jamais; sans; rien; peu"),
    meanings: &[WANTS_PERSON, ANGER, THANKS, GOODBYE, YES, NO, EMERGENCY, GREETING, NOT_UNDERSTOOD],
    moods: &[],
};

const SETS: &[(&str, List)] = &[
    ("un", List("un de vos; une de vos; l un de vos; un; une; des")),
    ("le", List("un de vos; une de vos; l un de vos; un; une; le; la; l; les; votre; vos; mon; ma; d; des")),
    ("kind", List("vrai; vraie; veritable; autre; reel; reelle; bon")),
    (
        "role",
        List(
            "etre humain; charge de clientele; conseiller; conseillere; agent; agente; operateur; \
             operatrice; humain; humaine; personne; representant; representante; superviseur; superviseure; \
             responsable; manager; standardiste; collaborateur; collaboratrice; employe; employee; \
             teleconseiller; interlocuteur; interlocutrice; specialiste; gestionnaire; prepose; conseillers; \
             humains; agents",
        ),
    ),
    (
        "thing",
        List(
            "de plus; supplementaire; en plus; d assurance; immobilier; de voyage; numero; morale; physique; \
             a charge; a mon; sur mon",
        ),
    ),
    (
        "someone",
        List(
            "quelqu un; le service client; service client; le service clients; un technicien; \
             une technicienne; le support; le standard; la direction",
        ),
    ),
    ("to", List("a; au; avec; vers; aux")),
    ("speak", List("parler; discuter; echanger; causer; dialoguer; m adresser")),
    ("reach", List("joindre; contacter; avoir; avoir affaire a; rejoindre")),
    (
        "order",
        List(
            "passez moi; passe moi; mettez moi en relation avec; mets moi en relation avec; \
             mettez moi en contact avec; mettez moi en ligne avec; mettez moi avec; transferez moi; \
             transfere moi; connectez moi; connecte moi; redirigez moi; dirigez moi; orientez moi; \
             donnez moi; donne moi; trouvez moi",
        ),
    ),
    (
        "pass",
        List(
            "me passer; me transferer; me mettre en relation avec; me mettre en contact avec; me connecter; \
             me rediriger; me diriger; etre mis en relation avec; etre mise en relation avec; \
             etre transfere; etre transferee",
        ),
    ),
    (
        "want",
        List(
            "veux; voudrais; voulais; souhaite; souhaiterais; aimerais; desire; prefere; prefererais; exige; \
             demande; il me faut; faudrait; besoin d; besoin de; puis je avoir; peux avoir; pourrais avoir",
        ),
    ),
    ("machine", List("robot; machine; ordinateur; repondeur; bot")),
];

const WANTS_PERSON: Said = Said {
    meaning: Meaning::WantsPerson,
    anywhere: &[
        "@speak @to @le? @kind* @role !@thing",
        "@speak @to @someone",
        "@reach @to? @un @kind* @role !@thing",
        "@reach quelqu un",
        "@order @to? @le? @kind* @role !@thing",
        "@order @to? @someone",
        "@pass @to? @le? @kind* @role !@thing",
        "@pass @to? @someone",
        "@want @kind* humain|conseiller|conseillere|agent|operateur|responsable !@thing",
        "@want @un @kind* @role !@thing",
        "@un? @kind* @role s il vous|te plait",
        "quelqu un|personne a|avec qui ..2 parler",
        ", conseiller|conseillere|humain|operateur|agent $",
        "a qui puis|je ..2 parler",
        "y a t? il? @un? quelqu|personne|humain|conseiller ..1 disponible|a",
        "= pas parler|discuter a|avec un|une|des @machine|robots|machines",
    ],
    alone: List(
        "@un? @kind* @role; @un? personne reelle|humaine; @un? agent|conseiller humain|reel; \
         service client; l operateur; @un? humain en chair",
    ),
    except: List("ressources humaines; en personne; numero d agent"),
    told: List(
        "avant de; apres avoir; au lieu de; plutot que de; suis en train de; dois je; venir de; \
         viens de; il n y a",
    ),
};

const ANGER: Said = Said {
    meaning: Meaning::Anger,
    anywhere: &[
        "ridicule|inacceptable|scandaleux|lamentable|honteux|inadmissible",
        "intolerable|minable|incompetents|incompetent",
        "furieux|furieuse|enerve|enervee|fache|fachee",
        "= merde|putain|bordel|connard|connards|conneries|connerie",
        "= marre",
        "ras le bol",
        "= c est une honte|arnaque|blague",
        "arnaque|escrocs|voleurs",
        "= vous vous moquez|foutez",
        "= perdre mon temps",
        "combien de fois",
        "pour la troisieme|quatrieme|cinquieme|enieme|derniere fois",
        "porter plainte",
        "mon avocat",
        "stupide robot|machine|systeme",
        "pire|mauvais service",
        "= merci pour rien",
    ],
    alone: List("idiot; imbecile; nul"),
    except: List(""),
    told: List(""),
};

const THANKS: Said = Said {
    meaning: Meaning::Thanks,
    anywhere: &["merci", "vous|te remercie", "= c est gentil"],
    alone: List(""),
    except: List("non merci; merci pour rien; merci de"),
    told: List(""),
};

const GOODBYE: Said = Said {
    meaning: Meaning::Goodbye,
    anywhere: &[
        "^ au revoir",
        "au revoir $",
        "bonne journee|soiree|continuation",
        "a bientot",
        "^ c est tout /",
        "a la prochaine",
    ],
    alone: List(
        "au revoir; salut; ciao; c est tout; ce sera tout; a plus; a plus tard; adieu; rien d autre; \
         bonne nuit",
    ),
    except: List("est ce que c est tout; dire|dit au revoir"),
    told: List(""),
};

const YES: Said = Said {
    meaning: Meaning::Yes,
    anywhere: &[
        "^ oui|ouais|ouaip !et non",
        "^ bien sur !que non",
        "^ tout a fait",
        "^ d accord /",
        "^ exactement|absolument /",
    ],
    alone: List(
        "oui; ouais; d accord; ok; okay; bien sur; tout a fait; exactement; exact; absolument; \
         volontiers; c est ca; c est exact; c est bien ca; c est correct; parfait; allez y; \
         avec plaisir; je veux bien; si; entendu; ca marche",
    ),
    except: List("oui ou non"),
    told: List(""),
};

const NO: Said = Said {
    meaning: Meaning::No,
    anywhere: &["^ non", "^ pas du tout", "^ nan"],
    alone: List(
        "non; non merci; pas du tout; pas vraiment; jamais; pas maintenant; absolument pas; \
         bien sur que non; surtout pas; pas encore",
    ),
    except: List("non plus; non seulement"),
    told: List(""),
};

const EMERGENCY: Said = Said {
    meaning: Meaning::Emergency,
    anywhere: &[
        "= c est une urgence",
        "= urgence vitale|medicale",
        "appelez|appeler|appelle ..2 samu|pompiers|ambulance|police|112|911",
        "envoyez ..2 ambulance|pompiers|police|secours",
        "besoin d une ambulance",
        "crise cardiaque",
        "infarctus",
        "arret cardiaque",
        "= peux|peut|arrive|arrivez plus|pas a? respirer",
        "= ne respire plus|pas",
        "= respire plus",
        "douleur|douleurs|mal a|dans la poitrine",
        "me suicider",
        "suicide",
        "me tuer",
        "veux mourir",
        "en finir avec la vie",
        "me faire du mal",
        "overdose",
        "est|suis inconscient|inconsciente",
        "perdu connaissance",
        "perd ..2 sang",
        "saigne beaucoup",
        "il y a le feu",
        "y a le feu",
        "maison|immeuble|cuisine|appartement en feu",
        "incendie chez|dans",
        "fuite de gaz",
        "sent le gaz",
        "odeur de gaz",
        "entre|entrer|entrent par effraction",
        "a un|une couteau|pistolet|arme",
        "en train de mourir",
        "question de vie",
    ],
    alone: List("urgence; une urgence; au secours; 112; 911; ambulance"),
    except: List(
        "numero|contact|contacts|sortie d urgence; en cas de|d; pas une urgence; assurance ..3 incendie",
    ),
    told: List(""),
};

const GREETING: Said = Said {
    meaning: Meaning::Greeting,
    anywhere: &["^ bonjour|bonsoir|salut|allo|coucou"],
    alone: List("il y a quelqu un; rebonjour"),
    except: List(""),
    told: List(""),
};

const NOT_UNDERSTOOD: Said = Said {
    meaning: Meaning::NotUnderstood,
    anywhere: &[
        "= je? n ai pas bien|tout|tres? compris|entendu|saisi /",
        "= je? n ai pas bien|tout|tres? compris|entendu|saisi ce|votre",
        "= je? ne? vous? comprends|comprend pas /",
        "= je ne? comprends pas ce que vous",
        "pouvez|pourriez|peux|pourrais vous|tu s? il? vous? plait? le|la|me? repeter|reformuler",
        "repetez|reformulez /",
        "repetez|reformulez s|votre|la",
        "= ce n? est|etait pas ce que j ai",
        "= ce n? est pas ma question",
        "je vous? l ai deja dit",
        "= vous ne? me? comprenez|ecoutez pas",
        "que voulez vous dire",
    ],
    alone: List("comment; pardon; hein; quoi; vous dites; plait il"),
    except: List(""),
    told: List(""),
};
