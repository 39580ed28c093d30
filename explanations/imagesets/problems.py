"""Error about images that cannot be used."""

_PROBLEMS_SHOWN = 20


class ImageSetError(ValueError):
    """Error about images that cannot be used, with a line per problem that names the file and the
    cure."""

    def __init__(self, *problems: str) -> None:
        lines = list(problems[:_PROBLEMS_SHOWN])
        if len(problems) > _PROBLEMS_SHOWN:
            lines.append(f"… and {len(problems) - _PROBLEMS_SHOWN} more problems.")
        super().__init__("\n".join(lines))
        self.problems = problems
