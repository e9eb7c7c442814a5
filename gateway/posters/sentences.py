"""The texts of the poster, in both languages of the pages."""

HEADINGS = ("Find your photos", "Retrouvez vos photos")
STEPS = (
    ("Scan the code, or type the address.", "Take a selfie.", "Get every photo you are in."),
    ("Scannez le code, ou saisissez l’adresse.", "Prenez un selfie.", "Recevez toutes les photos où vous êtes."),  # noqa: RUF001
)
