"""Every operation of the client against the sandbox: one case each, told apart by the operation's name."""
