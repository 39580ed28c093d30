"""What the commands of this app share."""
