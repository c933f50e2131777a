"""What a user can do: one function, one use case, one transaction."""
