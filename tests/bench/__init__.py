"""How fast the function is and what it costs, measured; `python -m tests.bench` prints it and writes it as JSON."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2] / "lambda_src"))
