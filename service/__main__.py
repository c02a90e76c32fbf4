"""`python -m service` runs `doorstep`."""

from service.cli.main import main

if __name__ == "__main__":
    raise SystemExit(main())
