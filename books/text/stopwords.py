"""The commonest words of languages in Latin letters: what tells a text of each from one of the others."""

from collections.abc import Mapping

COMMON_WORDS: Mapping[str, frozenset[str]] = {
    language: frozenset(words.split())
    for language, words in {
        "en": "the of and to in was that it he she his her with for on had they we you not but were at by from this"
        " have are which as be there when been would who what them their said all my",
        "de": "der die das und ich nicht ist war in den von zu mit sich auf ein eine er sie es wir dem des im für als"
        " auch an hatte wurde aus bei nach wie aber noch nur so über einen einer waren mein meine haben",
        "fr": "le la les de des et à un une il elle je que qui dans pour pas ne est était du au en sur avec ce se nous"
        " vous son sa ses mais par plus on avait ils être cette mon ma tout comme même",
        "es": "el la los las de y que en un una no se su por con para lo le del al como más pero mi era había yo nos"
        " cuando muy sus sin sobre este esta ya todo fue él ella estaba tenía me también",
        "it": "il la le di e che in un una non si per con lo gli del della dei al come più ma mi era aveva io ci"
        " quando suo sua anche sono mio mia questo dal nel nella alla erano essere ho è",
        "pt": "o a os as de e que em um uma não se por com para do da dos das no na ao como mais mas meu minha era"
        " tinha eu nos quando muito seu sua ele ela foi já também estava à são",
        "nl": "de het een en van ik te dat die in is niet was op zijn met hij zij voor er maar aan om had ook als"
        " dan bij uit naar nog wat mijn we werd ze kan door over geen toen",
        "sv": "och i att det en som på är av för jag med den till var inte han hon vi de ett om hade från så men när"
        " min sig vid efter över också där här eller blev mycket",
        "da": "og i at det en som på er af for jeg med den til var ikke han hun vi de et om havde fra så men når min"
        " sig ved efter over også der her eller blev meget",
        "fi": "ja on ei se että oli hän minä mutta kun niin kuin olen ole ne me he mitä sitä tai jo vain sen hänen"
        " olivat myös minun sitten siitä ovat joka",
        "pl": "i w nie na się z że do to jest jak po co był była od za przez ale tak o mnie go ja dla już był było ich"
        " jego jej tylko kiedy który która bardzo byli",
        "cs": "a v se na je že s z do to i o k ve ale jako za by jsem byl byla bylo po od pro jak když jsme ten která"
        " který byli tak už jen podle není",
        "hu": "a az és hogy nem is egy volt de meg ez csak már azt el mint még ha vagy volt ki van én mi nagyon amikor"
        " lett majd akkor voltak apám",
        "ro": "și în de la a nu că cu pe din un o se mai era am fost care pentru sau dar ce au lui ei mea meu când este"
        " avea erau foarte într",
        "tr": "ve bir bu da de ne için ben o çok ama gibi daha var değil ile kadar sonra her benim olarak olan idi"
        " vardı biz onun oldu zaman",
        "id": "yang dan di itu dengan untuk dari ini tidak saya ke pada dia kami mereka adalah akan ada juga sudah"
        " seperti ayah karena oleh telah",
        "vi": "và của là có không được trong tôi một cho với những các đã người khi này đến từ cũng rất nhưng ông bà",
    }.items()
}
