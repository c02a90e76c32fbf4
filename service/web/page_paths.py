"""Which addresses are pages, and for whom."""

PAGES = ("/c/", "/d/")  # shown to customers
DESK = "/desk"
_OF_DESK = (DESK, "/sign-in", "/sign-out", "/account")  # shown to people of the utility


def is_customer_page(path: str) -> bool:
    """Whether a path is a page for customers; pictures are below the pages that show them."""
    return path.startswith(PAGES) and not path.endswith("/who") and "/photo/" not in path


def is_desk(path: str) -> bool:
    """Whether a path is a page for people of the utility, or would be one below it."""
    return any(path == one or path.startswith(f"{one}/") for one in _OF_DESK)
