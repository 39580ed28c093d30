"""Words of the codebook for the codes of a column."""


def codewords(coded: object) -> dict[str, str]:
    """Return the word by code from a codebook cell `values` such as "code=word; code=word".

    Empty if the cell is not text.
    """
    return {
        code.strip(): word.strip()
        for code, _, word in (part.partition("=") for part in str(coded).split(";"))
        if word
    }
