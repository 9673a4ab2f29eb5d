"""The facts of a panel and the faults in Persian, by their English."""

from __future__ import annotations

from collections.abc import Mapping

from ippanel_provider.sandbox.faults import NAMES
from ippanel_provider.service_profile import facts

_FACTS = {
    "text_listed": "متن در فهرست ارسال‌ها: همان متن (جز تفاوت‌های زیر)، واژه‌هایی که با هیچ متنی یکی نیست، یا بدون متن",
    "suffix_appended": "متن‌های فهرست با یک خط تازه و «لغو11» پایان می‌یابند",
    "letters": "حروف متن‌های فهرست: دست‌نخورده، یا ی و ک تغییریافته",
    "half_spaces": "نیم‌فاصلهٔ متن‌های فهرست",
    "trailing_space": "فاصلهٔ پایان متن‌های فهرست",
    "line_ends": "پایان خط در متن‌های فهرست",
    "recipients_listed": "گیرندگان یک ارسال چه وقت دیده می‌شوند",
    "recipient_form": "شمارهٔ گیرندگان با چه شروع می‌شود",
    "recipient_texts": "متن هر گیرنده در فهرست گیرندگان می‌آید",
    "recipients_lacking": "چند گیرنده در فهرست نمی‌آیند، مانند افراد لیست سیاه",
    "counts": "تعداد گیرندگانی که یک ارسال نشان می‌دهد",
    "send_times": "زمان ارسال در فهرست: تا ثانیه، بریده به دقیقه، یا زمان ثبت",
    "scheduled_listed": "ارسال‌های زمان‌بندی‌شده پیش از موعد در فهرست می‌آیند",
    "ids": "شناسه‌ها فقط بزرگ‌تر می‌شوند، یا از دو بازه داده می‌شوند",
    "id_gaps": "شناسه‌های مشتریان دیگر میان شناسه‌های ماست",
    "filter_zone": "زمان فیلترها به وقت کجا خوانده می‌شود",
    "text_match": "فیلتر متن چه پیدا می‌کند",
    "page_cap": "بیشترین سطر یک صفحه، هرچه خواسته شود؛ صفر یعنی همان که خواسته شده",
    "page_figures": "فهرست‌ها total و last_page دارند",
    "page_order": "کدام ارسال‌ها اول می‌آیند",
    "pages_shift": "پیش از هر صفحهٔ بعد چند سطر از دیگران وارد می‌شود",
    "list_cap": "فهرست فقط چند ارسال آخر را دارد؛ صفر یعنی همه",
    "outbox_lag": "پس از چند ثانیه ارسال در فهرست می‌آید",
    "recipients_lag": "پس از چند ثانیه گیرندگان دیده می‌شوند",
    "bulk_lag": "پس از چند ثانیه ارسال با شناسه پیدا می‌شود",
    "clock_offset": "ساعت سرویس چند ثانیه جلو است؛ منفی یعنی عقب",
    "guard_seconds": "تا چند ثانیه متن تکراری به همان شخص رد می‌شود؛ صفر یعنی هیچ‌گاه",
    "gateway_repeats": "یک gateway هر درخواست POST را دو بار می‌فرستد و پاسخ دومی را برمی‌گرداند",
    "cancel_works": "ارسال زمان‌بندی‌شده‌ای که لغو شود ارسال نمی‌شود",
    "number_spellings": "شماره‌ها و خط‌ها در درخواست: 09… و 989… هم، یا فقط +98…",
    "validation_in_message": "خطاهای پاسخ 422 در meta.message می‌آیند",
    "suffix_priced": "محاسبهٔ قیمت «لغو11» را هم می‌شمارد",
    "pairs_cut": "محاسبهٔ قیمت کاراکتر دوواحدی روی مرز دو پارت را می‌برد",
    "price_factor": "قیمت هر پارت چند برابر مستندات است",
}
_FAULTS = {
    "latency": "پاسخ پس از `seconds` (0.5) می‌آید",
    "status": "پاسخ `status` (500) با `retry_after` و `body`؛ چیزی انجام نمی‌شود مگر با `processed`",
    "html": "صفحهٔ HTML یک gateway با `status` (502)؛ چیزی انجام نمی‌شود مگر با `processed`",
    "malformed": "انجام می‌شود، ولی پاسخ 200 با JSON خراب است",
    "truncated": "انجام می‌شود، ولی پاسخ از میانه بریده می‌شود",
    "refused": "پاسخ 200 که رد می‌کند، با `message` و `code`؛ چیزی انجام نمی‌شود مگر با `processed`",
    "unauthorized": "پاسخ 401 با `body`: مقدار `seen` یا `documented`",
    "drop_before": "اتصال بسته می‌شود و چیزی انجام نمی‌شود",
    "reset": "اتصال TCP بازنشانی می‌شود و چیزی انجام نمی‌شود",
    "drop_after": "انجام می‌شود، ولی اتصال بی‌پاسخ بسته می‌شود",
    "unanswered": "انجام می‌شود، ولی تا کلاینت رها کند پاسخی نمی‌آید",
    "held": "درخواست نگه داشته و `seconds` (60) بعد به ساعت سرویس انجام می‌شود؛ بی‌پاسخ، یا با صفحهٔ HTML و `status`",
    "repeated": "یک gateway درخواست را دو بار می‌فرستد و پاسخ دومی را می‌دهد؛ یا با `answer`: تکراری (`guard`)، "
    "بی‌اعتبار (`credit`)",
    "redirect": "پاسخ `status` (302) به جای دیگر؛ چیزی انجام نمی‌شود مگر با `processed`",
    "listed_late": "هرچه پذیرفته شود `seconds` (300) بعد در فهرست می‌آید",
    "frozen": "از این ارسال به بعد فهرست `seconds` (500) چیز تازه‌ای نمی‌گیرد",
    "deleted": "هرچه پذیرفته شود `seconds` (60) بعد از فهرست حذف می‌شود",
    "fewer_ids": "همه پذیرفته می‌شود، ولی فقط `accept` (1) شناسهٔ اول پاسخ داده می‌شود",
    "outbox_lag": "فهرست ارسال‌ها `seconds` (30) عقب است",
    "partial": "از peer_to_peer فقط `accept` (1) مورد اول پذیرفته می‌شود و شناسه‌هایش، یا `status`، پاسخ داده می‌شود",
    "outcome": "هرچه پذیرفته شود به `state_id` می‌رسد، یا همهٔ پیامک‌هایش به `message_status`",
}
PANEL: Mapping[str, str] = {
    **{facts()[name].says: words for name, words in _FACTS.items()},
    **{NAMES[name]: words for name, words in _FAULTS.items()},
}
