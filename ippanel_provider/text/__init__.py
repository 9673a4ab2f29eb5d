"""What a text message is: who can receive it, how long it is, when it may go out. Pure functions, no I/O."""
