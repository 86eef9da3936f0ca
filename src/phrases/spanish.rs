//! Spanish, of Spain and of America.

use super::Meaning;
use super::table::{Apostrophe, List, Said, Table};

pub(super) static SPANISH: Table = Table {
    apostrophe: Apostrophe::Joins,
    hesitations: List("eh; ehm; em; mmm; hm; este; uh; um"),
    sets: SETS,
    fillers: List(
        "por favor; porfavor; porfa; ahora mismo; ahora; ya; hola; si; no; gracias; muchas gracias; \
         mil gracias; oiga; oye; disculpe; perdon; bueno; pues; entonces; y; pero; senor; senora; \
         senorita; que; de verdad; inmediatamente; otra vez; ok; okay; muy amable; por todo; \
         buenos dias; buenas tardes; buenas noches; dije",
    ),
    denials: List("no; nunca; jamas; tampoco; sin"),
    bridges: List(
        "quiero; queria; quisiera; necesito; deseo; prefiero; me gustaria; me; que me; que; \
         quiero que me; hace falta; es necesario; tengo que; tener que; tengo ganas de; ganas de; \
         me interesa; hay que; es; un; una; estoy; tan; muy; nada; para nada",
    ),
    asked: List("por que no; porque no; por que no me; porque no me"),
    reversals: List("no; nunca; jamas; nada; ni; sin; tampoco; poco"),
    meanings: &[WANTS_PERSON, ANGER, THANKS, GOODBYE, YES, NO, EMERGENCY, GREETING, NOT_UNDERSTOOD],
    moods: MOODS,
};

const SETS: &[(&str, List)] = &[
    ("un", List("uno de sus; una de sus; un; una; algun; alguna; otro; otra; unos; unas")),
    (
        "el",
        List(
            "uno de sus; una de sus; uno de los; un; una; algun; alguna; otro; otra; el; la; los; las; su; \
             sus; mi; tu",
        ),
    ),
    ("kind", List("verdadero; verdadera; verdadera; nuevo; buen; buena")),
    (
        "role",
        List(
            "ser humano; miembro del personal; persona; humano; humana; agente; asesor; asesora; \
             representante; operador; operadora; ejecutivo; ejecutiva; supervisor; supervisora; gerente; \
             gerenta; encargado; encargada; responsable; empleado; empleada; recepcionista; especialista; \
             teleoperador; teleoperadora; agentes; humanos; asesores; operadores; representantes",
        ),
    ),
    (
        "thing",
        List(
            "numero; fisica; moral; juridica; mas; adicional; de contacto; de seguros; de viajes; \
             inmobiliario; libre; en mi plan; en mi cuenta; a mi cuenta; a mi plan; autorizada",
        ),
    ),
    (
        "someone",
        List(
            "alguien; atencion al cliente; servicio al cliente; atencion a clientes; soporte tecnico; \
             soporte; el departamento; ventas; facturacion; recepcion; un tecnico; una tecnica; el jefe; \
             la jefa; tu jefe; su jefe; una senorita; un ejecutivo",
        ),
    ),
    ("con", List("con; a; al")),
    (
        "speak",
        List(
            "hablar; hablarle; platicar; conversar; comunicarme; comunicarnos; contactar; contactarme; \
             charlar; ponerme en contacto; que me comuniquen; que me comunique; que me pasen; que me pase; \
             que me transfieran; que me transfiera; que me conecten; pasarme; transferirme; conectarme; \
             derivarme; ponerme",
        ),
    ),
    // Who is a person to talk to, but too common a word to mean it by itself.
    (
        "staff",
        List(
            "doctor; doctora; medico; medica; enfermera; enfermero; farmaceutico; farmaceutica; dentista; dueno; \
             duena; director; directora; tecnico; tecnica; ingeniero; jefe; jefa; secretaria; recepcion; abogado",
        ),
    ),
    // Orders. The form itself says that nothing is denied.
    (
        "order",
        List(
            "paseme; pasame; pasenme; comuniqueme; comunicame; comuniquenme; transfierame; transfiereme; \
             transfieranme; pongame; ponme; ponganme; conecteme; conectame; conectenme; deriveme; derivame; \
             dirijame; enlaceme; enlazame; contacteme",
        ),
    ),
    (
        "me",
        List(
            "me pasa; me pase; me pasas; me pasan; me comunica; me comunicas; me transfiere; me transfiera; \
             me transfieres; me pone; me pones; me conecta; me conectas; me deriva; me enlaza",
        ),
    ),
    (
        "would",
        List("me puede; me puedes; me podria; me podrias; me pueden; puede; puedes; podria; podrias; pueden"),
    ),
    ("pass", List("pasar; comunicar; transferir; poner; conectar; derivar; enlazar; dar")),
    ("give", List("deme; dame; denme; consigame; consigueme; busqueme")),
    (
        "want",
        List(
            "quiero; queria; quisiera; necesito; deseo; prefiero; preferiria; exijo; solicito; busco; \
             me gustaria tener; puedo tener",
        ),
    ),
    ("machine", List("robot; maquina; bot; grabadora; grabacion; computadora; contestadora; ordenador")),
    (
        "they",
        List(
            "el; ella; esposo; esposa; marido; mujer; madre; padre; mama; papa; hijo; hija; bebe; amigo; \
             amiga; hermano; hermana; alguien; abuela; abuelo",
        ),
    ),
    (
        "send",
        List(
            "llame; llama; llamen; llamar; manden; mande; manda; mandeme; mandenme; mandame; envien; envie; \
             envieme; envienme; necesito; necesitamos",
        ),
    ),
    ("hot", List("muy; tan; bien; super; realmente; harto; re")),
];

const WANTS_PERSON: Said = Said {
    meaning: Meaning::WantsPerson,
    anywhere: &[
        "@speak @con @el? @kind* @role|@staff !@thing",
        "@speak @con @someone",
        "= @order @con? @el? @kind* @role|@staff !@thing",
        "= @order @con? @someone",
        "@me @con @el? @kind* @role|@staff !@thing",
        "@me @con @someone",
        "= @would @pass|pasarme|comunicarme|transferirme|ponerme @con @el? @kind* @role|@staff|@someone",
        "= @would conectarme|derivarme|enlazarme @con @el? @kind* @role|@staff|@someone",
        "= @give @con? @un? @kind* @role !@thing",
        "= @give @con? @someone",
        "@want con? a? @un? @kind* @role !@thing",
        "@un? @kind* @role|operador|operadora por favor",
        "me atienda|llame|ayude @un? @role|alguien",
        "alguien|persona|agente|asesor con quien ..2 hablar|hable|platicar",
        "con quien puedo|podria hablar|comunicarme",
        "hay algun|alguna|un|una @role disponible|ahi|con|que",
        "= no quiero|deseo|quisiera ..1 hablar con @un? @machine|maquinas|robots",
        "= no hablo|hablare con maquinas|robots",
        ", agente|operador|operadora|asesor|humano|representante|supervisor $",
        "= paseme|pasame|transfierame|transfiereme|comuniqueme|comunicame /",
    ],
    alone: List(
        "@el? @kind* @role; @el? persona real|humana; @el? agente|asesor|operador humano|real; \
         @el? persona|humano de verdad; atencion|servicio al cliente; operador; operadora",
    ),
    except: List(
        "recursos humanos; numero de agente; \
         voy|vamos|va a @speak con|al mi|el|la|su? @staff; \
         @role|@staff|@someone ..3 olvidelo|olvidalo|dejelo",
    ),
    told: List("antes de; despues de; en vez de; en lugar de; tengo que; tuve que; estoy; estaba; estuve"),
};

const ANGER: Said = Said {
    meaning: Meaning::Anger,
    anywhere: &[
        "ridiculo|ridicula|inaceptable|indignante|vergonzoso",
        "pesimo|pesima|patetico|patetica|inutil|inutiles|incompetentes",
        "furioso|furiosa|indignado|indignada|encabronado|encabronada|cabreado|cabreada|emputado",
        "= mierda|carajo|cabron|cabrones|pendejo|pendejos|pendejada",
        "= puta|puto|joder|chingada|chingado|chinguen|gilipollas|cojones|verga",
        "estoy @hot* harto|harta|enojado|enojada|molesto|molesta|enfadado|enfadada",
        "@hot harto|harta|enojado|enojada|molesto|molesta|enfadado|enfadada",
        "^ harto|harta de",
        "me tienen|tiene|tienes harto|harta",
        "ya me canse|harte",
        "= es una verguenza|burla|estafa|porqueria|basura|falta",
        "= que verguenza|porqueria|basura|estafa|asco",
        "una porqueria|basura|estafa",
        "son|eres|es un|una|unos|unas? ladrones|estafadores|rateros",
        "son|eres|es un|una|unos|unas? idiotas|idiota|estupido|estupida|estupidos|imbecil|imbeciles",
        "estupido|estupida|maldito|maldita robot|maquina|sistema|empresa|bot|contestadora",
        "peor|horrible|terrible servicio|atencion|empresa|experiencia|compania",
        "servicio|atencion peor|horrible|terrible|pesimo|fatal",
        "= no puede ser posible",
        "= me estan|esta|estas robando|estafando|tomando",
        "= me robaron|estafaron",
        "los|las|lo|la? voy a demandar",
        "mi abogado",
        "cuantas veces tengo|necesito|hay|mas",
        "por tercera|cuarta|quinta|enesima|ultima vez",
        "= me estan haciendo perder",
        "perder|perdiendo mi|el tiempo",
        "= gracias por nada",
        "= callate|callese",
        "= como se atreven|atreve",
    ],
    alone: List("maldita sea; maldicion; idiota; estupido; que mal servicio"),
    except: List("mi abogado dijo|dice|es"),
    told: List(""),
};

const THANKS: Said = Said {
    meaning: Meaning::Thanks,
    anywhere: &["gracias", "se|te|le|les lo? agradezco", "agradecido|agradecida", "muy amable"],
    alone: List("amable"),
    except: List(
        "gracias por nada; no gracias; gracias a dios; dar|dale|dele las? gracias; accion de gracias",
    ),
    told: List(""),
};

const GOODBYE: Said = Said {
    meaning: Meaning::Goodbye,
    anywhere: &[
        "^ adios|chao|chau",
        "adios|chao|chau|bye $",
        "hasta luego|pronto|manana /",
        "hasta la vista|proxima",
        "que tenga|tengas|tengan un? ..1 buen|buena|lindo|excelente|bonito|bonita|feliz",
        "nos vemos /",
        "^ eso es|seria todo",
        "es|seria todo por hoy|ahora",
        "^ termine|finalice|cuelgue la? llamada?",
        "puede|puedes colgar",
        "= no necesito nada mas",
    ],
    alone: List(
        "adios; chao; chau; bye; hasta luego; hasta pronto; nos vemos; eso es todo; es todo; seria todo; \
         nada mas; cuidese; cuidate; buenas noches adios; listo eso es todo; que le vaya bien; \
         que te vaya bien; feliz dia; buen dia adios",
    ),
    except: List("decir|dije|dijo|digo adios; eso es todo lo que; hasta manana no; un adios"),
    told: List(""),
};

const YES: Said = Said {
    meaning: Meaning::Yes,
    anywhere: &[
        "^ si /",
        "^ si quiero|claro|por|senor|senora|senorita|gracias|acepto|deseo|correcto|exacto|asi|porfa|si",
        "^ claro que si",
        "^ claro|correcto|exacto|exactamente /",
        "^ por supuesto !que no",
        "^ asi es",
        "^ creo que si",
    ],
    alone: List(
        "si; claro; claro que si; por supuesto; correcto; exacto; exactamente; asi es; de acuerdo; vale; \
         esta bien; ok; okay; okey; desde luego; eso es; sale; adelante; como no; afirmativo; \
         creo que si; con gusto; perfecto; orale; es correcto; de una; dale; obvio",
    ),
    except: List("por supuesto que no; si o no; claro que no"),
    told: List(""),
};

const NO: Said = Said {
    meaning: Meaning::No,
    anywhere: &[
        "^ no /",
        "^ no gracias|senor|senora|senorita|no|para|muchas",
        "^ claro|creo|supuesto que no",
        "^ por supuesto que no",
        "^ para nada",
    ],
    alone: List(
        "no; no gracias; para nada; claro que no; creo que no; de ninguna manera; por supuesto que no; \
         todavia no; ahora no; hoy no; tampoco; negativo; no es asi; no lo creo; mejor no; nunca; jamas; \
         no quiero; incorrecto; no es correcto; que va; nel",
    ),
    except: List("si o no"),
    told: List(""),
};

const EMERGENCY: Said = Said {
    meaning: Meaning::Emergency,
    anywhere: &[
        "= es|tengo|tenemos|hay una emergencia !con",
        "emergencia medica",
        "= llame|llama|llamen|llamar a? al? 911|112|ambulancia|policia|bomberos",
        "= @send a? una|la|los|al|el? ambulancia|policia|bomberos !factura|cuenta",
        "= no puedo|puede respirar",
        "= no respira|reacciona|despierta|responde mi|el|ella",
        "= @they no respira|reacciona|despierta",
        "= no esta respirando",
        "= dejo de respirar",
        "= se esta muriendo|ahogando|asfixiando|desangrando|desmayando",
        "= me estoy muriendo|ahogando|asfixiando|desangrando !de risa|por",
        "ataque al corazon",
        "ataque cardiaco",
        "infarto|derrame|paro cardiaco",
        "un infarto|derrame",
        "dolor de|en el pecho",
        "me duele el pecho",
        "= me quiero|voy a? morir|matar !de",
        "= quiero morirme|matarme|suicidarme|morir",
        "= no quiero vivir|seguir viviendo|mas?",
        "suicidio|suicidarme|suicidarse",
        "quitarme la vida",
        "hacerme dano",
        "sobredosis",
        "tomo|trago|ingirio veneno|cloro",
        "tome|tomado|trague|tragado todas|todo|muchas|demasiadas ..3 pastillas|pildoras|tabletas !como",
        "se tomo|trago todas|todo|muchas|demasiadas ..3 pastillas|pildoras|tabletas !como",
        "tome|tomo|tomado|trague|trago|tragado un|el frasco|bote|punado|blister de? ..2 pastillas|pildoras|tabletas",
        "trago|tragado|bebio|bebido|ingirio un|una|unos|unas? poco? de? pila|pilas|bateria|iman|detergente|veneno|cloro|lejia|moneda",
        "= @they se cayo|desplomo !el|la ..4 no se? puede? levanta|levantarse|mueve|despierta|responde|reacciona",
        "= me cai ..3 no me? puedo levantar|levantarme|mover|moverme",
        "@they se? esta? poniendo|puso azul|morado|morada",
        "@they se ha puesto azul|morado|morada",
        "labios|cara se? esta|estan? poniendo|puso azul|morado|morada|azules|morados",
        "@they|hombre|tipo|senor|hombres|muchacho|mujer con un|una cuchillo|pistola|arma|navaja|machete",
        "inconsciente|desangrando|convulsionando|convulsiones",
        "sangrando mucho",
        "mucha sangre",
        "= se desmayo",
        "hay un incendio|fuego",
        "incendio|fuego en mi|la casa|cocina|edificio",
        "= se esta quemando|incendiando",
        "casa|edificio|cocina en llamas",
        "fuga de gas",
        "huele a gas|humo",
        "estan|esta|quieren|intentan entrando|entrar ..2 a|en mi|la casa",
        "ladrones en mi|la casa",
        "tiene|trae un|una pistola|arma|cuchillo",
        "me estan|esta atacando|golpeando|siguiendo|asaltando",
        "= es de vida o muerte",
    ],
    alone: List("emergencia; una emergencia; 911; 112; auxilio; ambulancia"),
    except: List(
        "contacto|salida|numero|fondo|credito|kit de emergencia; en caso de; no es una emergencia; \
         seguro ..3 incendio|infarto; infarto hace|el ano; si hay una emergencia; \
         contra incendio|incendios",
    ),
    told: List(""),
};

const GREETING: Said = Said {
    meaning: Meaning::Greeting,
    anywhere: &[
        "^ hola",
        "^ buenos dias",
        "^ buenas tardes|noches",
        "^ muy buenas|buenos",
        "^ que tal",
        "^ buen dia",
    ],
    alone: List("buenas; alo; bueno; saludos; hey; oiga; que onda; hay alguien; hay alguien ahi"),
    except: List("buenas noches adios; hola hasta luego"),
    told: List(""),
};

const NOT_UNDERSTOOD: Said = Said {
    meaning: Meaning::NotUnderstood,
    anywhere: &[
        "= no le|te|lo|la|les|os? entiendo|entendi|comprendo|comprendi|escuche /",
        "= no le|te|lo|la|les? entiendo|entendi|comprendo|comprendi|escuche bien",
        "= no he entendido|comprendido|escuchado",
        "= no pude|puedo|logre|logro entender|entenderle|entenderlo|comprender|escuchar|escucharle /",
        "puede|podria|puedes|podrias usted? por? favor? repetir|repetirlo|repetirme|reformular",
        "repita|repitalo|repite|repitame por favor",
        "repita|repite lo|la|su",
        "repitalo|repitamelo /",
        "lo puede|podria|puedes repetir",
        "= no es|era lo que pregunte|dije|queria|pedi|quise|pregunto|quiero",
        "ya se|te? lo|le dije|explique|conteste",
        "ya se|te? lo|le he dicho|explicado|contestado",
        "= no me entiende|entiendes|entendio|entendiste|escucha|escuchas",
        "que quiere|quieres decir",
    ],
    alone: List("como; como dice; como dijo; que dijo; mande; perdon; no entiendo nada"),
    except: List(""),
    told: List(""),
};

const MOODS: &[(i8, List)] = &[
    (
        2,
        List(
            "perfecto; perfecta; excelente; maravilloso; maravillosa; increible; genial; fantastico; \
             encantado; encantada; feliz; contento; contenta; estupendo; me encanta; muy bien; buen trabajo; \
             buen servicio; excelente servicio; fenomenal; buenisimo",
        ),
    ),
    (
        1,
        List(
            "bien; bueno; buena; gusta; solucionado; resuelto; mejor; satisfecho; satisfecha; ya funciona; \
             amable; linda; lindo; no hay problema",
        ),
    ),
    (
        -1,
        List(
            "mal; malo; mala; roto; rota; lento; lenta; no funciona; no sirve; equivocado; equivocada; \
             error; preocupado; preocupada; confundido; confundida; cansado; cansada; nadie; otra vez; \
             todavia no; sigo esperando; me cobraron de mas; doble; dos veces",
        ),
    ),
    (
        -2,
        List(
            "terrible; horrible; pesimo; pesima; peor; inutil; odio; enojado; enojada; furioso; furiosa; \
             frustrado; frustrada; frustrante; molesto; molesta; decepcionado; decepcionada; inaceptable; \
             ridiculo; grosero; grosera; harto; harta; estafa; queja; quejarme; reclamo; indignado; \
             indignada; mal servicio; una verguenza; enfadado; enfadada; desastre; muy mal; fatal",
        ),
    ),
];
