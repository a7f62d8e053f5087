"""A text's language is told where it is certain, and only there."""

import pytest

from books.text.detection import is_certainly_not, language_of

TEXTS = {
    "en": (
        "The river rose in that year, and those who lived beside it went up the steps with what they "
        "could carry. My father was a tailor and we lived above the shop with my two sisters, who had "
        "nothing but what they wore when the water came."
    ),
    "de": (
        "Ich bin 1931 in Hull geboren. Mein Vater war Schneider, und wir wohnten über dem Laden. Im "
        "Winter kam das Wasser bis an die Stufen, und meine Mutter trug die Kinder nach oben, weil sie "
        "nicht wusste, ob es noch weiter steigen würde als im Jahr davor."
    ),
    "es": (
        "Nací en Cuenca en 1931. Mi padre era sastre y vivíamos encima de la tienda con mis dos "
        "hermanas. Todo empezó cuando el agua subió hasta los escalones y mi madre llevó a los niños "
        "arriba porque no sabía si iba a subir más."
    ),
    "pt": (
        "Nasci em Lisboa em 1931. O meu pai era alfaiate e vivíamos por cima da loja com as minhas duas "
        "irmãs. Tudo começou quando a água subiu até aos degraus e a minha mãe levou as crianças para "
        "cima, porque não sabia se ia subir mais."
    ),
    "fr": (
        "Je suis né à Lyon en 1931. Mon père était tailleur et nous habitions au-dessus de la boutique "
        "avec mes deux soeurs. Tout a commencé quand l'eau est montée jusqu'aux marches et que ma mère a "
        "porté les enfants en haut, parce qu'elle ne savait pas si elle monterait encore."
    ),
    "it": (
        "Sono nato a Torino nel 1931. Mio padre era sarto e vivevamo sopra la bottega con le mie due "
        "sorelle. Tutto cominciò quando l'acqua salì fino ai gradini e mia madre portò i bambini di "
        "sopra, perché non sapeva se sarebbe salita ancora di più."
    ),
    "nl": (
        "Ik ben in 1931 in Hull geboren. Mijn vader was kleermaker en we woonden boven de winkel met "
        "mijn twee zussen. Het begon toen het water tot aan de treden kwam en mijn moeder de kinderen "
        "naar boven droeg, omdat ze niet wist of het nog hoger zou komen."
    ),
    "sv": (
        "Jag är född i Lund 1931. Min far var skräddare och vi bodde över butiken med mina två systrar. "
        "Det började när vattnet steg till trappan och min mor bar barnen upp, för hon visste inte om "
        "det skulle stiga mer än året före, och vi var rädda."
    ),
    "da": (
        "Jeg er født i Aarhus i 1931. Min far var skrædder, og vi boede over butikken med mine to "
        "søstre. Det begyndte, da vandet steg til trappen, og min mor bar børnene op, for hun vidste "
        "ikke, om det ville stige mere end året før, og vi var bange."
    ),
    "ru": (
        "Я родился в Калуге в 1931 году. Мой отец был портным, и мы жили над лавкой с двумя сестрами. "
        "Всё началось, когда вода поднялась."
    ),
    "zh": "我小时候住在上海，父亲是裁缝，我们住在店铺楼上，还有两个妹妹。" * 3,
    "ja": "私は1931年に東京で生まれた。父は仕立屋で、店の二階に住んでいました。" * 3,
    "gl": (
        "Nacín en Lugo en 1931. O meu pai era xastre e viviamos enriba da tenda coas miñas dúas irmás. "
        "Todo empezou cando a auga subiu ata os chanzos e a miña nai levou os nenos para arriba, porque "
        "non sabía se ía subir máis."
    ),
    "ca": (
        "Vaig néixer a Lleida el 1931. El meu pare era sastre i vivíem damunt de la botiga amb les meves "
        "dues germanes. Tot va començar quan l'aigua va pujar fins als graons i la meva mare va portar "
        "els nens a dalt, perquè no sabia si pujaria més."
    ),
}
KNOWN = [language for language in TEXTS if language not in {"gl", "ca", "ru"}]


@pytest.mark.parametrize("language", KNOWN)
def test_running_text_tells_its_language(language: str) -> None:
    assert language_of(TEXTS[language]) == language


@pytest.mark.parametrize("language", TEXTS)
def test_a_text_is_never_said_not_to_be_in_its_own_language(language: str) -> None:
    assert not is_certainly_not(TEXTS[language], language)
    assert not is_certainly_not(TEXTS[language], f"{language}-XX")


@pytest.mark.parametrize(
    ("text", "wanted", "differs"),
    [
        (TEXTS["en"], "de", True),
        (TEXTS["sv"], "da", True),
        (TEXTS["zh"], "en", True),
        (TEXTS["ja"], "zh", True),
        (TEXTS["ru"], "en-GB", True),
        (TEXTS["en"], "sr", False),
        (TEXTS["en"], "gsw", False),
        (TEXTS["ca"], "es", False),
        (TEXTS["zh"], "ja", False),
        (TEXTS["en"][:60], "de", False),
        ("Hull, London, Paris, Anna Smith, Bob Lee, " * 10, "de", False),
        ("1931 1932 1933 " * 40, "de", False),
        ("", "de", False),
    ],
)
def test_another_language_is_found_only_without_a_doubt(text: str, wanted: str, differs: bool) -> None:
    assert is_certainly_not(text, wanted) is differs
