"""Telephone numbers in the forms that providers write them (ITU-T E.164)."""

from __future__ import annotations

from typing import Literal

Form = Literal["+e164", "e164", "international", "national", "short"]
"""+442079460000, 442079460000, 00442079460000, 02079460000, 460000 (the last six digits)."""

SHORT_DIGITS = 6


def written(number: str, form: Form, country_code: str) -> str:
    """Write a +E.164 number in a form; a foreign number has no national form and stays international."""
    digits = number.removeprefix("+")
    if form == "+e164":
        return f"+{digits}"
    if form == "international":
        return f"00{digits}"
    if form == "national":
        return f"0{digits.removeprefix(country_code)}" if digits.startswith(country_code) else f"00{digits}"
    return digits[-SHORT_DIGITS:] if form == "short" else digits


def read_number(text: str, forms: tuple[Form, ...], country_code: str) -> str | None:
    """Read a number written in one of the forms as +E.164; None when it is in none of them."""
    found = _form(text, country_code)
    return f"+{found[1]}" if found and found[0] in forms else None


def _form(text: str, country_code: str) -> tuple[Form, str] | None:
    digits = text.removeprefix("+")
    if not digits.isascii() or not digits.isdigit():
        return None
    if text.startswith("+"):
        return "+e164", digits
    if digits.startswith("00"):
        return "international", digits[2:]
    if digits.startswith("0"):
        return "national", country_code + digits[1:]
    return ("e164", digits) if len(digits) >= 8 else None
