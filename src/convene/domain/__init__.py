"""What a shared calendar is: pure functions and frozen values. No I/O, no clock, no SQL, no framework."""
