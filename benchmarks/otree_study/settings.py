"""Settings of the study that is compared, for oTree."""

SESSION_CONFIGS = [{"name": "reading", "app_sequence": ["reading"], "num_demo_participants": 2}]
SESSION_CONFIG_DEFAULTS = {"real_world_currency_per_point": 1.0, "participation_fee": 0.0}
LANGUAGE_CODE = "en"
REAL_WORLD_CURRENCY_CODE = "USD"
USE_POINTS = True
ADMIN_USERNAME = "admin"
SECRET_KEY = "for a comparison on one machine"  # guards nothing
