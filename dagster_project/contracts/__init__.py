"""What people declare and everything below reads: contracts of sources, indicators, collections of returns, suites and checks."""
