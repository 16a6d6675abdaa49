"""The cast: every test meets the same people."""

PEOPLE = {
    "salma": {
        "name": "سلمى الخياطة",
        "language": "ar",
        "speaks": ["ar"],
        "district": "naseem",
        "free": ["tue-evening", "sun-morning"],
    },
    "yusuf": {
        "name": "يوسف علي",
        "language": "ar",
        "speaks": ["ar", "en"],
        "district": "university",
        "free": ["tue-evening", "thu-evening"],
    },
    "huda": {"name": "هدى المنسّقة", "language": "ar", "speaks": ["ar", "en"], "district": "waha", "role": "curator"},
    "karim": {
        "name": "Karim Haddad",
        "language": "en",
        "speaks": ["en", "ar"],
        "district": "port",
        "free": ["fri-morning"],
    },
    "nadia": {"name": "نادية سالم", "language": "ar", "speaks": ["ar"], "district": "naseem"},
    "stranger": {"name": "Sam Stranger", "language": "en", "speaks": ["en"], "district": "port"},
}
