"""Language tags (BCP 47): from a tag in any spelling or a language's name; their names; which way they are written."""

import re
import unicodedata
from collections.abc import Mapping
from functools import cache

from django.conf.locale import LANG_INFO


def _split(text: str) -> list[str]:
    return text.split()


_ISO_639_1 = frozenset(_split(
    "aa ab ae af ak am an ar as av ay az ba be bg bi bm bn bo br bs ca ce ch co cr cs cu cv cy da de dv "
    "dz ee el en eo es et eu fa ff fi fj fo fr fy ga gd gl gn gu gv ha he hi ho hr ht hu hy hz ia id ie "
    "ig ii ik io is it iu ja jv ka kg ki kj kk kl km kn ko kr ks ku kv kw ky la lb lg li ln lo lt lu lv "
    "mg mh mi mk ml mn mr ms mt my na nb nd ne ng nl nn no nr nv ny oc oj om or os pa pi pl ps pt qu rm "
    "rn ro ru rw sa sc sd se sg si sk sl sm sn so sq sr ss st su sv sw ta te tg th ti tk tl tn to tr ts "
    "tt tw ty ug uk ur uz ve vi vo wa wo xh yi yo za zh zu "
))  # fmt: skip
# The three letters of ISO 639-2 and old tags, where there is a shorter or newer one.
_OTHER_CODES: Mapping[str, str] = dict(pair.split("=") for pair in _split(
    "eng=en deu=de ger=de fra=fr fre=fr spa=es ita=it por=pt nld=nl dut=nl rus=ru zho=zh chi=zh cmn=zh "
    "jpn=ja kor=ko ara=ar heb=he fas=fa per=fa tur=tr pol=pl ces=cs cze=cs slk=sk slo=sk hun=hu ron=ro "
    "rum=ro bul=bg ell=el gre=el ukr=uk swe=sv dan=da nor=no nob=nb nno=nn fin=fi est=et lav=lv lit=lt "
    "hin=hi urd=ur ben=bn tam=ta tel=te mar=mr tha=th vie=vi ind=id msa=ms may=ms khm=km lao=lo mya=my "
    "bur=my kat=ka geo=ka hye=hy arm=hy cat=ca glg=gl eus=eu baq=eu gle=ga cym=cy wel=cy isl=is ice=is "
    "sqi=sq alb=sq srp=sr hrv=hr slv=sl mkd=mk mac=mk bos=bs afr=af swa=sw amh=am yid=yi lat=la epo=eo "
    "iw=he in=id ji=yi jw=jv mo=ro "
))  # fmt: skip
# Beside the names that Django knows.
_NAMES: Mapping[str, tuple[str, ...]] = {
    "am": ("Amharic",),
    "bo": ("Tibetan",),
    "de-CH": ("Swiss Standard German",),
    "en-US": ("American English",),
    "es": ("Castilian", "Castellano"),
    "fa": ("Farsi", "Dari"),
    "fil": ("Filipino", "Tagalog"),
    "fo": ("Faroese",),
    "gsw": ("Swiss German", "Schweizerdeutsch"),
    "gu": ("Gujarati",),
    "ha": ("Hausa",),
    "haw": ("Hawaiian",),
    "he": ("Ivrit",),
    "ht": ("Haitian Creole",),
    "jv": ("Javanese",),
    "kl": ("Greenlandic",),
    "ku": ("Kurdish",),
    "la": ("Latin",),
    "lo": ("Lao",),
    "mg": ("Malagasy",),
    "mi": ("Maori",),
    "mt": ("Maltese",),
    "nl": ("Flemish", "Vlaams"),
    "oc": ("Occitan",),
    "or": ("Odia",),
    "ps": ("Pashto",),
    "pt-PT": ("European Portuguese",),
    "qu": ("Quechua",),
    "rm": ("Romansh",),
    "ro": ("Moldovan",),
    "rom": ("Romani",),
    "sa": ("Sanskrit",),
    "sc": ("Sardinian",),
    "sco": ("Scots",),
    "sd": ("Sindhi",),
    "se": ("Northern Sami",),
    "si": ("Sinhala",),
    "sm": ("Samoan",),
    "sn": ("Shona",),
    "so": ("Somali",),
    "su": ("Sundanese",),
    "ti": ("Tigrinya",),
    "wo": ("Wolof",),
    "xh": ("Xhosa",),
    "yi": ("Yiddish",),
    "yo": ("Yoruba",),
    "yue": ("Cantonese",),
    "zh": ("Chinese", "Mandarin", "Mandarin Chinese", "中文", "汉语", "漢語", "普通话"),
    "zu": ("Zulu",),
}
_REGIONS: Mapping[str, str] = {
    "us": "US", "usa": "US", "united states": "US", "america": "US", "uk": "GB", "united kingdom": "GB",
    "great britain": "GB", "ireland": "IE", "canada": "CA", "australia": "AU", "new zealand": "NZ", "india": "IN",
    "germany": "DE", "austria": "AT", "switzerland": "CH", "france": "FR", "belgium": "BE", "brazil": "BR",
    "portugal": "PT", "spain": "ES", "mexico": "MX", "argentina": "AR", "china": "CN", "taiwan": "TW",
    "hong kong": "HK", "simplified": "Hans", "traditional": "Hant",
}  # fmt: skip
_TAG = re.compile(
    r"[A-Za-z]{2,3}(?:[-_][A-Za-z]{4})?(?:[-_](?:[A-Za-z]{2}|[0-9]{3}))?(?:[-_](?:[A-Za-z0-9]{5,8}|[0-9][A-Za-z0-9]{3}))*"
)
_WITH_REGION = re.compile(r"(.+?)\s*[(（,–—-]\s*([^()（）]+?)\s*[)）]?")
_RIGHT_TO_LEFT = frozenset(_split("ar arc ckb dv fa he nqo ps sd syr ug ur yi"))
_RIGHT_TO_LEFT_SCRIPTS = frozenset(_split("Adlm Arab Hebr Nkoo Rohg Syrc Thaa"))
UNDETERMINED = "und"
# No name of a language, with its region, is longer; looking for a region in more would take long.
_LONGEST = 100


def tag_named(text: str) -> str:
    """Return the tag that a person or a tool means by `text`, such as "English", "en_us" or "eng"; "" if none."""
    if len(text) > _LONGEST:
        return ""
    plain = " ".join(text.split())
    if _TAG.fullmatch(plain) and (tag := _spelled(plain)):
        return tag
    if found := _by_name().get(_folded(plain)):
        return found
    match = _WITH_REGION.fullmatch(plain)
    language = tag_named(match[1]) if match else ""
    region = _REGIONS.get(match[2].casefold(), "") if match else ""
    return f"{language}-{region}" if language and region and "-" not in language else ""


def name_of(tag: str) -> str:
    """Return the English name of a tag's language, or the tag where it has none."""
    primary = tag.partition("-")[0]
    for each in (tag, primary):
        info = LANG_INFO.get(each.lower())
        if info and "name" in info:
            return str(info["name"])
        if each in _NAMES:
            return _NAMES[each][0]
    return tag


def direction_of(tag: str) -> str:
    """Return "rtl" for a language that is written from right to left, else "ltr"."""
    primary, *rest = tag.split("-")
    script = next((each for each in rest if len(each) == 4 and each.isalpha()), "")
    if script:
        return "rtl" if script.title() in _RIGHT_TO_LEFT_SCRIPTS else "ltr"
    return "rtl" if primary.lower() in _RIGHT_TO_LEFT else "ltr"


def _spelled(text: str) -> str:
    """Return the tag with its parts in the customary cases, "" where its language is not known."""
    primary, *rest = text.replace("_", "-").split("-")
    primary = _OTHER_CODES.get(primary.lower(), primary.lower())
    # There are seven thousand languages with three letters: no list of ours refuses one.
    if len(primary) == 2 and primary not in _ISO_639_1:
        return ""
    return "-".join((primary, *map(_subtag, rest)))


def _subtag(text: str) -> str:
    if len(text) == 4 and text.isalpha():
        return text.title()
    return text.upper() if len(text) < 4 else text.lower()


@cache
def _by_name() -> Mapping[str, str]:
    names: dict[str, str] = {}
    for code, info in LANG_INFO.items():
        for key in ("name", "name_local"):
            if key in info:
                names.setdefault(_folded(str(info[key])), _spelled(code) or code)
    for code, known in _NAMES.items():
        names.update({_folded(name): code for name in known})
    return names


def _folded(text: str) -> str:
    """Return a name as it is compared: "Español" and "espanol" are the same."""
    apart = unicodedata.normalize("NFKD", text.casefold())
    return "".join(sign for sign in apart if unicodedata.category(sign) != "Mn")
