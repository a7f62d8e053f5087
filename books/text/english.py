"""What the quotations writer knows of English: word lists, all harmless for text in other languages."""


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


STOP_WORDS = _words("""
    a about above across actually after again against ago all almost along already also although always am
    among an and another any anybody anyone anything anyway are aren't around as ask asked asking at away
    back be became because become been before behind being believe below between both but by call called came
    can can't cannot 'cause come comes coming could couldn't course cos did didn't different do does doesn't
    doing don't done down dunno during each either else enough especially etc even ever every everybody
    everyone everything exactly far few first following for from further gave get gets getting give given
    giving go goes going gone gonna good got gotta great had hadn't happen happened has hasn't have haven't
    having he he'd he'll he's hence her here here's hers herself him himself his how however i i'd i'll i'm
    i've if in indeed instead into is isn't it it'd it'll it's its itself just keep kept kind knew know known
    knows last least less let let's like likely little look looked looking looks lot lots made make makes
    making many may maybe me mean means meant might mine more most much must my myself near need needed needs
    neither never next no nobody none nor not nothing now of off often on once one ones only onto or other
    others otherwise our ours ourselves out over own per perhaps please probably put quite rather ready real
    really right said same saw say saying says see seeing seem seemed seems seen several shall she she'd
    she'll she's should shouldn't show since so some somebody somehow someone something sometimes somewhat
    somewhere soon sort still stuff such sure take taken takes taking talk talked talking tell than thank
    thanks that that'd that'll that's the their theirs them themselves then there there'd there'll there's
    therefore these they they'd they'll they're they've thing things think thinking this those though thought
    through thus till to today together told too took toward towards tried try trying two under unless until
    up upon us use used using usually various very wanna want wanted wants was wasn't way ways we we'd we'll
    we're we've well went were weren't what what's whatever when whenever where whereas whether which while
    who who'll who's whole whom whose why will with within without won't work would wouldn't yet you you'd
    you'll you're you've your yours yourself yourselves able absolutely certainly clearly obviously basically
    pretty three four five six seven eight nine ten second new old big small bit
    """)

FILLERS = _words("""
    ah aha alright aye bye cheers cool er erm excellent fine ha hello hey hi hm hmm huh lovely mhm mm mm-hmm
    mmm nah nice nope oh okay ok ooh oops perfect roger copy sorry uh uh-huh um wow yay yeah yep yes yup no
    sir madam mr mrs ms chair speaker morning afternoon evening whoa gosh kay 'kay affirmative negative wait
    """)

HESITATIONS = _words("uh um er erm ah hmm mm")

# What is said before an answer without being one: all fillers but a yes or a no.
ACKNOWLEDGEMENTS = (FILLERS | _words("well so now right")) - _words(
    "yes no yeah yep yup nope nah aye affirmative negative"
)

NUMBER_WORDS = _words("""
    zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen
    seventeen eighteen nineteen twenty thirty forty fifty sixty seventy eighty ninety hundred niner minus plus
    point decimal
    """)

# A sentence that begins with one of these leans on the sentence before it.
LEANING_STARTS = _words("""
    it it's its that that's this these those they they're he he's she she's them him her and but so or
    because 'cause cos which who whose then also there either neither nor though although whereas such
    otherwise therefore
    """)

# A line that ends with one of these was cut off in the middle of a thought.
DANGLING_ENDS = STOP_WORDS - _words("""
    again all anything anyway away back course done down enough ever everyone everything far gone good great
    here him her himself it me mine more much never nothing now off once one ones others ours out own
    please ready right same see so something soon stuff sure that them then there thing things this today
    together too two us way well yet you yourself three four five six seven eight nine ten bit
    """)

# What stands right before a noun phrase, and what before a verb or an adjective instead.
DETERMINERS = _words("a an the my your his her its our their every each these those")
PREPOSITIONS = _words("of in on about for with from at by into through under over between against")
NOT_BEFORE_NOUNS = _words("""
    to i you he she it we they who i'll you'll we'll they'll he'll she'll it'll can could will would shall
    should may might must cannot can't won't wouldn't couldn't shouldn't don't doesn't didn't let's not never
    please is are was were be been being am isn't aren't wasn't weren't it's that's he's she's we're they're
    you're i'm very so too more most less quite really rather pretty as
    """)

# Nouns that name nothing in particular, words of procedure, and frequent words that are no nouns.
_VAGUE_WORDS = _words("""
    afternoon amount answer area aspect basis best better book case chair chairman chance colleague comment
    couple day deal deputy detail dr end example extent fact floor form friend general gentleman girl group
    guy half hand high hon honourable hour house idea important issue item job kind lady large level
    line long lord low madam main major man matter meeting member middle minister minute moment month morning
    mr mrs ms name nature note number order page part particular past people perspective piece place point
    position possible previous prime problem process professor question range reason regard respect rest
    result role room round second section sense session set short side similar simple single sir sort speaker
    special specific stage start statement step story stuff team term terms thing time today tomorrow tonight
    top topic total turn type view week witness woman word world year yesterday young certain whole entire
    current final full further future initial late later overall recent top actual basic various quick slide
    agenda presentation exact clear obvious nice bad easy hard sure true wrong fine free okay yeah percent
    cent hundred thousand million billion dollar euro pound ahead later minute couple quarter third trying
    help start stop move run leave feel found find bring ensure provide appreciate understand hear agree
    continue include consider allow discuss mention guess hope suppose wonder remember happen play press click
    anybody everybody somebody conversation discussion agreement remark intervention response reply
    speak spoke speaking heard wish thankful grateful context situation circumstance
    """)

UNTELLING_WORDS = _VAGUE_WORDS | NUMBER_WORDS | HESITATIONS

# Words that stand before a colon without being the name of anybody.
NOT_A_SPEAKER = _words("""
    note notes nb warning caution example examples summary title date time place location topic subject re
    ps todo source sources chapter section part page http https ftp remember first second third finally
    question answer result results conclusion important tip hint fact facts reason reasons problem solution
    update edit add total also today tomorrow yesterday now then here there this that yes no or and but so
    monday tuesday wednesday thursday friday saturday sunday january february march april may june july
    august september october november december background context introduction overview theme themes
    transcript recording interview audio file track tape side minute minutes agenda item items point points
    step table figure photo image caption
    """)

ROLES = _words("""
    interviewer interviewee narrator host guest moderator speaker facilitator q a questioner respondent
    participant witness voice man woman child boy girl mother father audience crowd translator interpreter
    operator caller coach teacher student chair chairman chairwoman president judge counsel unknown
    """)

NAME_PARTICLES = _words("de da di do dos du del della der den van von la le el al bin ibn of the and y e")
