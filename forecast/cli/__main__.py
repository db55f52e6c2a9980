"""`python -m forecast.cli`."""

from forecast.cli.program import console

if __name__ == "__main__":
    console()
