"""The limits of attempts."""

from datetime import timedelta

from studyplatform.accounts.throttle import Limit

PER_NAME_AND_ADDRESS = Limit("password by name and address", 5, timedelta(minutes=15))
# A laboratory or a university may share one address.
PER_ADDRESS = Limit("password by address", 50, timedelta(minutes=15))
CODE_FROM_ADDRESS = Limit("code by account and address", 5, timedelta(minutes=15))
# Whoever gets here knows the password. With 30 codes a day, guessing a code takes decades.
CODE = Limit("code by account", 30, timedelta(days=1))
USED_CODE = Limit("used code", 1, timedelta(minutes=5))
RESET = Limit("reset by name", 3, timedelta(hours=1))
RESET_FROM_ADDRESS = Limit("reset by address", 20, timedelta(hours=1))
PER_TOKEN = Limit("API by token", 120, timedelta(minutes=1))
