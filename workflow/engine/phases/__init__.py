"""What follows the writing: harmonizing, questions, and the models that are consulted for both."""
