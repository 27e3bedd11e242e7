"""What the search of a return can find, in words for the sender: the kind, the place, what to do. Never the value itself."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Kind = Literal[
    "nhs_number",
    "postcode",
    "date_of_birth",
    "email",
    "telephone",
    "identifier_column",
    "pivot_cache",
    "hidden_sheet",
    "hidden_rows",
    "hidden_columns",
    "comment",
    "external_link",
    "macro",
    "dde",
    "embedded_object",
    "query_table",
    "tracked_changes",
    "formula_without_value",
    "error_value",
    "volatile_formula",
    "document_property_name",
    "password_protected",
    "xml_bomb",
    "too_large",
    "wrong_format",
    "old_format",
    "other_format",
    "picture",
    "drawing",
    "chart",
    "foreign_sheet",
    "foreign_part",
    "damaged",
]

IDENTIFIERS: frozenset[Kind] = frozenset(
    {"nhs_number", "postcode", "date_of_birth", "email", "telephone", "identifier_column"}
)
UNSEARCHABLE: frozenset[Kind] = frozenset(
    {"password_protected", "xml_bomb", "too_large", "old_format", "other_format", "damaged"}
)
SEARCHED: frozenset[Kind] = frozenset(
    {"wrong_format", "formula_without_value", "error_value", "volatile_formula", "foreign_sheet"}
)
"""What refuses a file that was searched whole: it cannot be judged as it is, so it is kept under lock until its sender confirms,
and not destroyed. What hides data or cannot be searched is destroyed, because nobody could say that no patient is in it."""
MAXIMUM_FINDINGS = 200
ADVISORY: frozenset[Kind] = frozenset({"document_property_name"})
"""Said to the sender, no reason to refuse. Excel writes the name of whoever is signed in into every workbook it saves, so
that refusing it would refuse nearly all; it is the name of the member of staff who sent the file, not of a patient, and
leaves the kept original for no table, log or release."""

WHAT: dict[Kind, str] = {
    "nhs_number": "a number that passes the check of NHS numbers",
    "postcode": "a full postcode",
    "date_of_birth": "dates that look like dates of birth",
    "email": "an e-mail address",
    "telephone": "a telephone number",
    "identifier_column": "a column whose name says that it identifies people",
    "pivot_cache": "a pivot table, which carries a hidden copy of the rows it was made of",
    "hidden_sheet": "a hidden sheet",
    "hidden_rows": "hidden rows",
    "hidden_columns": "hidden columns",
    "comment": "comments or notes",
    "external_link": "a link to another file",
    "macro": "a macro",
    "dde": "a formula or link that starts a program (DDE)",
    "embedded_object": "an embedded object",
    "query_table": "a data query or connection, which can hold a copy of its rows",
    "tracked_changes": "tracked changes, which hold what the cells held before",
    "formula_without_value": "a formula whose result is not stored",
    "error_value": "an error such as #REF! in place of a value",
    "volatile_formula": "a formula whose result changes by itself",
    "document_property_name": "what looks like a person's name in the document properties",
    "password_protected": "a password or rights protection, so that nothing could be searched",
    "xml_bomb": "a document type definition or entities, which no spreadsheet program writes",
    "too_large": "more than is accepted",
    "wrong_format": "a content that is not what the file's name says",
    "old_format": "an old Office format (.xls), whose hidden parts cannot be searched",
    "other_format": "a content that is neither text nor a workbook (.xlsx, .ods): an archive, a picture, a PDF or another document",
    "picture": "a picture, in which nothing can be searched",
    "drawing": "a drawing, shape, text box or button",
    "chart": "a chart, which carries a copy of the rows it was made of",
    "foreign_sheet": "a sheet that the template does not have",
    "foreign_part": "a part that no sheet of the template leads to",
    "damaged": "damage, so that not all of it could be read",
}
MEND: dict[Kind, str] = {
    "nhs_number": "take it out: a return holds counts of groups, never anything about one patient",
    "postcode": "take it out; deprivation deciles say all that is asked about places",
    "date_of_birth": "take them out; age bands say all that is asked about age",
    "email": "take it out: a return names roles, never people",
    "telephone": "take it out: a return names roles, never people",
    "identifier_column": "take the column out and use the template as it stands",
    "pivot_cache": "copy the values into a fresh copy of the template (Paste Special, Values)",
    "hidden_sheet": "unhide it, delete it, or copy the values into a fresh copy of the template",
    "hidden_rows": "unhide them, clear the filter, or delete them",
    "hidden_columns": "unhide them or delete them",
    "comment": "delete all comments and notes (Review, Delete)",
    "external_link": "break the links (Data, Edit Links) so that only values are left",
    "macro": "save it as .xlsx without macros",
    "dde": "replace the formula by its value",
    "embedded_object": "delete the object",
    "query_table": "copy the values into a fresh copy of the template (Paste Special, Values)",
    "tracked_changes": "accept all changes and switch the tracking off",
    "formula_without_value": "open it in a spreadsheet program, let it calculate, save it; or paste values only",
    "error_value": "fix the formula or paste its value",
    "volatile_formula": "replace the formula by its value",
    "document_property_name": "you may take it out with File, Info, Inspect Document",
    "password_protected": "save it without a password and without rights protection",
    "xml_bomb": "use the template as it stands",
    "too_large": "use the template as it stands, without empty formatted rows",
    "wrong_format": "save it again in the format that its name says, or rename it",
    "old_format": "save it as .xlsx, .ods or .csv",
    "other_format": "send the rows as .csv, .xlsx or .ods, by themselves and not packed",
    "picture": "delete it; send the rows of the template only",
    "drawing": "delete it; send the rows of the template only, as CSV where the program draws by itself (Google Sheets)",
    "chart": "delete it; send the rows of the template only",
    "foreign_sheet": "delete it, or copy the rows into a fresh copy of the template (Paste Special, Values)",
    "foreign_part": "copy the values into a fresh copy of the template (Paste Special, Values)",
    "damaged": "open it, save it again, and send that copy",
}


@dataclass(frozen=True)
class Finding:
    """One thing in a file that must not be there, and where; the value itself is never part of it."""

    kind: Kind
    part: str
    """What was searched: `file name`, `text`, `sheet 2`, or the part of the workbook that holds it."""
    row: int | None = None
    """As a spreadsheet counts: the header is row 1."""
    column: int | None = None
    """From 1."""
    times: int = 1
    """How many cells of the column hold it; the first of them is named."""

    @property
    def refuses(self) -> bool:
        """Say whether the file is refused; advisory findings are only said."""
        return self.kind not in ADVISORY

    @property
    def purges(self) -> bool:
        """Say whether nothing of the file is kept; what refuses it and does not purge it has it held (held.py)."""
        return self.refuses and self.kind not in SEARCHED

    @property
    def what(self) -> str:
        """Return a sentence for the sender, without the value."""
        place = "".join(
            [
                self.part,
                f", row {self.row:,}" if self.row is not None else "",
                f", column {self.column} ({column_letters(self.column)})" if self.column is not None else "",
            ]
        )
        more = f" ({self.times:,} cells of this column)" if self.times > 1 else ""
        return f"{place}: {WHAT[self.kind]}{more}"

    @property
    def mend(self) -> str:
        """Return what the sender does about it."""
        return MEND[self.kind]


def column_letters(number: int) -> str:
    """Return the letters of a column: 1 -> A, 27 -> AA."""
    letters = ""
    while number > 0:
        number, rest = divmod(number - 1, 26)
        letters = chr(ord("A") + rest) + letters
    return letters
