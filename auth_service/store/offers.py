"""SQL expressions for the offers of events `e`, by the database's clock."""

from typing import Any

from sqlalchemy import Row

from auth_service.offers import HIDDEN_DAYS, NOTICE_DAYS, Credit, Download, Offer

# `greatest` ignores NULL, so that an event without an end needs the CASE.
HIDES_AT = f"""(CASE WHEN e.keep_days IS NOT NULL AND e.expires_at IS NOT NULL THEN greatest(
    e.expires_at + e.keep_days * interval '24 hours', e.keep_since + interval '{NOTICE_DAYS} days') END)"""
DELETES_AT = f"(coalesce(e.hidden_at, {HIDES_AT}) + interval '{HIDDEN_DAYS} days')"
IS_HELD = "(e.held AND coalesce(e.releases_at > now(), true))"
# In addition to the columns of the event.
COMPUTED = f"""
{IS_HELD} AS is_held, {HIDES_AT} AS hides_at, e.hidden_at IS NOT NULL AS is_hidden,
{DELETES_AT} AS deletes_at
"""
STORED = "e.releases_at, e.credit_name, e.credit_url, e.download, e.keep_days"
# Assignments for an OfferEdit, whose values are the parameters.
EDIT = f"""
held = coalesce(CAST(:held AS boolean), {IS_HELD}),
awaits_release = e.awaits_release OR coalesce(CAST(:held AS boolean), false),
releases_at = CASE WHEN :no_release_day OR NOT coalesce(CAST(:held AS boolean), {IS_HELD}) THEN NULL
    ELSE coalesce(CAST(:releases_at AS timestamptz), CASE WHEN {IS_HELD} THEN e.releases_at END) END,
credit_name = coalesce(:credit_name, e.credit_name), credit_url = coalesce(:credit_url, e.credit_url),
download = coalesce(:download, e.download),
keep_days = CASE WHEN CAST(:keep_days AS integer) IS NULL THEN e.keep_days
    ELSE nullif(CAST(:keep_days AS integer), 0) END
"""


def read_offer(row: Row[Any]) -> Offer:
    """Reads a row with STORED and COMPUTED."""
    return Offer(
        held=row.is_held,
        releases_at=row.releases_at if row.is_held else None,
        credit=Credit(row.credit_name, row.credit_url),
        download=Download(row.download),
        keep_days=row.keep_days or 0,
        hides_at=row.hides_at,
        deletes_at=row.deletes_at,
        hidden=row.is_hidden,
    )
