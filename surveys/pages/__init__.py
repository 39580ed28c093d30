"""What a participant sees and may send: page sequence, screens, forms, time limits."""
