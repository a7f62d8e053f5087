"""Names that readers know, or that explain themselves: nobody needs to be asked about them."""

from workflow.harmonization.prose import word_set

WELL_KNOWN = word_set("""
    monday tuesday wednesday thursday friday saturday sunday january february march april may june july august
    september october november december christmas easter africa america asia europe australia antarctica
    england english scotland scottish wales welsh ireland irish britain british uk usa us france french germany
    german spain spanish italy italian portugal portuguese netherlands dutch belgium belgian switzerland swiss
    austria austrian sweden swedish norway norwegian denmark danish finland finnish poland polish russia russian
    soviet ukraine ukrainian greece greek turkey turkish hungary hungarian romania czech china chinese japan
    japanese india indian pakistan korea korean vietnam vietnamese israel israeli iran iraq syria egypt egyptian
    mexico mexican brazil brazilian argentina chile peru cuba cuban canada canadian canadians american americans
    european europeans african asian australian zealand london paris berlin rome madrid moscow washington york
    chicago boston houston texas california florida toronto montreal ottawa vancouver quebec ontario alberta
    manitoba saskatchewan columbia scotia brunswick newfoundland yukon cardiff edinburgh glasgow dublin belfast
    tokyo beijing hong kong atlantic pacific mediterranean earth moon sun mars venus god jesus christian
    christians catholic catholics protestant jewish jew jews muslim muslims islam buddhist hindu bible parliament
    government senate congress internet web google facebook twitter apple microsoft youtube windows linux iphone
    covid nasa eu un nato tv dvd cd pc gps pdf usb ceo faq vip ok atm dna hiv aids gdp tvs pcs am pm nhs bbc
    north south east west northern southern eastern western okay mr mrs ms dr hon sir madam lord lady mum dad
    mom mother father grandma grandpa aunt uncle internet asap fyi euro euros pound pounds dollar dollars
    liberal liberals conservative conservatives labour tory tories democrat democrats republican republicans
    ndp kingdom republic people's constitution constitutional oxford cambridge westminster milan taiwan quebeckers
    quebecers powerpoint excel word visa mastercard nokia sony panasonic ipod ipad samsung mac macs ibm ceos
    oecd imf wto who unesco unicef christians brexit global news alpha bravo charlie delta echo foxtrot golf
    hotel juliet kilo lima mike november oscar papa quebec romeo sierra tango uniform victor whiskey x-ray
    yankee zulu
    indigenous aboriginal first nations inuit latin roman english-speaking french-speaking welsh-medium
    """)

EXPLAINS_ITSELF = word_set("""
    committee act bill bills department ministry minister ministers university college school schools bank
    council board program programme agency corporation street road avenue river lake hospital church party
    association fund benefit service services union court island islands bay commission commissioner office
    force group team day week month year secretary government house assembly centre center institute museum
    company plan strategy review report project agreement treaty officer president director chair chairman
    chairperson leader member members station house airport bridge park square mountain mountains sea ocean
    war prize award festival times post review framework scheme policy regulations authority administration
    opposition guidelines budget inquiry amendment amendments section clause standards standing orders order
    general crown subsidy professor doctor king queen prince princess saint captain colonel major sergeant
    speaker bloc caucus province provinces territory territories county city town village district region
    industry industries economy workers canadians people society federation foundation network community
    communities health education care children young business loan loans account level levels qualification
    qualifications exam exams baccalaureate inspectorate trust police army navy world
    """)
