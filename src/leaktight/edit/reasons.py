"""Why a fix cannot be made."""


class NotPossible(ValueError):
    """This fix cannot be made here; the text says why, in words that follow "not fixed:"."""


class OtherKind(NotPossible):
    """The finding is of another kind than the fixer is for; another fixer's reason tells more."""
