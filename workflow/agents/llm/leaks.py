"""What is no part of a chapter: marks of prompts, notes to fill in, a model's words about itself, parts left out.

Told in the languages that models are mostly asked in. What a narrator may say is none of it: "I cannot help smiling".
"""

import re
from collections.abc import Iterator

_MARKS = re.compile(
    r"<<<|CHAPTER-META|<\|[a-z_]+\|>|\[/?INST\]"
    r"|\[(?:chunk[-_ ]?id|passage[-_ ]?id|id)\]|\[insert\b[^\[\]]*\]|\blorem ipsum\b",
    re.IGNORECASE,
)
# In capitals and as a note: "todo" is a word of Spanish and Portuguese.
_NOTE = re.compile(r"\bTODO:|[\[(]TODO\b[^\[\]()\n]*[\])]|^[ \t]*TODO[ \t]*$", re.MULTILINE)
_MODEL = re.compile(
    r"\b(?:as|I am|I['’]m|being) (?:only |just )?an? (?:(?:AI|artificial intelligence)(?: language)?"
    r" (?:model|assistant|system|chatbot)|(?:large )?language model)\b"
    r"|\bas an (?:AI|artificial intelligence), I\b"
    r"|\bals (?:ein(?:e)? )?(?:großes )?(?:KI-)?(?:Sprachmodell|KI-Assistent|KI-Modell|KI,|künstliche Intelligenz,)"
    r"|\ben tant qu(?:e |['’])(?:modèle de langage|(?:une )?(?:IA|intelligence artificielle)\b)"
    r"|\bcomo (?:un |um )?(?:modelo (?:de lenguaje|de linguagem|lingüístico)|(?:asistente|assistente) de IA\b|IA,)"
    r"|\bcome (?:un )?(?:modello (?:linguistico|di linguaggio)|assistente (?:di )?IA\b|IA,)"
    r"|\bals (?:een )?(?:AI[- ])?(?:taalmodel|AI-assistent)\b|\bjako (?:duży )?model językowy\b"
    r"|(?:\bкак|\bя|я —) (?:большая )?языковая модель|\bкак (?:ИИ|искусственный интеллект),"
    r"|作为(?:一个|一款)?(?:大型)?(?:AI|人工智能|语言模型|大语言模型)(?:助手|模型|语言模型)?[，,]"
    r"|(?:AI|大規模)?言語モデルとして|AIアシスタントとして|AI 언어 모델로서|كنموذج لغوي",
    re.IGNORECASE,
)
# A refusal stands at the start, and names what it refuses: a narrator "can't write, I never learned".
_REFUSAL = re.compile(
    r"\W*(?:(?:I['’]m|I am) (?:very |so )?sorry[,.]? (?:but )?|Sorry, (?:but )?|Unfortunately, "
    r"|I apologi[sz]e[,.]? (?:but )?)?I (?:cannot|can['’]t|am (?:not able|unable) to|won['’]t|will not)"
    r" (?:write|fulfil+|create|generate|continue|provide|complete|(?:help|assist)(?: you)? with|comply with)\b"
    r"(?: about)? (?:(?:this|that)(?=[.!,:;]|$)"
    r"|(?:this|that|the|your|a) (?:\w+ )?(?:request|chapter|task|content))\b"
    r"|\W*(?:Es tut mir leid|Leider|Entschuldigung)[^.!?\n]{0,20}\b(?:kann ich|ich kann)[^.!?\n]{0,30}\b"
    r"(?:Anfrage|Kapitel|Aufgabe|Wunsch|dabei|damit)\b"
    r"|\W*(?:Je suis désolée?|Désolée?)[^.!?\n]{0,20}je ne (?:peux|suis)[^.!?\n]{0,40}"
    r"(?:demande|chapitre|cela|tâche)"
    r"|\W*Lo siento[^.!?\n]{0,20}no puedo[^.!?\n]{0,40}(?:solicitud|capítulo|eso|tarea)"
    r"|\W*(?:Desculpe|Lamento|Sinto muito)[^.!?\n]{0,20}não posso[^.!?\n]{0,40}"
    r"(?:pedido|solicitação|capítulo|isso)"
    r"|\W*Mi dispiace[^.!?\n]{0,20}non posso[^.!?\n]{0,40}(?:richiesta|capitolo|questo)"
    r"|\W*(?:抱歉|对不起)[，,]?我(?:无法|不能)|\W*申し訳(?:ありません|ございません)が",
    re.IGNORECASE,
)
# Between brackets or parentheses: "[rest omitted]", "(continued)", "[… remaining sections unchanged …]".
_BRACKETED = (
    r"(?:the )?(?:rest|remainder|remaining)\b[^\[\]()\n]{0,60}\b"
    r"(?:omitted|unchanged|follows?|continues?|here|truncated)",
    r"(?:the )?(?:chapter|text|story) (?:continues|is cut|truncated)[^\[\]()\n]{0,60}",
    r"continued(?: below)?|to be continued|content omitted|truncated|omitted for (?:brevity|length)",
    r"Rest (?:ausgelassen|gekürzt|weggelassen)|Fortsetzung(?: folgt)?",
    r"(?:das )?Kapitel (?:wird fortgesetzt|geht weiter)[^\[\]()\n]{0,60}",
    r"(?:la )?suite (?:du chapitre|omise)[^\[\]()\n]{0,60}|à suivre",
    r"(?:el )?resto (?:omitido|del capítulo)[^\[\]()\n]{0,60}|continúa|continuará|continua|continuação",
    r"resto omesso|以下省略|下略|以下略|后略|略|续|続く|つづく",
)
_PARTS = r"(?:chapter|text|narrative|section|sections|paragraphs|passages)"
_MANNER = r"(?:same|this|similar|like|that) (?:manner|way|vein|fashion|style|pattern|lines)"
# A sentence that a chapter says of itself.
_TOLD = (
    rf"(?<![^\s*_>\"“….(])(?:The|This|The rest of the|The remaining|The remainder of the) {_PARTS}(?: then)?"
    r" (?:would )?(?:continues?|goes on|go on|proceeds?|follows?)[^.!?\n]{0,30} "
    rf"(?:(?:in|along|with|on) )?(?:the |an? )?{_MANNER}",
    r"\bDas (?:restliche )?Kapitel (?:geht|fährt|wird|setzt)[^.!?\n]{0,20}"
    r"(?:auf (?:diese|dieselbe|gleiche)|in (?:dieser|derselben|gleicher)|ebenso|genauso|so weiter)",
    r"\b(?:Le|Ce) chapitre (?:se poursuit|continue) (?:ainsi|de (?:la même|cette) (?:manière|façon))",
    r"\bEl capítulo (?:continúa|sigue) (?:de la misma|de esta) (?:manera|forma)",
    r"\bO capítulo continua (?:da mesma|desta) (?:maneira|forma)",
    r"\bIl capitolo (?:continua|prosegue) (?:allo stesso|in questo) modo",
    r"本章[^。\n]{0,10}以(?:同样|相同|类似)的方式继续",
)
_ELIDED = re.compile(
    rf"[\[(（【][\s….*_]*(?:{'|'.join(_BRACKETED)})[\s….*_]*[\])）】]|{'|'.join(_TOLD)}", re.IGNORECASE
)


def leaks_in(markdown: str, title: str = "") -> Iterator[str]:
    """Yield what no reader of a chapter may see, as it stands there."""
    for text in filter(None, (title, markdown)):
        for pattern in (_MARKS, _NOTE, _MODEL):
            yield from (match[0] for match in pattern.finditer(text))
    if refusal := _REFUSAL.match(markdown):
        yield refusal[0].strip()


def elisions_in(markdown: str) -> Iterator[str]:
    """Yield where a chapter says that a part of it is left out, as it stands there."""
    return (match[0].strip() for match in _ELIDED.finditer(markdown))
