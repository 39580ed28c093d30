"""The pages that a participant sees and sends: page sequence, screens, forms, time limits."""
