"""What runs until stop: listener, dispatcher, keeper."""
