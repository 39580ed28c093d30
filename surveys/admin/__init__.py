"""The panel's pages for studies and what their participants did: to be read, never edited.

A study is opened, closed and exported by actions. Which arm somebody is in is hidden until the
study is closed; the participants' secret addresses stand nowhere here.
"""

from surveys.admin import answers, participants, studies

__all__ = ["answers", "participants", "studies"]
