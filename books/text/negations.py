"""Words that turn a sentence round, in the languages that have some: an omission must not swallow them."""

import re


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


# All languages together: a word too many costs a quotation its ellipsis, a word too few its meaning.
_NEGATIONS = _words("""
    no not never none nobody nothing nowhere neither nor cannot without hardly scarcely barely
    nicht nichts nie niemals niemand nirgends kein keine keinen keinem keiner keines ohne weder kaum
    ne n pas jamais rien personne aucun aucune sans guère non nunca jamás nada nadie ningún ninguno ninguna sin
    tampoco não nem ninguém nenhum nenhuma sem jamais nessuno nessuna niente nulla senza neppure neanche
    niet niets nooit niemand geen nergens zonder ikke ikkje aldri aldrig ingen inget inte intet ingenting uten
    utan uden ei eivät emme ette enkä eikä ekki aldrei nie nigdy nikt nic żaden żadna bez není nejsem nikdy nikdo
    niko ništa nikad nije nisam nisu nem soha senki semmi nincs sem nici niciodată nimic nimeni nu fără değil hiç
    yok hayır asla не нет ни никогда никто ничего нельзя без нема ніколи ніхто нічого не няма никой нищо
    δεν δε μη μην όχι ποτέ κανείς τίποτα χωρίς לא אין אל בלי מעולם לעולם לא לم לן لا لم لن ليس ليست بدون ما غير
    نه نیست هرگز نہیں कभी नहीं न मत बिना না নেই নয় இல்லை tidak bukan belum jangan tanpa không chưa chẳng chả đừng
    hindi huwag wala sio hakuna hapana kamwe nid nad ddim byth níl ní
""")
_WORD = re.compile(r"[^\W\d_]+(?:'[^\W\d_]+)*")
# Scripts and languages that set a negation inside other words.
_WITHIN = re.compile(r"n't\b|[不没沒無无未別别莫勿非]|ない|なかっ|なく|ませ|ぬ|ず|안\s|못|않|없|아니|ไม่|មិន|မ")


def has_negation(text: str) -> bool:
    """Whether a text, folded by `typography.fold`, has a word that denies."""
    return bool(_WITHIN.search(text)) or any(
        word in _NEGATIONS or word.partition("'")[0] == "n" for word in _WORD.findall(text)
    )
