"""The short list of reasons a text is returned for; each is one sentence to its author, in both languages."""

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
