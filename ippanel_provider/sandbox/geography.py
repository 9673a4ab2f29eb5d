"""Provinces, counties and cities of Iran, and trades: what recipients of bank sends are chosen by. API: bank.

All 31 provinces with some of their counties and cities. The ids are the sandbox's own, but for those the documents
print: province 89, county 212 and city 82 are the first of each here.
"""

from __future__ import annotations

from typing import NamedTuple

FIRST_PROVINCE_ID = 89
FIRST_COUNTY_ID = 212
FIRST_CITY_ID = 82

# A province a line; counties apart by |, a county's cities after its colon. A city alone stands for its county too.
_PROVINCES = """
تهران = تهران | ری: باقرشهر، کهریزک، حسن‌آباد | شمیرانات: لواسان، فشم | ورامین: ورامین، جوادآباد | اسلام‌شهر: اسلام‌شهر، چهاردانگه
البرز = کرج: کرج، ماهدشت، محمدشهر | ساوجبلاغ: هشتگرد | نظرآباد: نظرآباد، تنکمان
آذربایجان شرقی = تبریز: تبریز، سردرود | مراغه | مرند | اهر
آذربایجان غربی = ارومیه: ارومیه، قوشچی | خوی: خوی، ایواوغلی | مهاباد
اردبیل = اردبیل: اردبیل، هیر | مشگین‌شهر | خلخال
اصفهان = اصفهان: اصفهان، بهارستان | کاشان: کاشان، قمصر | نجف‌آباد | خوانسار
ایلام = ایلام | دهلران: دهلران، موسیان | مهران
بوشهر = بوشهر: بوشهر، چغادک | دشتستان: برازجان | کنگان
چهارمحال و بختیاری = شهرکرد | بروجن: بروجن، نقنه | لردگان
خراسان جنوبی = بیرجند | قائنات: قاین | فردوس | طبس
خراسان رضوی = مشهد: مشهد، رضویه | نیشابور | سبزوار | تربت حیدریه
خراسان شمالی = بجنورد | شیروان | اسفراین
خوزستان = اهواز | آبادان: آبادان، اروندکنار | دزفول | بهبهان
زنجان = زنجان | ابهر: ابهر، صائین‌قلعه | خدابنده: قیدار
سمنان = سمنان | شاهرود: شاهرود، بسطام | دامغان
سیستان و بلوچستان = زاهدان | زابل | چابهار | ایرانشهر
فارس = شیراز | مرودشت | جهرم: جهرم، قطب‌آباد | لارستان: لار
قزوین = قزوین: قزوین، اقبالیه | تاکستان | بوئین‌زهرا
قم = قم: قم، کهک، جعفریه
کردستان = سنندج | سقز | مریوان
کرمان = کرمان: کرمان، ماهان | رفسنجان | سیرجان | بم
کرمانشاه = کرمانشاه | اسلام‌آباد غرب | هرسین: هرسین، بیستون
کهگیلویه و بویراحمد = بویراحمد: یاسوج | گچساران: دوگنبدان | کهگیلویه: دهدشت
گلستان = گرگان: گرگان، سرخنکلاته | گنبد کاووس | ترکمن: بندر ترکمن
گیلان = رشت: رشت، کوچصفهان | بندر انزلی | لاهیجان: لاهیجان، رودبنه
لرستان = خرم‌آباد | بروجرد: بروجرد، اشترینان | دورود
مازندران = ساری | بابل: بابل، امیرکلا | آمل | رامسر
مرکزی = اراک | ساوه | خمین: خمین، قورچی‌باشی
هرمزگان = بندرعباس | قشم: قشم، درگهان | میناب
همدان = همدان | ملایر | نهاوند
یزد = یزد | میبد | اردکان
"""  # noqa: E501

_TRADES = """
پزشکی و درمان = پزشک عمومی | دندانپزشک | داروخانه | آزمایشگاه
خودرو = نمایشگاه خودرو | تعمیرگاه | لوازم یدکی
ساختمان = پیمانکار | مصالح ساختمانی | املاک
خوراک = رستوران | نانوایی | سوپرمارکت
آموزش = آموزشگاه زبان | مدرسه | کتابفروشی
"""

GENDERS = {1: "مرد", 2: "زن", 3: "سازمانی- حقوقی"}


class Entry(NamedTuple):
    """A place or a trade, and the one it is part of (0 for none)."""

    id: int
    name: str
    parent_id: int


def _read_places() -> tuple[dict[int, Entry], dict[int, Entry], dict[int, Entry]]:
    provinces: dict[int, Entry] = {}
    counties: dict[int, Entry] = {}
    cities: dict[int, Entry] = {}
    for line in _PROVINCES.strip().splitlines():
        name, _, listed = line.partition(" = ")
        province = Entry(FIRST_PROVINCE_ID + len(provinces), name, 0)
        provinces[province.id] = province
        for written in listed.split(" | "):
            county_name, _, city_names = written.partition(": ")
            county = Entry(FIRST_COUNTY_ID + len(counties), county_name, province.id)
            counties[county.id] = county
            for city_name in (city_names or county_name).split("، "):
                city = Entry(FIRST_CITY_ID + len(cities), city_name, county.id)
                cities[city.id] = city
    return provinces, counties, cities


def _read_trades() -> tuple[dict[int, Entry], dict[int, Entry]]:
    mains: dict[int, Entry] = {}
    subs: dict[int, Entry] = {}
    for line in _TRADES.strip().splitlines():
        name, _, listed = line.partition(" = ")
        main = Entry(1 + len(mains), name, 0)
        mains[main.id] = main
        for sub_name in listed.split(" | "):
            sub = Entry(101 + len(subs), sub_name, main.id)
            subs[sub.id] = sub
    return mains, subs


PROVINCES, COUNTIES, CITIES = _read_places()
TRADES, SUB_TRADES = _read_trades()
