//! Portuguese, of Brazil and of Portugal.

use super::Meaning;
use super::table::{Apostrophe, List, Said, Table};

pub(super) static PORTUGUESE: Table = Table {
    apostrophe: Apostrophe::Joins,
    hesitations: List("eh; hm; ahn; uhm; hum; ne; tipo"),
    sets: SETS,
    fillers: List(
        "por favor; por gentileza; faz favor; se faz favor; agora; ja; oi; ola; sim; nao; obrigado; \
         obrigada; muito obrigado; muito obrigada; bom; entao; e; mas; senhor; senhora; moca; ok; ta; \
         eu disse; imediatamente; de novo; bom dia; boa tarde; boa noite; por tudo; pela ajuda",
    ),
    denials: List("nao; nunca; jamais; sem; nem"),
    bridges: List(
        "quero; queria; preciso; gostaria de; desejo; prefiro; me; que me; que; quero que me; \
         e necessario; precisa; tenho que; e; um; uma; estou; tao; muito; de; precisava",
    ),
    asked: List("por que nao; porque nao; por que nao me; porque nao me; por que voce nao me"),
    reversals: List("nao; nunca; nada; nem; sem; pouco"),
    meanings: &[WANTS_PERSON, ANGER, THANKS, GOODBYE, YES, NO, EMERGENCY, GREETING, NOT_UNDERSTOOD],
    moods: &[],
};

const SETS: &[(&str, List)] = &[
    ("um", List("um de seus; um dos seus; um; uma; algum; alguma; outro; outra")),
    (
        "o",
        List(
            "um de seus; um dos seus; um; uma; algum; alguma; outro; outra; o; a; os; as; seu; sua; meu; \
             minha",
        ),
    ),
    ("kind", List("verdadeiro; verdadeira; novo; bom; boa")),
    (
        "role",
        List(
            "ser humano; pessoa; humano; humana; atendente; agente; operador; operadora; representante; \
             consultor; consultora; supervisor; supervisora; gerente; responsavel; funcionario; funcionaria; \
             recepcionista; especialista; assistente humano; colaborador; atendentes; humanos; encarregado",
        ),
    ),
    (
        "thing",
        List(
            "juridica; fisica; a mais; adicional; de seguros; de viagens; imobiliario; numero; no meu plano; \
             na minha conta",
        ),
    ),
    (
        "someone",
        List(
            "alguem; o atendimento; atendimento ao cliente; o suporte; suporte tecnico; suporte; um tecnico; \
             o setor; o chefe; seu chefe; vendas; o departamento",
        ),
    ),
    ("to", List("com; para; pra; a; ao; pro")),
    (
        "speak",
        List(
            "falar; conversar; entrar em contato; contatar; comunicar me; ser atendido; ser atendida; \
             ser transferido; ser transferida",
        ),
    ),
    (
        "order",
        List(
            "me passa; me passe; me passem; passe me; passa me; me transfere; me transfira; me transferir; \
             transfira me; transfere me; me conecta; me conecte; conecte me; me coloca; me coloque; \
             me encaminha; me encaminhe; encaminhe me; ligue me; me passar; me conectar; me encaminhar; \
             me colocar; passar me; transferir me; transfere; transfira; me liga; me ligue; ponha me",
        ),
    ),
    ("give", List("me da; me de; de me; me arruma; me chama; me chame; chama; chame")),
    (
        "want",
        List("quero; queria; preciso de; preciso; gostaria de; desejo; prefiro; exijo; solicito; posso ter"),
    ),
    ("machine", List("robo; maquina; bot; gravacao; computador")),
];

const WANTS_PERSON: Said = Said {
    meaning: Meaning::WantsPerson,
    anywhere: &[
        "@speak @to @o? @kind* @role !@thing",
        "@speak @to @someone",
        "ser atendido|atendida por @um? @kind* @role|alguem",
        "@order @to @o? @kind* @role !@thing",
        "@order @to @someone",
        "@give @um? @kind* atendente|humano|agente|operador|operadora|supervisor|gerente|responsavel !@thing",
        "@want @kind* atendente|humano|agente|operador|supervisor|gerente|representante !@thing",
        "@want @um @kind* @role !@thing",
        "@um? @kind* @role por favor|gentileza",
        "alguem|pessoa|atendente com quem ..3 falar",
        ", atendente|humano|operador|agente|gerente $",
        "com quem posso|eu ..1 falar",
        "tem algum|alguma|um|uma @role disponivel|ai|para|que",
        "= nao quero|vou ..1 falar com @um? @machine|robos|maquinas",
    ],
    alone: List(
        "@um? @kind* @role; @um? pessoa real|humana; @um? atendente humano|real; \
         @um? pessoa|humano de verdade; atendimento ao cliente",
    ),
    except: List("recursos humanos; numero de atendente"),
    told: List("antes de; depois de; em vez de; ao inves de; tive que; tenho que; estou a; estava a"),
};

const ANGER: Said = Said {
    meaning: Meaning::Anger,
    anywhere: &[
        "ridiculo|inaceitavel|absurdo|vergonhoso",
        "pessimo|pessima|lamentavel|inutil|inuteis|incompetentes|palhacada",
        "furioso|furiosa|indignado|indignada|irritado|irritada|puto|puta",
        "= merda|porra|caralho|bosta|desgraca|droga",
        "= cansei|saco cheio",
        "de saco cheio",
        "farto|farta de",
        "= uma vergonha|palhacada|porcaria|enganacao",
        "golpe|ladroes|golpistas",
        "com raiva",
        "= perdendo|perder meu tempo",
        "= quantas vezes eu|tenho|preciso|vou",
        "pela terceira|quarta|quinta|decima|ultima vez",
        "vou processar",
        "meu advogado",
        "pior|horrivel servico|atendimento|empresa",
        "= brincadeira comigo",
        "= obrigado por nada",
    ],
    alone: List("idiota; burro; que absurdo"),
    except: List("meu advogado disse|falou; campo de golpe"),
    told: List(""),
};

const THANKS: Said = Said {
    meaning: Meaning::Thanks,
    anywhere: &["obrigado|obrigada|brigado|brigada|valeu", "te|lhe? agradeco", "grato|grata pela|por|pelo"],
    alone: List("grato; grata"),
    except: List("nao obrigado|obrigada; obrigado por nada; sou|fui obrigado|obrigada a"),
    told: List(""),
};

const GOODBYE: Said = Said {
    meaning: Meaning::Goodbye,
    anywhere: &[
        "^ tchau|adeus",
        "tchau|adeus $",
        "ate logo|mais|breve|amanha /",
        "tenha um|uma otimo|bom|boa|otima",
        "^ era so isso",
        "^ e so isso",
        "so isso mesmo",
    ],
    alone: List(
        "tchau; adeus; tchau tchau; ate logo; ate mais; era isso; so isso; e so isso; mais nada; \
         nada mais; falou; um abraco",
    ),
    except: List("dizer|disse tchau|adeus"),
    told: List(""),
};

const YES: Said = Said {
    meaning: Meaning::Yes,
    anywhere: &[
        "^ sim",
        "^ claro !que nao",
        "^ com certeza",
        "^ isso mesmo",
        "^ exato|exatamente|correto|certo /",
    ],
    alone: List(
        "sim; claro; com certeza; isso; isso mesmo; exato; exatamente; correto; certo; ok; okay; ta bom; \
         tudo bem; pode ser; pode; quero; quero sim; beleza; perfeito; aham; uhum; de acordo; positivo",
    ),
    except: List("sim ou nao; claro que nao"),
    told: List(""),
};

const NO: Said = Said {
    meaning: Meaning::No,
    anywhere: &[
        "^ nao /",
        "^ nao obrigado|obrigada|senhor|senhora|nao",
        "^ claro|acho que nao",
        "^ de jeito nenhum",
    ],
    alone: List(
        "nao; nao obrigado; nao obrigada; claro que nao; acho que nao; de jeito nenhum; ainda nao; \
         agora nao; nunca; negativo; nao quero; de forma alguma; errado",
    ),
    except: List("sim ou nao"),
    told: List(""),
};

const EMERGENCY: Said = Said {
    meaning: Meaning::Emergency,
    anywhere: &[
        "= e uma emergencia",
        "= tenho|temos uma emergencia",
        "emergencia medica",
        "chame|chama|chamar|manda|mande|preciso ..3 ambulancia|samu|policia|bombeiros|192|193|112",
        "ligue|liga|ligar para|pro o? 190|192|193|112|911",
        "ataque cardiaco",
        "ataque do coracao",
        "infarto|enfarte|enfarto|avc|derrame",
        "= nao consigo|consegue respirar",
        "= nao esta respirando",
        "= nao respira",
        "parou de respirar",
        "dor no peito",
        "me matar",
        "suicidio|suicidar",
        "= quero morrer",
        "tirar minha|a minha? vida",
        "= nao quero mais viver",
        "= nao quero viver",
        "overdose",
        "inconsciente|desmaiou|desmaiado|desmaiada",
        "sangrando muito",
        "perdendo ..2 sangue",
        "pegando fogo",
        "incendio na|no|em",
        "vazamento de gas",
        "cheiro de gas",
        "invadindo|invadir ..1 minha|a casa",
        "tem um|uma arma|faca|revolver",
        "esta morrendo",
        "estou morrendo !de",
        "vida ou morte",
    ],
    alone: List("emergencia; uma emergencia; socorro; 192; 112; 911; ambulancia"),
    except: List(
        "contato|saida|numero|fundo de emergencia; em caso de; nao e uma emergencia; seguro ..3 incendio",
    ),
    told: List(""),
};

const GREETING: Said = Said {
    meaning: Meaning::Greeting,
    anywhere: &["^ oi|ola", "^ bom dia", "^ boa tarde|noite", "^ e ai", "^ alo"],
    alone: List("tem alguem ai; opa"),
    except: List(""),
    told: List(""),
};

const NOT_UNDERSTOOD: Said = Said {
    meaning: Meaning::NotUnderstood,
    anywhere: &[
        "= nao o|a|te? entendi|compreendi|entendo|compreendo|escutei|ouvi /",
        "= nao o|a|te? entendi|compreendi|escutei|ouvi bem|direito|muito",
        "= nao consegui|consigo te|lhe? entender|compreender|ouvir|escutar /",
        "= nao entendi|entendo o que voce",
        "pode|poderia|podia|consegue voce|por|o? favor|senhor? repetir|reformular",
        "repita isso|a|o",
        "repita por favor",
        "= nao foi|e|era isso? o? que eu? perguntei|disse|pedi|quis|falei|quero",
        "eu? ja disse|expliquei|respondi",
        "eu? ja falei isso",
        "eu? ja falei /",
        "= voce nao esta? me? entende|entendeu|entendendo|escuta|ouvindo",
        "o que voce quer dizer",
    ],
    alone: List("como; como assim; o que; oi como; perdao; nao entendi nada"),
    except: List(""),
    told: List(""),
};
