//! English.

use super::Meaning;
use super::english_danger::EMERGENCY;
use super::table::{Apostrophe, List, Said, Table};

pub(super) static ENGLISH: Table = Table {
    apostrophe: Apostrophe::Joins,
    hesitations: List("uh; uhh; um; umm; uhm; erm; er; eh; hm; hmm; mm"),
    sets: SETS,
    fillers: List(
        "please; pls; now; right now; just; hello; hi; hey; there; ok; okay; yes; yeah; no; well; so; \
         and; then; oh; thank you so much; thank you very much; thank you; thanks a lot; thanks; i said; \
         sorry; sure; sir; maam; mam; miss; come on; really; immediately; asap; again; alright; \
         all right; great; for that; for your help; for everything; have a good day",
    ),
    denials: List("dont; do not; didnt; doesnt; isnt; not; never; without; no need"),
    bridges: List(
        "to; want; need; wanna; have; really; even; just; actually; like; wish; care; going; gonna; try; \
         trying; be; get; think i; think we; think id; think its; want you to; need you to; want you; \
         would; will; a; an; any; please; ever; yet; having; being; asking; been; necessary; for; \
         all that; that; so; very",
    ),
    asked: List("why not; can i not; could i not; can you not; could you not; why dont i; why dont we"),
    reversals: List(
        "not; no; never; dont; doesnt; didnt; isnt; arent; wasnt; werent; cant; cannot; couldnt; wont; \
         wouldnt; hardly; nothing; without; less",
    ),
    meanings: &[WANTS_PERSON, ANGER, THANKS, GOODBYE, YES, NO, EMERGENCY, GREETING, NOT_UNDERSTOOD],
    moods: MOODS,
};

const SETS: &[(&str, List)] = &[
    ("the", List("one of the; one of your; a; an; the; another; some; any; your; that")),
    (
        "kind",
        List(
            "customer service; customer support; customer care; tech support; technical support; real; live; \
             actual; human; living; proper; different; other; service; support; senior; licensed; qualified; \
             billing; sales; technical; fucking; freaking; damn; goddamn; bloody; customer",
        ),
    ),
    (
        "role",
        List(
            "human being; member of staff; staff member; member of your team; team member; human; person; \
             agent; representative; rep; operator; receptionist; advisor; adviser; associate; attendant; \
             supervisor; manager; specialist; consultant; clerk; teller; dispatcher; employee; humans; \
             agents; representatives; reps; operators; managers; advisors; advisers; supervisors",
        ),
    ),
    // Who is a person to talk to, but too common a word to mean it by itself.
    (
        "staff",
        List(
            "front desk; nurse line; nurses line; dr; doctor; doctors; nurse; nurses; pharmacist; dentist; \
             physician; therapist; technician; engineer; lawyer; owner; owners; boss; ceo; president; director; \
             dispatch; department; reception; management; headquarters; team; staff; person in charge; crew; \
             folks; colleague; colleagues; secretary; accountant",
        ),
    ),
    (
        "day",
        List(
            "on sunday; on sundays; on saturday; on saturdays; on monday; on mondays; on friday; on fridays; \
             on weekends; on the weekend; on holidays; at night; at weekends; at the weekend; in the evening; \
             in the evenings; on christmas; over; overnight; during; sundays; saturdays; weekends",
        ),
    ),
    // What stands after a role and makes it part of a thing.
    (
        "thing",
        List(
            "number; numbers; id; ids; code; codes; fee; fees; license; licence; portal; name; names; \
             resource; resources; error; errors; rights; readable; review; reviews; site; website; app; \
             policy; report; commission; email; address; sample; samples; manual; position; job; jobs; role; \
             approval; account; body; degree; removed; added; off; to person; to my account; on my account; \
             on my plan",
        ),
    ),
    (
        "someone",
        List(
            "someone; somebody; anyone; anybody; customer service; customer support; customer care; \
             customer services; tech support; technical support; support; a man; a woman; a lady; a guy; \
             a technician; a nurse; a doctor; a pharmacist; a lawyer; a banker; the front desk; \
             the billing department; the sales department; billing; sales; one of your people; your people; \
             one of you guys; one of your guys; whoever; somebody else; someone else",
        ),
    ),
    ("to", List("to; with")),
    (
        "speak",
        List(
            "talk to; talk with; speak to; speak with; talking to; talking with; speaking to; speaking with; \
             chat with; chat to; get through to; get hold of; get a hold of; get ahold of; \
             get in touch with; be connected to; be connected with; be transferred to; be put through to; \
             escalate to; escalate this to; escalate me to; have a word with; have a quick word with; \
             have a chat with",
        ),
    ),
    (
        "pass",
        List(
            "transfer me to; transfer me over to; transfer me through to; transfer to; transfer this to; \
             transfer this call to; transfer my call to; transfer the call to; connect me to; \
             connect me with; connect me through to; connect to; connect with; forward me to; direct me to; \
             redirect me to; route me to; switch me to; pass me to; pass me on to; pass me over to; \
             hand me to; hand me over to; send me to; put me through to; put me on to; put me on with; \
             put me in touch with; patch me through to; patch me to; get me through to; get me to; get me; \
             give me; find me; bring me; let me have; put on",
        ),
    ),
    (
        "want",
        List(
            "would like to have; would like to get; would like; would prefer; would rather have; would love; \
             id like to have; id like to get; id like; id prefer; id rather have; want to have; want to get; \
             need to have; need to get; want; wants; wanna; need; needs; prefer; demand; require; request; \
             gimme; looking for; im looking for; am looking for; asking for; im asking for; am asking for; \
             been asking for; asked for; ask for; can i have; could i have; may i have; can i get; \
             could i get; can we get; can you get; how do i get; how can i get",
        ),
    ),
    ("can", List("can; could; should; do; might; may")),
    ("machine", List("robot; robots; bot; bots; machine; machines; computer; recording; ai; chatbot")),
    (
        "they",
        List(
            "he; she; they; husband; wife; mother; father; mom; dad; mum; son; daughter; baby; child; kid; \
             friend; neighbor; neighbour; girlfriend; boyfriend; grandmother; grandfather; grandma; grandpa; \
             brother; sister; someone; somebody; guy; man; woman; boy; girl; lady; driver",
        ),
    ),
    (
        "intruder",
        List(
            "someone; somebody; they; theyre; he; hes; a man; man; a guy; guy; men; a woman; woman; a stranger; \
             stranger; driver; people; burglars",
        ),
    ),
    (
        "stranger",
        List("someone; somebody; man; men; guy; guys; woman; stranger; person; people; kid; he; hes; they"),
    ),
    (
        "victim",
        List(
            "kid; child; boy; girl; baby; man; woman; guy; lady; person; somebody; someone; people; pedestrian; \
             cyclist; me; him; us",
        ),
    ),
    ("vehicle", List("van; truck; car; bus; lorry; vehicle; driver; train; motorcycle; drivers")),
    ("home", List("house; home; apartment; building; kitchen; room; flat; garage; car")),
    // What burns, where nobody would say it of the heat or of a bargain.
    (
        "fuel",
        List(
            "house; home; apartment; building; kitchen; room; flat; garage; car; office; shop; van; truck; roof; \
             basement; curtain; curtains; couch; bed; oven; stove; router; modem; box; outlet; socket; battery; \
             charger; phone; laptop; tv; hallway; everything",
        ),
    ),
    (
        "poison",
        List(
            "bleach; poison; detergent; cleaner; antifreeze; gasoline; battery; batteries; magnet; magnets; \
             pills; tablets; coin; chemicals; pesticide",
        ),
    ),
    ("drug", List("sleeping; pain; blood; pressure; heart")),
    ("pills", List("pills; tablets; painkillers; capsules; xanax; tylenol")),
    // Time that makes danger a story.
    (
        "past",
        List(
            "last week; last month; last year; last summer; last winter; last spring; last fall; year ago; \
             years ago; month ago; months ago; week ago; weeks ago; years back; when i was",
        ),
    ),
    (
        "hot",
        List(
            "fucking; fuckin; damn; bloody; freaking; so; very; really; totally; just; completely; \
             absolutely; getting; a bunch of; all",
        ),
    ),
];

const WANTS_PERSON: Said = Said {
    meaning: Meaning::WantsPerson,
    anywhere: &[
        "@speak @the? @kind* @role !@thing",
        "@speak my @kind* agent|manager|advisor|adviser|representative|rep !@thing",
        "@speak @someone",
        "@speak @the? @kind* @staff !@thing",
        "can|could|may|might|want|wanna|need|like|let i|we|to|me to? @speak my @staff !@thing",
        "can|could|may i|we|you have|get|give me? a word with",
        "@pass @the? @kind* @role !@thing",
        "@pass @someone",
        "@pass @the|my @kind* @staff !@thing",
        "put|patch me through to !voicemail|a|an|the|my|his|her|their",
        "put|patch me through to the|your|my @kind* @staff",
        "get @the|my @kind* @staff for|on !the|my|me|a",
        "get @the|my @kind* @staff for me",
        "@want the? front desk|reception !@thing",
        "@want the|your @kind* owner|boss|ceo|department !@thing",
        "put @the? @kind* @role on",
        "help|assistance|support from @the? @kind* @role",
        "speak|talk agent|representative|operator|manager|supervisor",
        ", @kind* human|agent|representative|rep|operator|supervisor|manager $",
        "any @kind* humans|people|agents working|available|there|here there? !@day",
        "someone|somebody|anyone|anybody|person|human with a pulse|heartbeat",
        "rather ..3 someone|somebody|person|human ..8 than a|the|this? @machine",
        "@want @the? @kind* @role !@thing",
        "@want @the? human|live|real help|assistance|support|contact",
        "get @the? @kind* human|agent|representative|rep|operator|supervisor|manager !@thing",
        "get @the? real|live|actual|human person",
        "@the? @kind* @role please",
        "can|could|would|will a|an|some @kind* @role help|call|assist",
        "someone|somebody|anyone|anybody|person|human|agent|representative that? i|we @can talk|speak @to",
        "who @can i|we talk|speak @to",
        "is|are there @the? @kind* @role available|there|here|around|i !@day",
        "is|are there someone|somebody|anyone|anybody available !@day",
        "can|could|would|will you? please|just? put|patch me through /",
        "please|just put|patch me through /",
        "^ put|patch me through /",
        "transfer|connect|forward me please|now|already",
        "transfer|connect|forward me /",
        "transfer|forward|redirect my|this|the call",
        "want|like|need to escalate",
        "escalate this|it|my",
        "= dont|not want|wanna|like to? talk|speak|talking|speaking @to @the? @kind* @machine",
        "= im|am|are|were not talking|speaking @to @the? @kind* @machine !am|right",
        "= refuse|wont|not going|gonna? to? talk|speak|talking|speaking @to @the? @kind* @machine !am|right",
        "hate talking|speaking @to @the? @kind* @machine",
    ],
    alone: List("@the? @kind* @role; @someone please; customer service|support|care"),
    except: List(
        "support ticket|tickets; sales tax; billing address|statement|cycle; \
         @role|@staff|@someone ..5 never mind !the|that|about|what|how; @role|@staff|@someone ..5 nevermind; \
         looking for @the? @kind* @role named|called|by; @role to? not to? be|come; \
         when can|could i|we @speak ..3 what|hours|open|opening; \
         ill|will|should|told|tell|tells talk|speak|me|you|him|her|us to? ..2 my|the|a doctor|dr|nurse|pharmacist|dentist|lawyer; \
         they|he|she|guy|lady|woman put|puts|patched me through",
    ),
    told: List(
        "do i have to; do i need to; do i really have to; do i really need to; must i; had to; do you; \
         does it; am; am i; im; are you; youre; you are; was; was i; were; been; after; before; \
         before i; while; its like; is like; feels like; felt like; was like; than; rather than; \
         instead of; letting me; one; two; three; per; the; did you",
    ),
};

const ANGER: Said = Said {
    meaning: Meaning::Anger,
    anywhere: &[
        "ridiculous|unacceptable|outrageous|disgusting|disgraceful|pathetic",
        "appalling|incompetent|useless|worthless",
        "furious|pissed|livid|infuriating|infuriated",
        "= fuck|fucking|fucked|fuckin|shit|shitty|bullshit|crap|wtf|goddamn|dammit|damnit",
        "bastard|bastards|asshole|assholes",
        "= what|who|why|how|where the hell",
        "go to hell",
        "screw you|this",
        "damn it|you|thing|bot|robot|machine",
        "fed up",
        "sick of",
        "sick and tired",
        "tired of this|waiting|you|being|your",
        "had enough",
        "had it with",
        "stupid|dumb|idiotic bot|robot|machine|computer|system|thing|company|ai",
        "you|youre|are @hot* stupid|dumb|idiots|morons|thieves|crooks|liars",
        "this|its|thats is? @hot* stupid|nonsense|insane",
        "@hot angry|mad|upset",
        "im|am|feel angry|mad|upset",
        "makes|making me so? angry|mad",
        "terrible|horrible|awful|worst|lousy service|company|experience|support",
        "worst @the? ..3 ever",
        "rip off",
        "ripping|ripped me off",
        "is|such|total a? scam",
        "scammed me",
        "sue you|your|this",
        "= this is a joke",
        "= are? you kidding me",
        "wasting|wasted|waste my|of time",
        "= how dare you",
        "how many times do i have|need to",
        "= thanks for nothing",
        "= thank you for nothing",
        "= whats|what is? wrong with you",
        "shut up",
        "for the third|fourth|fifth|tenth|hundredth|last time",
        "i @hot* hate this|you|your",
        "= cant take this anymore",
    ],
    alone: List("damn; hell; stupid; idiot"),
    except: List("holy crap ..2 great|good"),
    told: List(""),
};

const THANKS: Said = Said {
    meaning: Meaning::Thanks,
    anywhere: &[
        "thank you",
        "thanks|thankyou|thx",
        "much appreciated",
        "appreciate it|that|this|you|your|the",
        "really|very|so grateful",
        "cheers mate|for",
    ],
    alone: List("cheers; ta; bless you; much obliged"),
    except: List(
        "no thanks; no thank you; thanks for nothing; thank you for nothing; thanks to you; \
         appreciate it if; thank you card|note|letter|page|email; say|said thank you; say|said thanks",
    ),
    told: List(""),
};

const GOODBYE: Said = Said {
    meaning: Meaning::Goodbye,
    anywhere: &[
        "^ bye|goodbye",
        "bye|goodbye for? now? $",
        "bye bye",
        "good bye",
        "have a good|nice|great|lovely|wonderful one|day|night|evening|afternoon|weekend|rest",
        "talk to you later|soon|tomorrow",
        "^ thats|thatll|that is|will? be? all /",
        "thats|is all i needed|wanted",
        "thats all|everything for today|now",
        "you can hang up",
        "^ end this|the call",
        "please|lets|to end this|the call",
    ],
    alone: List(
        "bye; goodbye; bye now; see you; see ya; see you later|soon|tomorrow; good night; goodnight; \
         take care; thats it; that is it; thats all; that is all; thatll be all; that will be all; \
         thats everything; im done; i am done; im all set; all set; nothing else; nothing more; \
         i dont need anything else; that was all; so long; ciao; farewell",
    ),
    except: List(
        "say|said|saying|says bye|goodbye; wave|waved|kiss|kissed bye|goodbye; bye week; \
         goodbye gift|party|letter|email; a|the goodbye; did|do you have a; why ..4 end the call",
    ),
    told: List(""),
};

const YES: Said = Said {
    meaning: Meaning::Yes,
    anywhere: &[
        "^ yes|yep|yup|yea|yeh",
        "^ yeah !no|right",
        "^ sure thing|go|please|that|thats",
        "^ of course",
        "^ absolutely|correct|exactly|definitely /",
        "^ thats right|correct /",
        "^ please do !not|nt",
    ],
    alone: List(
        "yes; yeah; yep; ok; okay; sure; sure thing; correct; right; thats right|correct|true|fine; \
         that is right|correct|true|fine; of course; absolutely; definitely; exactly; certainly; \
         please do; go ahead; sounds good|great|fine; that sounds good|great|fine; that works; fine; \
         i do; i am; i would; i did; i have; it is; it does; uhhuh; mmhmm; mhm; mhmm; affirmative; \
         you bet; i think so; i guess so; why not; alright; all right; perfect; indeed; for sure",
    ),
    except: List("yes or no; yes and no; yeah no; of course not; absolutely not; definitely not; yes man"),
    told: List(""),
};

const NO: Said = Said {
    meaning: Meaning::No,
    anywhere: &[
        "^ no /",
        "^ no i|im|id|ill|ive|it|its|thats|that|this|we|you|your|he|she|they|there",
        "^ no not|my|dont|thank|thanks|way",
        "^ no sir|maam|never|please|just|no",
        "^ nope|nah|nay",
    ],
    alone: List(
        "no; nope; uhuh; not really; i dont think so; i do not think so; no thanks; no thank you; \
         not at all; not now; not today; not yet; negative; never; i dont; i do not; i didnt; i am not; \
         im not; it isnt; it is not; its not; absolutely not; of course not; definitely not; \
         certainly not; incorrect; wrong; thats wrong; that is wrong; thats not right|correct|it; \
         that is not right|correct|it",
    ),
    except: List("no way to"),
    told: List(""),
};

const GREETING: Said = Said {
    meaning: Meaning::Greeting,
    anywhere: &[
        "^ hello|hi|hiya|howdy|greetings !fresh|kitty|world|fi|vis",
        "^ hey !thats",
        "^ good morning|afternoon|evening !america|shift|news",
    ],
    alone: List("good day; morning; anybody there; is anybody there; whats up"),
    except: List(""),
    told: List(""),
};

const NOT_UNDERSTOOD: Said = Said {
    meaning: Meaning::NotUnderstood,
    anywhere: &[
        "= didnt|couldnt|cannot|cant quite|really|fully|completely? catch|understand|follow that|you|it|what|your",
        "= did|could|can not quite|really|fully|completely? catch|understand|follow that|you|it|what|your",
        "= didnt|couldnt|cannot|cant quite|really|fully? hear|get you|that /",
        "= did|could|can not quite|really|fully? hear|get you|that /",
        "= dont|didnt|cannot|cant quite|really|fully? understand /",
        "= do|did|can not quite|really|fully? understand /",
        "= dont quite|really|fully? understand you",
        "= do not quite|really|fully? understand you",
        "= dont|didnt quite|really|fully? understand what you|youre",
        "= dont|not quite|really|fully? understand your question|request",
        "can|could|would|will you please? repeat|rephrase",
        "please repeat|rephrase",
        "can|could|would|will you please? say that|it|this again|differently",
        "please say that|it|this again|differently",
        "can|could|would|will you please? put it|that another|differently",
        "i misunderstood|misheard",
        "you misunderstood|misheard",
        "= thats not what i asked|said|meant|wanted|mean|want",
        "= that|this|it isnt what i asked|said|meant|wanted|mean|want",
        "= that|this|it is not what i asked|said|meant|wanted|mean|want",
        "= i already told|asked you",
        "= i already said|answered|asked that|it|this|so",
        "= you already asked",
        "= youre not listening|understanding",
        "= you are not listening|understanding",
        "= you arent listening|understanding",
        "what do you mean",
    ],
    alone: List("pardon; pardon me; what; huh; come again; say again; sorry what; i beg your pardon"),
    except: List("say that again and again"),
    told: List(""),
};

const MOODS: &[(i8, List)] = &[
    (
        2,
        List(
            "perfect; excellent; awesome; wonderful; amazing; fantastic; brilliant; love; loved; delighted; \
             thrilled; happy; very helpful; so helpful; great job; great service; good job; impressed; \
             made my day; lifesaver; pleased",
        ),
    ),
    (
        1,
        List(
            "good; great; nice; glad; helpful; appreciate; cool; lovely; solved; resolved; works now; \
             better; satisfied; relieved; no problem; no worries",
        ),
    ),
    (
        -1,
        List(
            "bad; wrong; broken; slow; poor; overcharged; charged twice; still not; still waiting; \
             doesnt work; dont work; not working; never works; failed; failing; confusing; confused; \
             worried; stressed; tired; third time; second time; again and again; for hours; nobody; no one",
        ),
    ),
    (
        -2,
        List(
            "terrible; awful; horrible; worst; useless; hate; angry; furious; frustrated; frustrating; \
             upset; annoyed; annoying; disappointed; disappointing; unhappy; dissatisfied; unacceptable; \
             ridiculous; rude; disgusted; pathetic; nightmare; scam; fed up; sick of; ripped off; complain; \
             complaint; let down; poor service; bad service",
        ),
    ),
];
