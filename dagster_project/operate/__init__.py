"""What an operator asks for from the command line: a nightly run, status, checks of the machine, web pages, returns."""
