"""The pages of one lab: hostile ones, and the control page, in a real Chrome."""
