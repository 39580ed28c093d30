"""The structured editor of study files: forms that change only what was touched."""
