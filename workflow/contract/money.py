"""Money as whole millionths of a US dollar: read from what people write, and written for them."""

from decimal import ROUND_CEILING, Decimal, InvalidOperation

MICROS = 1_000_000
LARGEST_DOLLARS = Decimal(1_000_000)


def micros_of(dollars: Decimal) -> int:
    """Return the amount in millionths, rounded up: what is spent is never understated."""
    return int((dollars * MICROS).to_integral_value(ROUND_CEILING))


def dollars_of(micros: int) -> Decimal:
    """Return the amount in dollars."""
    return Decimal(micros) / MICROS


def plain_dollars(micros: int) -> str:
    """Return "0.842100", for programs."""
    return f"{dollars_of(micros):.6f}"


def money(micros: int) -> str:
    """Return "$0.84", for people; below ten cents with as many digits as it takes to see something."""
    dollars = dollars_of(micros)
    if not micros or dollars >= Decimal("0.1"):
        return f"${dollars:,.2f}"
    return f"${dollars:.4f}" if dollars >= Decimal("0.0001") else "less than $0.0001"


def parse_dollars(text: str) -> int | None:
    """Return "$5", "5.00" or "1,000" in millionths; None where it is no amount above nothing, or beyond a million."""
    try:
        dollars = Decimal(text.strip().removeprefix("$").strip().replace(",", ""))
    except InvalidOperation:
        return None
    return micros_of(dollars) if dollars.is_finite() and 0 < dollars <= LARGEST_DOLLARS else None


def parse_tokens(text: str) -> int | None:
    """Return "200,000" as a number; None where it is none above nothing."""
    digits = text.strip().replace(",", "").replace(" ", "")
    return int(digits) or None if digits.isascii() and digits.isdigit() and len(digits) < 16 else None


def budget_words(micros: int | None, tokens: int | None) -> str:
    """Return "$5.00", "200,000 tokens" or both; "" for no budget."""
    parts = [money(micros) if micros is not None else "", f"{tokens:,} tokens" if tokens is not None else ""]
    return " and ".join(filter(None, parts))
