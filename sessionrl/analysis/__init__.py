"""What models and logs are like, in numbers: the floor below all that is drawn."""
