"""How fast the function is and what it costs, measured; `python -m tests.bench` prints it and writes it as JSON."""
