"""The words of the codebook for the codes of a column."""


def codewords(coded: object) -> dict[str, str]:
    """Word by code, of a codebook's cell `values`: "code=word; code=word"; empty for no text."""
    return {
        code.strip(): word.strip()
        for code, _, word in (part.partition("=") for part in str(coded).split(";"))
        if word
    }
