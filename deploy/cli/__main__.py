"""`python -m deploy.cli` is `minois` without an installation."""

from deploy.cli.app import app

if __name__ == "__main__":
    app(prog_name="minois")
