"""Many runs of a scenario, and what they say together: where it breaks, a matrix of values, old against new."""
