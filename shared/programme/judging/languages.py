"""ISO 639: the two letters of a language for its three, or for its name, as some CADs write it."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

_PAIRS = """
aar aa abk ab afr af aka ak alb sq sqi sq amh am ara ar arg an arm hy hye hy asm as aym ay aze az bak ba bam bm baq eu
eus eu bel be ben bn bos bs bre br bul bg bur my mya my cat ca che ce chi zh zho zh cmn zh cor kw cos co cre cr cze cs
ces cs dan da div dv dut nl nld nl dzo dz eng en epo eo est et ewe ee fao fo fij fj fin fi fre fr fra fr fry fy ful ff
geo ka kat ka ger de deu de gla gd gle ga glg gl glv gv gre el ell el grn gn guj gu hat ht hau ha heb he her hz hin hi
hmo ho hrv hr hun hu ibo ig ice is isl is ido io iku iu ind id ita it jav jv jpn ja kal kl kan kn kas ks kau kr kaz kk
khm km kik ki kin rw kir ky kom kv kon kg kor ko kua kj kur ku lao lo lat la lav lv lim li lin ln lit lt ltz lb lub lu
lug lg mac mk mkd mk mah mh mal ml mao mi mri mi mar mr may ms msa ms mlg mg mlt mt mon mn nau na nav nv nbl nr nde nd
ndo ng nep ne nno nn nob nb nor no nya ny oci oc oji oj ori or orm om oss os pan pa per fa fas fa pes fa pol pl por pt
pus ps que qu roh rm rum ro ron ro run rn rus ru sag sg san sa sin si slo sk slk sk slv sl sme se smo sm sna sn snd sd
som so sot st spa es srd sc srp sr ssw ss sun su swa sw swe sv tah ty tam ta tat tt tel te tgk tg tgl tl fil tl tha th
tib bo bod bo tir ti ton to tsn tn tso ts tuk tk tur tr twi tw uig ug ukr uk urd ur uzb uz ven ve vie vi vol vo wel cy
cym cy wln wa wol wo xho xh yid yi yor yo yue zh zha za zul zu
"""
_WORDS = _PAIRS.split()
TWO_LETTERS: Final[Mapping[str, str]] = MappingProxyType(dict(zip(_WORDS[::2], _WORDS[1::2], strict=True)))
"""`es` for `spa`; both of the codes that some languages have."""

_NAMED = """
en english, en ingles, es spanish, es espanol, es castilian, es spanish castilian, zh chinese, zh mandarin
yue cantonese, vi vietnamese, tl tagalog, tl filipino, ar arabic, ko korean, ru russian, fr french, ht haitian
ht haitian creole, ht creole, pt portuguese, hi hindi, so somali, fa persian, fa farsi, fa dari, pl polish, ja japanese
de german, it italian, uk ukrainian, am amharic, ur urdu, pa punjabi, bn bengali, ne nepali, hmn hmong, km khmer
km cambodian, lo lao, th thai, my burmese, sw swahili, he hebrew, el greek, hy armenian, ta tamil, te telugu
gu gujarati, ti tigrinya, om oromo, ps pashto, nv navajo, ro romanian, sq albanian, bs bosnian, sr serbian, hr croatian
hu hungarian, tr turkish, ase asl, ase american sign language, ase sign language
"""
BY_NAME: Final[Mapping[str, str]] = MappingProxyType(
    {
        name: code
        for named in _NAMED.replace("\n", ",").split(",")
        if named
        for code, _, name in [named.strip().partition(" ")]
    }
)
LANGUAGES: Final = frozenset((*TWO_LETTERS.values(), *BY_NAME.values()))
"""Every language that is known here, by its code."""
