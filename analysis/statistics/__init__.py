"""Statistics on arrays, each with its interval; no dependency outside the scientific stack."""
