"""What the pages say, in the language of the mail that led there."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Words:
    """One language. `{shop}` and `{address}` are filled in."""

    language: str
    leave_title: str
    leave_question: str
    leave_button: str
    stay: str
    preferences_title: str
    preferences_text: str
    left_title: str
    left_text: str
    not_stored_title: str
    not_stored_text: str
    only_preview: str
    not_found_title: str
    not_found_text: str
    failed_title: str
    failed_text: str
    too_large_title: str
    too_large_text: str
    not_so_title: str
    not_so_text: str
    expired_title: str
    expired_text: str
    to_shop: str


ENGLISH = Words(
    language="en",
    leave_title="Leave our mailing list?",
    leave_question="{shop} will send no more marketing mail to {address}.",
    leave_button="Yes, unsubscribe",
    stay="No, I’d rather stay",
    preferences_title="Your mail from {shop}",
    preferences_text="We write to {address}. If you would rather not hear from us, one click is enough.",
    left_title="You are unsubscribed",
    left_text="{shop} will send no more marketing mail to {address}. There is nothing else you need to do.",
    not_stored_title="That did not work yet",
    not_stored_text="We could not save your wish just now, so you are still on the list. Please try again in a minute.",
    only_preview="This link comes from a preview. Nothing was changed.",
    not_found_title="There is nothing here",
    not_found_text="This address leads nowhere. Maybe the link was cut in two on its way.",
    failed_title="We cannot show this right now",
    failed_text="Something on our side does not answer. Please try again in a minute.",
    too_large_title="That is too much",
    too_large_text="What was sent to this address is larger than it takes.",
    not_so_title="It does not work this way",
    not_so_text="This address is there, but not for this kind of request.",
    expired_title="This mail can no longer be shown",
    expired_text="It was made for you, and what it was made from is gone. Your mailbox still has it.",
    to_shop="Go to {shop}",
)
TURKISH = Words(
    language="tr",
    leave_title="Listemizden ayrılmak mı istiyorsunuz?",
    leave_question="{shop} artık {address} adresine tanıtım e-postası göndermeyecek.",
    leave_button="Evet, abonelikten çık",
    stay="Hayır, kalmak istiyorum",
    preferences_title="{shop} e-postalarınız",
    preferences_text="{address} adresine yazıyoruz. Bizden haber almak istemiyorsanız tek bir tık yeterli.",
    left_title="Abonelikten çıktınız",
    left_text="{shop} artık {address} adresine tanıtım e-postası göndermeyecek. Yapmanız gereken başka bir şey yok.",
    not_stored_title="Henüz olmadı",
    not_stored_text="İsteğinizi şu anda kaydedemedik, hâlâ listedesiniz. Lütfen bir dakika sonra yeniden deneyin.",
    only_preview="Bu bağlantı bir önizlemeden geliyor. Hiçbir şey değişmedi.",
    not_found_title="Burada bir şey yok",
    not_found_text="Bu adres bir yere çıkmıyor. Bağlantı yolda ikiye bölünmüş olabilir.",
    failed_title="Bunu şu anda gösteremiyoruz",
    failed_text="Bizim tarafımızda bir şey yanıt vermiyor. Lütfen bir dakika sonra yeniden deneyin.",
    too_large_title="Bu çok fazla",
    too_large_text="Bu adrese gönderilen, alabileceğinden büyük.",
    not_so_title="Bu yolla olmuyor",
    not_so_text="Bu adres var, ama bu tür bir istek için değil.",
    expired_title="Bu e-posta artık gösterilemiyor",
    expired_text="Size özel hazırlanmıştı, hazırlandığı bilgiler artık yok. E-posta kutunuzda hâlâ duruyor.",
    to_shop="{shop} sitesine git",
)
AZERBAIJANI = Words(
    language="az",
    leave_title="Siyahımızdan çıxmaq istəyirsiniz?",
    leave_question="{shop} daha {address} ünvanına reklam məktubu göndərməyəcək.",
    leave_button="Bəli, abunəlikdən çıx",
    stay="Xeyr, qalmaq istəyirəm",
    preferences_title="{shop} məktublarınız",
    preferences_text="{address} ünvanına yazırıq. Bizdən xəbər almaq istəmirsinizsə, bir klik kifayətdir.",
    left_title="Abunəlikdən çıxdınız",
    left_text="{shop} daha {address} ünvanına reklam məktubu göndərməyəcək. Başqa heç nə etməyiniz lazım deyil.",
    not_stored_title="Hələ alınmadı",
    not_stored_text="İstəyinizi indi yadda saxlaya bilmədik, hələ siyahıdasınız. Zəhmət olmasa, bir dəqiqədən sonra yenidən cəhd edin.",
    only_preview="Bu keçid ilkin baxışdan gəlir. Heç nə dəyişmədi.",
    not_found_title="Burada heç nə yoxdur",
    not_found_text="Bu ünvan heç yerə aparmır. Ola bilsin, keçid yolda ikiyə bölünüb.",
    failed_title="Bunu indi göstərə bilmirik",
    failed_text="Bizim tərəfdə nəsə cavab vermir. Zəhmət olmasa, bir dəqiqədən sonra yenidən cəhd edin.",
    too_large_title="Bu, həddən artıqdır",
    too_large_text="Bu ünvana göndərilən onun götürə biləcəyindən böyükdür.",
    not_so_title="Bu yolla olmur",
    not_so_text="Bu ünvan var, amma bu cür sorğu üçün deyil.",
    expired_title="Bu məktub artıq göstərilə bilmir",
    expired_text="O, sizin üçün hazırlanmışdı, hazırlandığı məlumat isə artıq yoxdur. Məktub qutunuzda qalır.",
    to_shop="{shop} saytına keç",
)
_BY_LANGUAGE: Mapping[str, Words] = {words.language: words for words in (ENGLISH, TURKISH, AZERBAIJANI)}


def words_for(*wishes: str | None) -> Words:
    """The first wish that we have words for: tags like `tr`, `az-Latn`, `en_GB`."""
    for wish in wishes:
        words = _BY_LANGUAGE.get((wish or "").replace("_", "-").partition("-")[0].strip().lower())
        if words is not None:
            return words
    return ENGLISH


def accepted_languages(header: str) -> list[str]:
    """The languages of an Accept-Language header as they stand; browsers write the dearest first."""
    return [part.partition(";")[0].strip() for part in header[:200].split(",")]
