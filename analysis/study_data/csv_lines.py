"""The text of a csv file. All csv files of people's data are put together here or by pandas."""

from collections.abc import Iterable, Sequence


def csv_lines(rows: Iterable[Sequence[str]]) -> str:
    """Return the rows as csv, with a line feed at the end of each row.

    The caller has guarded the cells against formulas (``formulas.guarded``).
    """
    return "".join(f"{','.join(map(_quoted, row))}\n" for row in rows)


def _quoted(text: str) -> str:
    # csv.writer leaves a lone carriage return unquoted, which readers take for the end of the row.
    if not any(character in text for character in ',"\r\n'):
        return text
    doubled = text.replace('"', '""')
    return f'"{doubled}"'
