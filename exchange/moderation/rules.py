"""Short lists in both languages: why a text is returned, and why a talk is reported."""

REASONS: dict[str, dict[str, str]] = {
    "too_vague": {
        "ar": "النص عام جدًا. اكتب جملة عمّا ستفعلانه معًا ولمن هو.",
        "en": "It is too general. Add a sentence on what you will do together and for whom.",
    },
    "contact_inside": {
        "ar": "في النص رقم هاتف أو عنوان. احذفه من فضلك، فالحديث يبدأ هنا بأمان.",
        "en": "There is a phone number or address in it. Please take it out; the talk begins safely here.",
    },
    "duplicate": {
        "ar": "لديك عرض مشابه منشور. عدّل المنشور بدل أن تكرره.",
        "en": "You already have a listing like this. Change that one instead of repeating it.",
    },
    "not_learning": {
        "ar": "ركن للتعلّم فقط، وليس للبيع أو التوظيف.",
        "en": "Rukn is for learning, not for selling or hiring.",
    },
    "unkind": {
        "ar": "في النص كلمات قد تؤذي. أعد صياغته بلطف.",
        "en": "Some words in it may hurt. Please say it kindly.",
    },
    "unsafe": {
        "ar": "قد يكون هذا خطرًا على أحد. اكتب كيف تضمن السلامة، أو اختر شيئًا آخر.",
        "en": "This may be dangerous for someone. Say how you keep it safe, or choose something else.",
    },
    "wrong_place": {
        "ar": "العنوان لا يطابق المهارة أو المكان. صحّحه ثم أرسله من جديد.",
        "en": "The title does not fit the skill or the place. Mend it and send it again.",
    },
}
KEYS = {str(number): code for number, code in enumerate(REASONS, start=1)}

REPORTS: dict[str, dict[str, str]] = {
    "money": {"ar": "يطلب مالًا أو رمزًا", "en": "They ask for money or a code"},
    "threat": {"ar": "يهدد أو يخيف", "en": "They threaten or frighten"},
    "minor": {"ar": "الأمر يخص طفلًا أو يافعًا", "en": "It is about a child or a young person"},
    "unwanted": {"ar": "كلام غزل أو إلحاح لا أريده", "en": "Courting, or pressing me when I said no"},
    "unkind": {"ar": "كلام جارح", "en": "Hurtful words"},
    "spam": {"ar": "إعلان أو رسائل مكررة", "en": "Advertising, or the same message to many"},
    "other": {"ar": "شيء آخر", "en": "Something else"},
}
THANKS_REASONS: dict[str, dict[str, str]] = {
    "unkind": {"ar": "كلمات قد تجرح", "en": "Words that may hurt"},
    "private": {"ar": "فيها ما يخص أحدًا وحده", "en": "They tell what is somebody's own"},
    "minor": {"ar": "الأمر يخص طفلًا أو يافعًا", "en": "It is about a child or a young person"},
    "advert": {"ar": "إعلان، وليس شكرًا", "en": "Advertising, not a thank-you"},
    "other": {"ar": "شيء آخر", "en": "Something else"},
}
SEVERE = frozenset({"money", "threat", "minor"})  # nobody writes in the talk until a curator has decided
