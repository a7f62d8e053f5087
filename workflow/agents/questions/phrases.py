"""How people ask in English without wanting to know, and how they say that they do not know."""

import re


def _one_of(lines: str) -> re.Pattern[str]:
    """Compile a list with one pattern a line: a space is any white space, ' any apostrophe."""
    patterns = [line.strip().replace("'", "['’]").replace(" ", r"\s+") for line in lines.strip().splitlines()]
    return re.compile(rf"\b(?:{'|'.join(patterns)})(?!\w)", re.IGNORECASE)


NOT_MEANT = _one_of("""
    why not
    why \\w+n't
    why [^?]*not
    how (?:about|dare|come|do you do|are you|would|should|can|do we|do i)
    what (?:about|if|am i|are we|should|can)
    what do (?:you|we|i) (?:think|do|want|mean|call)
    what(?: was| is|'s) (?:that|it|this|up|the point)
    where (?:are we|should)
    who (?:knows|cares)
    (?:do|did|don't|didn't) (?:you|we|they) (?:think|want|agree|mean|see|know|mind|feel|like|hear|copy|have any)
    do (?:i|we)
    (?:are|have) we
    are you (?:there|okay|ready|sure|saying)
    is (?:that|it|this) (?:it|all|okay|right|correct|what)
    is there any(?:thing|body|one)?
    any(?:thing|body|one) else
    (?:shall|should) (?:we|i)
    (?:can|could) (?:we|i|you)
    (?:would|will) you
    (?:am|may) i
    wanna
    gonna
    """)

NOT_KNOWN = _one_of("""
    (?:I|we) (?:really |honestly |just )?(?:don't|do not|didn't|did not) (?:really |actually )?(?:know|remember|recall)
    (?:I|we) (?:really |honestly |just )?(?:can't|cannot) (?:really )?(?:know|remember|recall|say|tell you)
    (?:I|we) (?:really |honestly |just )?(?:couldn't|could not) (?:really )?(?:know|remember|recall|say|tell you)
    (?:I|we)(?:'ve| have)? (?:no idea|forgotten|forget)
    no idea
    I'm not sure
    it is gone
    (?:I|we) (?:don't|do not) have (?:that|the|those|an exact|any) (?:figure|number|information|answer|date)s?
    haven't got (?:that|the|those) \\w+
    (?:I|we)(?:'ve| have)? never (?:found out|learned|learnt|knew|heard|asked)
    (?:nobody|no one|none of us) (?:ever |really |could )?(?:know|knows|knew|tell|say|remembers?|remembered)
    (?:nobody|no one|none of us) (?:ever )?(?:found out|told (?:me|us))
    (?:he|she|they|it) (?:has |have |had )?never (?:said|told (?:me|us|anybody|anyone))
    (?:he|she|they) (?:wouldn't|would not) say
    """)

PUT_OFF = _one_of("""
    (?:I|we)(?:'ll| will| can| would have to| have to) (?:have to )?(?:get|come) back to (?:you|that|it)
    (?:I|we)(?:'ll| will| can| would have to| have to) (?:check|look (?:it|that) up|look into (?:it|that))
    (?:I|we)(?:'ll| will| can| would have to| have to) find (?:it |that )?out
    (?:I|we)(?:'ll| will| can) (?:write to|send|provide) (?:you|the committee|a note)
    take (?:that|it) under advisement
    let me (?:check|find out)
    """)

DEFLECTED = _one_of("""
    you(?:'d| would|'ll| will) have to ask
    (?:that is|that's) (?:another|for another) (?:tape|day|story)
    (?:turn|switch) (?:(?:that|it|the tape|the recorder|the machine)(?: off)?|off (?:that|the tape|the recorder))
    is (?:that|the) (?:thing|tape|machine|recorder) still (?:going|on|running)(?: round)?
    (?:I'd|I would) rather not (?:say|talk|tell)
    (?:let's|let us) (?:not talk|talk about something else)
    """)

_CANNOT_RECALL = (
    r"I (?:really |just )?(?:don't|can't|cannot|couldn't) (?:quite |even )?(?:remember|recall|think of)"
)
_WHOSE = "(?:the|his|her|their|its|what|which|in which) (?:exact )?"

FORGOTTEN = _one_of(f"""
    {_CANNOT_RECALL} {_WHOSE}(?:name|year|date|town|village|street|ship|song|month|address|surname)s?
    {_CANNOT_RECALL} what (?:he|she|they|it) (?:was|were) called
    """)

_WHICH = "(?:who|what|why|when|where|whose|which|how)"

NEVER_LEARNED = _one_of(f"""
    (?:I|we|they) (?:have |had )?never (?:found out|learned|learnt|discovered) {_WHICH}
    (?:nobody|no one) (?:has |had )?ever (?:found out|learned|learnt|discovered) {_WHICH}
    (?:nobody|no one|none of us) (?:knew|remembered|could say|could tell) {_WHICH}
    (?:he|she|they) never (?:said|told (?:me|us)|told anybody) {_WHICH}
    """)

_UNKNOWN_STILL = (
    "(?:has|have) never been (?:found out|explained|settled|told|learned|learnt|known)"
    "|(?:is|are|was|were) (?:not|never) (?:told|known|explained|found out|recorded)"
    "|(?:is|remains|stays) (?:unknown|a mystery|unexplained)"
    "|nobody (?:knows|knew|ever found out|can say)"
)

SUMMARY_LEAVES_OPEN = re.compile(
    rf"^(?P<asks>who|what|why|when|where|whose|which|how)\b(?P<about>[^,;:.]{{3,120}}?),? (?:{_UNKNOWN_STILL})\b",
    re.IGNORECASE,
)
