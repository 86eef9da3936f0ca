//! Danger to life, in English. Rather one alarm too many than a danger that was missed: but what callers tell of
//! the past, ask about, or exaggerate is none.

use super::Meaning;
use super::table::{List, Said};

pub(super) const EMERGENCY: Said = Said {
    meaning: Meaning::Emergency,
    anywhere: &[
        // Help is called for.
        "call|dial|calling 911|999|112",
        "call|need|send|get me|us? an|the? ambulance|paramedic|paramedics !bill|bills|ride|fee|service",
        "call|send|need the? police !report|record|department|check",
        "call|send|need|get me|us? the|a? fire department|brigade|truck|trucks !report|number|inspection|permit",
        "call|send|need|get the? firefighters|firemen",
        "send help now|quick|quickly|fast",
        "^ get help now|quick|quickly|fast",
        "get|send me|us help now|quick|quickly|fast !with",
        "= its|this|it|heres is? an emergency",
        "= i|we have|having|ve an emergency",
        "= its|this|is|have|having a medical|real emergency",
        "medical emergency",
        "life or death",
        "life threatening",
        // Heart, breath and brain.
        "heart attack",
        "cardiac arrest",
        "having|have a stroke|seizure",
        "chest pain|pains",
        "pain in my|his|her chest",
        "= cant|cannot|hardly|barely breathe|breath",
        "= can not breathe",
        "= not|isnt|stopped|hardly|barely breathing",
        "trouble|difficulty|difficulties|problems|problem breathing",
        "hard|difficult for? me|him|her? to breathe",
        "throat|airway is|are|keeps? closing",
        "face|side|mouth is|are|has|just|went|feels? all? drooping|droopy|numb",
        "= cant|cannot lift|move|feel my|his|her left|right? arm|arms|leg|legs|face|side",
        "slurring|slurred my|his|her? words|speech",
        "@they|lips is|are|has|have|just? turning|turned|going blue",
        "= hes|shes turning|turned|going blue",
        // Somebody lies there.
        "@they is|are @hot* unconscious|choking|bleeding|drowning|overdosing",
        "@they is|are dying !to|for",
        "= hes|shes|im|am @hot* unconscious|choking|bleeding|drowning|dying !to|for|in",
        "= hes|shes not moving|responding|waking",
        "@they is|are|has? isnt|not|wont responding|waking|wake|conscious|moving|moved",
        "@they|i just? passed out !@past",
        "@they|i has|have|just? collapsed|fainted !@past",
        "= @they|i just? fell !asleep|for|behind ..6 cant|cannot|wont|not|isnt get|getting|stand|move|moving|wake|waking",
        // Blood and birth.
        "= wont stop bleeding",
        "bleeding a lot|badly|heavily",
        "losing ..2 blood",
        "so|too much blood",
        "blood everywhere",
        "lots|lot of blood !test|tests|work|pressure|sugar",
        "im|am|shes|is|went|going|gone in|into active? labor|labour",
        "my|her water|waters just|has|have? broke|broken",
        // Poison.
        "overdose|overdosed",
        "swallowed|swallowing|ingested|drank ..2 @poison",
        "took|taken all of? my|the|his|her|those|these @drug* @pills !as|this|today|yesterday|already",
        "took|taken|swallowed a? whole|bottle|handful|entire ..3 @pills",
        "took|taken ..2 too many ..3 @pills",
        // A wish to die.
        "kill|killing|harming|hurting myself",
        "to|gonna hurt|harm myself",
        "suicide|suicidal",
        "end my life",
        "end it all",
        "i just want|wanna to? end it /",
        "i just want|wanna to? end it now|tonight",
        "= i|wants want? to die !of|for",
        "= im|am going to die !of|for|laughing",
        "in danger of dying",
        "= dont|not want|wanna to? live|be anymore|alive",
        "= dont|not want|wanna to? live|be any more",
        "= dont|not want|wanna to? be here|around|alive anymore !waiting|on",
        "= dont|not want|wanna to? be here|around|alive any more !waiting|on",
        "= dont|not want|wanna to? live /",
        // Fire and gas.
        "@fuel is|are|was|just? on fire",
        "@fuel is|are|just? burning !hot|up|through",
        "caught|catching fire",
        "theres|is a? fire in",
        "there is a fire",
        "theres a fire",
        "smell gas|smoke",
        "smoke coming|pouring|rising|everywhere",
        "full of smoke",
        "@home|it|here smell|smells|stinks like|of gas|propane !station",
        "@home smell|smells|stinks like|of smoke",
        "smells|stinks like|of gas|smoke in",
        "gas leak",
        // Violence.
        "@intruder is|are? breaking in|into",
        "@intruder is|are? trying to break in|into",
        "@intruder has|have|got a gun|knife",
        "@stranger is|was? here|outside? at|in|on|by? my|the|our? front? door|house|porch|yard|hallway? \
         with a|the gun|knife|machete|rifle !set|block|sharpener",
        "hes|shes|theyre|he|she|they|someone|somebody is|are|will|wants|just? going|gonna? to? kill|murder|shoot|stab \
         me|us !if|when|for|because|over|with",
        "trying to kill|murder|shoot|stab|strangle me|us|him|her",
        "threatened|threatening ..2 with a gun|knife",
        "@intruder is|are|keeps|been? following|chasing|stalking|attacking|strangling me|us !on|up|in",
        "being|am attacked|stabbed",
        "being|am followed !up",
        "@they|i|ive been|was|were|got shot|stabbed",
        // The street.
        "@vehicle just|has|have? hit|struck|hurt a|the|my|our|some|this|his? little|small|old|young? @victim !with|up",
        "@vehicle just|has|have? run|ran|drove over|into a|the|my|our|some|this|his? little|small|old|young? @victim",
        "@they|i just? was|got|been|is run|hit|struck|knocked over|down? by a|the|your|his ..1 @vehicle",
    ],
    alone: List("emergency; an emergency; 911; ambulance"),
    except: List(
        "emergency contact|contacts|exit|fund|funds|number|credit; emergency brake|kit; \
         emergency line|room|service|services|button|buttons|bracelet|device|pendant; \
         in case of; not an emergency; isnt an emergency; \
         had a heart attack|stroke ..5 ago|year|years|month|week; heart attack last|in|two|three; \
         heart attack was|were ..3 @past; give|gives|gave|giving me|us|him|her|you a heart attack; \
         had|was a gas leak ..3 @past; was|were in labor|labour; caught fire ..3 @past; \
         chest pain visit|visits|medication|medicine|prescription; \
         prescription|prescribed|medication|medicine ..3 chest pain; \
         911 in an emergency; 911 in emergencies; 911 only; \
         no trouble|difficulty|difficulties|problem|problems; \
         took|take|takes|drew|draw so|too much blood; numb ..3 dentist; \
         @pills ..6 refill|refills|more|renew|another|pharmacy|prescription; contract|subscription|plan|service|membership|account|call|trial ..7 end it; \
         medical emergency coverage|insurance|kit|fund|contact; \
         if its|it|this|theres is? an emergency; \
         fire pit|station|hydrant|escape|door|exit; \
         fire tv|stick|alarm|drill|sale|extinguisher|insurance|place|wall; die of laughing; \
         suicide squad; if there is|was; if theres; breaking in my|these|new; in case theres",
    ),
    told: List(""),
};
